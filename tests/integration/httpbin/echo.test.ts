import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask, askRaw } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

const CRLF = "\r\n";

describe("the members that describe a request", () => {
  it("are args, headers, origin and url for /get, sorted and indented as in Python", async () => {
    const { text, headers } = await ask(`${server.url}/get?b=2&a=1&b=3`, {
      headers: { "x-one-two": "é", Accept: "*/*" },
    });
    const host = server.url.slice("http://".length);
    assert.equal(headers["content-type"], "application/json");
    assert.equal(
      text,
      `{
  "args": {
    "a": "1",
    "b": [
      "2",
      "3"
    ]
  },
  "headers": {
    "Accept": "*/*",
    "Connection": "close",
    "Host": "${host}",
    "X-One-Two": "\\u00e9"
  },
  "origin": "127.0.0.1",
  "url": "${server.url}/get?b=2&a=1&b=3"
}
`,
    );
  });

  it("keep blank values, and decode + as a space", async () => {
    const { json } = await ask(`${server.url}/get?x=%C3%A9&y=a+b&z&&=1&y=&bad=%FF`);
    assert.deepEqual(json.args, { x: "é", y: ["a b", ""], z: "", "": "1", bad: "\ufffd" });
  });

  for (const [target, shown] of [
    ["/anything/a%2Fb%20c/%C3%A9?x=%C3%A9", "/anything/a/b%20c/é?x=é"],
    ["/anything/a%3Fb%23c%25d", "/anything/a%3Fb%23c%25d"],
    ["/anything?q=%22a%22%20%26b%FF", "/anything?q=%22a%22%20%26b%FF"],
    ["/anything?to=http://x/y?z", "/anything?to=http://x/y?z"],
  ] as const) {
    it(`shows ${target} as ${shown}`, async () => {
      assert.equal((await ask(server.url + target)).json.url, server.url + shown);
    });
  }

  it("join repeated headers, and have names in title case", async () => {
    const headers = ["X-Dup", "a", "x-dup", "b", "DNT", "1", "x-3d", "y", "Host", "h"];
    const { json } = await ask(`${server.url}/headers`, { headers });
    assert.deepEqual(json.headers, { "X-Dup": "a,b", Dnt: "1", "X-3D": "y", Host: "h", Connection: "close" });
  });

  it("hide headers of proxies without show_env, but use them", async () => {
    const headers = {
      Via: "v",
      "X-Forwarded-For": "1.2.3.4, 5.6.7.8",
      "X-Request-Id": "r",
      "X-Forwarded-Proto": "https",
    };
    const hidden = (await ask(`${server.url}/get`, { headers })).json;
    assert.deepEqual(Object.keys(hidden.headers), ["Connection", "Host"]);
    assert.equal(hidden.origin, "1.2.3.4, 5.6.7.8");
    assert.equal(hidden.url, server.url.replace("http:", "https:") + "/get");
    const shown = (await ask(`${server.url}/get?show_env`, { headers })).json;
    assert.equal(shown.headers.Via, "v");
    assert.equal(shown.headers["X-Request-Id"], "r");
  });

  for (const [headers, scheme] of [
    [{ "X-Forwarded-Protocol": "gopher" }, "gopher"],
    [{ "X-Forwarded-Ssl": "on" }, "https"],
    [{ "X-Forwarded-Ssl": "off" }, "http"],
    [{ "X-Forwarded-Proto": "a", "X-Forwarded-Protocol": "b" }, "a"],
  ] as const) {
    it(`use the scheme ${scheme} of ${JSON.stringify(headers)}`, async () => {
      const { json } = await ask(`${server.url}/get`, { headers });
      assert.equal(json.url, server.url.replace("http", scheme) + "/get");
    });
  }

  it("omit the default port from the URL", async () => {
    assert.equal((await ask(`${server.url}/get`, { headers: { Host: "h:80" } })).json.url, "http://h/get");
    assert.equal((await ask(`${server.url}/get`, { headers: { Host: "h:81" } })).json.url, "http://h:81/get");
  });

  it("decode an absolute target, which a proxy receives", async () => {
    const { json } = await ask(server.url, {
      path: "http://other.example/get?a=1",
      headers: { Host: "other.example" },
    });
    assert.deepEqual([json.url, json.args], ["http://other.example/get?a=1", { a: "1" }]);
  });

  it("are the address for /ip, the agent or null for /user-agent", async () => {
    assert.deepEqual((await ask(`${server.url}/ip`)).json, { origin: "127.0.0.1" });
    assert.deepEqual((await ask(`${server.url}/user-agent`)).json, { "user-agent": null });
    const named = await ask(`${server.url}/user-agent`, { headers: { "User-Agent": "me/1" } });
    assert.deepEqual(named.json, { "user-agent": "me/1" });
  });

  it("are the request as sent for /dump/request", async () => {
    const headers = ["HOST", "h", "x-B", "2", "X-a", "1", "Content-Length", "2"];
    const { text } = await ask(`${server.url}/dump/request?q`, { method: "POST", headers, body: "hi" });
    const lines = ["POST /dump/request?q HTTP/1.1", "HOST: h", "x-B: 2", "X-a: 1", "Content-Length: 2"];
    assert.equal(text, [...lines, "Connection: close", "", "hi"].join(CRLF));
  });
});

describe("the members that describe a body", () => {
  const post = (type: string | undefined, body: string | Uint8Array) =>
    ask(`${server.url}/post`, {
      method: "POST",
      body,
      ...(type !== undefined && { headers: { "Content-Type": type } }),
    });

  it("are these", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const { json } = await ask(`${server.url}/${method.toLowerCase()}?a=1`, { method, body: "x" });
      assert.deepEqual(Object.keys(json), ["args", "data", "files", "form", "headers", "json", "origin", "url"]);
      assert.deepEqual([json.args, json.data, json.form, json.files, json.json], [{ a: "1" }, "x", {}, {}, null]);
    }
  });

  it("include the method for /anything, for any path", async () => {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"]) {
      const { json } = await ask(`${server.url}/anything/any/where`, { method });
      assert.equal(json.method, method);
      assert.equal(json.url, `${server.url}/anything/any/where`);
    }
  });

  it("have an urlencoded form, without data", async () => {
    const { json } = await post("application/x-www-form-urlencoded; charset=utf-8", "a=1&b=x+y&a=%C3%A9&c");
    assert.deepEqual(json.form, { a: ["1", "é"], b: "x y", c: "" });
    assert.deepEqual([json.data, json.json, json.files], ["", null, {}]);
  });

  const PYTHON_FLOATS = "[1.0,1E5,1e16,1e-7,0.0001,0.00001,1e400,-0.0,-0,12345678901234567890,NaN,-Infinity]";
  const SHOWN = [
    ...["1.0", "100000.0", "1e+16", "1e-07", "0.0001", "1e-05", "Infinity", "-0.0", "0"],
    ...["12345678901234567890", "NaN", "-Infinity"],
  ];
  it("show numbers as in Python", async () => {
    const { text } = await post(undefined, PYTHON_FLOATS);
    const shown = /"json": \[\s*([^\]]*?)\s*\]/.exec(text)?.[1]?.split(/,\s*/);
    assert.deepEqual(shown, SHOWN);
  });

  for (const [body, shown] of [
    [
      '{"b":{"é":"🦀\\u007f"},"a":[],"10":1,"9":2,"__proto__":3,"c":{}}',
      '{"b":{"é":"🦀\\u007f"},"a":[],"10":1,"9":2,"__proto__":3,"c":{}}',
    ],
    ['{"a":1,"a":2}', '{"a":2}'],
    [' [true,false,null,"x"] ', '[true,false,null,"x"]'],
    ["{bad", "null"],
    ["[1,]", "null"],
    ["01", "null"],
    ['"a\nb"', "null"],
    ["\ufeff1", "null"],
    ["", "null"],
  ] as const) {
    it(`show ${JSON.stringify(body)} as the JSON ${shown}`, async () => {
      const { json } = await post("text/plain", body);
      assert.deepEqual(json.json, JSON.parse(shown));
      assert.equal(json.data, body);
    });
  }

  it("sort keys by code point and escape non-ASCII characters", async () => {
    const { text } = await post(undefined, '{"\u{10000}":1,"\uffff":2,"b":3,"10":4,"9":5}');
    const keys = Array.from(text.slice(text.indexOf('"json"')).matchAll(/^ {4}"(.*)":/gm), ([, key]) => key);
    assert.deepEqual(keys, ["10", "9", "b", "\\uffff", "\\ud800\\udc00"]);
  });

  it("show bytes that are not UTF-8 as a data: URL", async () => {
    const { json } = await post("image/png", Uint8Array.of(0xff, 0, 1));
    assert.equal(json.data, "data:application/octet-stream;base64,/wAB");
  });

  const part = (headers: string, content: string): string => `--B${CRLF}${headers}${CRLF}${CRLF}${content}${CRLF}`;
  it("have a multipart form", async () => {
    const body = Buffer.concat([
      Buffer.from("preamble\r\n"),
      Buffer.from(part('Content-Disposition: form-data; name="a"', "1")),
      Buffer.from(part('content-disposition: form-data; name="a"', "two\r\nlines")),
      Buffer.from(part('Content-Disposition: form-data; name="é\\"q"', "ü")),
      Buffer.from(part('Content-Disposition: form-data; name="f"; filename="a;b.txt"\r\nContent-Type: text/x', "text")),
      Buffer.from(part('Content-Disposition: form-data; name="f"; filename="second"', "not kept")),
      Buffer.from(part('Content-Disposition: form-data; name="empty"; filename=""', "")),
      Buffer.from(part("Content-Disposition: form-data; name=star; filename*=UTF-8''%C3%A9", "named")),
      Buffer.from(part('Content-Disposition: form-data; name="b"; filename="b"\r\nContent-Type: image/x; v=1', "#")),
      Buffer.from(part('Content-Disposition: form-data; name="u"; filename="u"', "#")),
      Buffer.from("--B--\r\nepilogue"),
    ]);
    // Each # stands for a byte that is not UTF-8.
    for (let at = body.indexOf("#"); at >= 0; at = body.indexOf("#", at)) body[at] = 0xff;
    const { json } = await post('multipart/form-data; boundary="B"', body);
    assert.deepEqual(json.form, { a: ["1", "two\r\nlines"], 'é"q': "ü" });
    assert.deepEqual(json.files, {
      f: "text",
      empty: "",
      star: "named",
      b: "data:image/x; v=1;base64,/w==",
      u: "data:application/octet-stream;base64,/w==",
    });
    assert.deepEqual([json.data, json.json], ["", null]);
  });

  for (const [what, type, body] of [
    ["has no boundary", "multipart/form-data", "abc"],
    ["has another boundary", "multipart/form-data; boundary=x", "--y\r\n"],
    ["breaks off", "multipart/form-data; boundary=B", part('Content-Disposition: form-data; name="a"', "1")],
  ] as const) {
    it(`are empty for a multipart form that ${what}`, async () => {
      const { status, json } = await post(type, body);
      assert.deepEqual([status, json.form, json.files, json.data], [200, {}, {}, ""]);
    });
  }

  it("have a chunked body, in any pieces", async () => {
    const body = ["a=", "1", "&b=2"];
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const { json } = await ask(`${server.url}/post`, { method: "POST", headers, body });
    assert.deepEqual(json.form, { a: "1", b: "2" });
    assert.equal(json.headers["Transfer-Encoding"], "chunked");
  });

  it("have the length of an upload instead of its content", async () => {
    const body = [Buffer.alloc(300_000, 1), Buffer.alloc(200_000, 2)];
    const { json } = await ask(`${server.url}/upload?digest=sha256`, { method: "PUT", body });
    assert.equal(json.bytes, 500_000);
    // hashlib.sha256(b"\1" * 300000 + b"\2" * 200000).hexdigest()
    assert.equal(json.digest, "a775a5fc0b618dbbdaea434197f45a304a85a92cd533a20ad3fea82af2d511b9");
    assert.equal((await ask(`${server.url}/upload`, { method: "POST", body: "abc" })).json.digest, null);
    assert.equal((await ask(`${server.url}/upload?digest=rot13`, { method: "POST", body: "abc" })).status, 400);
  });
});

describe("every route", () => {
  it("allows all origins", async () => {
    for (const path of ["/get", "/nope", "/redirect/0", "/status/304"]) {
      const { headers } = await ask(server.url + path, { headers: { Origin: "http://there.example" } });
      assert.equal(headers["access-control-allow-origin"], "http://there.example");
      assert.equal(headers["access-control-allow-credentials"], "true");
    }
    assert.equal((await ask(`${server.url}/get`)).headers["access-control-allow-origin"], "*");
  });

  it("responds to OPTIONS with the allowed methods", async () => {
    const headers = { "Access-Control-Request-Headers": "X-A, b" };
    const told = await ask(`${server.url}/response-headers`, { method: "OPTIONS", headers });
    assert.deepEqual([told.status, told.text], [200, ""]);
    assert.equal(told.headers.allow, "GET, HEAD, OPTIONS, POST");
    assert.equal(told.headers["access-control-allow-methods"], "GET, POST, PUT, DELETE, PATCH, OPTIONS");
    assert.equal(told.headers["access-control-max-age"], "3600");
    assert.equal(told.headers["access-control-allow-headers"], "X-A, b");
  });

  for (const path of [
    "/get",
    "/bytes/10?seed=1",
    "/range/26",
    "/image/png",
    "/status/404",
    "/redirect/2",
    "/drip?duration=9",
  ]) {
    it(`responds to HEAD ${path} with the headers of GET, at once`, async () => {
      const head = await ask(server.url + path, { method: "HEAD" });
      assert.equal(head.bytes.length, 0);
      if (path.startsWith("/drip")) return assert.equal(head.headers["content-length"], "10");
      const get = await ask(server.url + path);
      const withoutDate = (raw: string[]): string[] => raw.filter((_, i) => raw[i - (i % 2)] !== "Date");
      assert.deepEqual([head.status, withoutDate(head.raw)], [get.status, withoutDate(get.raw)]);
    });
  }

  for (const path of [
    "/nope",
    "/get/",
    "/anything/",
    "/redirect/x",
    "/redirect/-1",
    "/basic-auth/a%2Fb/c",
    "/status/",
  ]) {
    it(`differs from ${path}, which is a 404 page`, async () => {
      const { status, reason, text, headers } = await ask(server.url + path);
      assert.deepEqual([status, reason], [404, "NOT FOUND"]);
      assert.equal(headers["content-type"], "text/html; charset=utf-8");
      assert.match(text, /<h1>Not Found<\/h1>/);
    });
  }

  it("refuses other methods with 405 and Allow", async () => {
    const { status, headers, text } = await ask(`${server.url}/post`);
    assert.deepEqual([status, headers.allow], [405, "OPTIONS, POST"]);
    assert.match(text, /<h1>Method Not Allowed<\/h1>/);
    assert.equal((await ask(`${server.url}/head`)).status, 405);
    assert.equal((await ask(`${server.url}/head`, { method: "HEAD" })).status, 200);
  });

  it("responds with 500 to an option that it cannot parse", async () => {
    for (const path of ["/redirect/0", "/delay/x", "/delay/-1", "/delay/nan", "/bytes/1?seed=x", "/redirect-to"]) {
      const { status, text } = await ask(server.url + path);
      assert.equal(status, 500, path);
      assert.match(text, /<h1>Internal Server Error<\/h1>/);
    }
  });

  it("keeps the connection, also after a body that no route read", async () => {
    const first = `POST /status/401 HTTP/1.1${CRLF}Host: h${CRLF}Content-Length: 3${CRLF}${CRLF}abc`;
    const second = `GET /status/204 HTTP/1.1${CRLF}Host: h${CRLF}${CRLF}`;
    const text = await askRaw(server.port, first + second, (so_far) => so_far.includes("204 NO CONTENT\r\n"));
    assert.match(text, /^HTTP\/1\.1 401 UNAUTHORIZED\r\n.*HTTP\/1\.1 204 /s);
  });
});
