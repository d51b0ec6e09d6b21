/** Redirects: which are followed, with what method, to where, and how they end. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import requests, {
  InvalidSchema,
  InvalidURL,
  PreparedRequest,
  Response,
  Session,
  TooManyRedirects,
  codes,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";
import { mockRequests } from "requests-ts/testing";

import { failure, serve, type Received } from "./serve.js";

const server = await httpbin();
/** `/dir/go?<status>&<location>` redirects; everything else is echoed. */
const echo = await serve((request, response) => {
  const [, status, location] = /^\/dir\/go\?(\d{3})&(.*)$/.exec(request.target) ?? [];
  if (status !== undefined)
    response.writeHead(Number(status), { Location: decodeURIComponent(location), "X-Hop": "1" }).end("moved");
  else response.end(JSON.stringify(request));
});
after(async () => {
  await server.close();
  await echo.close();
});

const to = (status: number, location: string): string => `${echo.url}/dir/go?${status}&${encodeURIComponent(location)}`;

describe("the method after a redirect", () => {
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"];
  const table: [status: number, ...expected: string[]][] = [
    [301, "GET", "HEAD", "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"],
    [302, "GET", "HEAD", "GET", "GET", "GET", "GET", "GET", "GET"],
    [303, "GET", "HEAD", "GET", "GET", "GET", "GET", "GET", "GET"],
    [307, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"],
    [308, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"],
  ];
  for (const [status, ...expected] of table)
    for (const [at, method] of methods.entries())
      it(`${status}: ${method} → ${expected[at]}`, async () => {
        const body = method === "GET" || method === "HEAD" ? undefined : "body";
        const response = await requests.request(method, to(status, "/end"), {
          data: body,
          headers: { "Content-Type": "text/x", "Content-Language": "en", "X-A": "1" },
        });
        assert.equal(response.statusCode, 200);
        assert.equal(response.request.method, expected[at]);
        const received = echo.requests.at(-1)!;
        assert.equal(received.method, expected[at]);
        const keeps = status >= 307 || (status === 301 && method !== "POST");
        assert.equal(received.body, keeps ? (body ?? "") : "");
        // RFC 9110 §15.4: the fields about the body go with it.
        assert.equal(received.headers["content-type"], keeps ? "text/x" : undefined);
        assert.equal(received.headers["content-language"], keeps ? "en" : undefined);
        assert.equal(received.headers["x-a"], "1");
      });
});

describe("a response that is not a redirect", () => {
  for (const status of [300, 304, 305, 306, 201, 200])
    it(`${status} with a Location`, async () => {
      const response = await requests.get(to(status, "/end"));
      assert.equal(response.statusCode, status);
      assert.deepEqual(response.history, []);
      assert.equal(response.isRedirect, false);
    });

  it("302 without a Location, or with an empty one", async () => {
    const response = await requests.get(to(302, ""));
    assert.equal(response.statusCode, 302);
    assert.equal(response.next, null);
  });
});

describe("history [redirect-history]", () => {
  it("lists the responses before, oldest first, each with its own history", async () => {
    const response = await requests.get(`${server.url}/redirect/3`);
    assert.equal(response.url, `${server.url}/get`);
    assert.deepEqual(
      response.history.map(({ statusCode, url }) => [statusCode, url.slice(server.url.length)]),
      [
        [302, "/redirect/3"],
        [302, "/relative-redirect/2"],
        [302, "/relative-redirect/1"],
      ],
    );
    assert.deepEqual(
      response.history.map(({ history }) => history.length),
      [0, 1, 2],
    );
    assert.equal(response.history[2].history[0], response.history[0]);
    assert.ok(response.history.every((hop) => hop.isRedirect && hop.next === null));
    assert.equal(response.isRedirect, false);
  });

  it("has responses that are read, with their own elapsed", async () => {
    const response = await requests.get(to(302, "/end"));
    assert.equal(response.history[0].text, "moved");
    assert.ok(response.history[0].elapsed > 0);
  });

  it("has isPermanentRedirect for 301 and 308", async () => {
    for (const [status, expected] of [
      [301, true],
      [302, false],
      [303, false],
      [307, false],
      [308, true],
    ] as const)
      // prettier-ignore
      assert.equal((await requests.get(to(status, "/end"))).history[0].isPermanentRedirect, expected);
  });
});

describe("allowRedirects: false", () => {
  it("returns the redirect, with the request that would follow as next", async () => {
    const session = new Session();
    const before = echo.requests.length;
    const response = await session.post(to(303, "/end"), { data: "x", allowRedirects: false });
    assert.equal(response.statusCode, codes.see_other);
    assert.ok(response.next instanceof PreparedRequest);
    assert.equal(response.next.url, `${echo.url}/end`);
    assert.equal(response.next.method, "GET");
    assert.equal(response.next.body, null);
    assert.equal(echo.requests.length, before + 1);
    assert.equal((await session.send(response.next)).json<Received>().target, "/end");
  });

  it("returns a redirect that cannot be followed, with next null", async () => {
    const response = await requests.get(to(302, "http://127.0.0.1:99999/"), { allowRedirects: false });
    assert.deepEqual([response.statusCode, response.next], [302, null]);
  });

  it("leaves the body of a streamed response unread", async () => {
    const response = await requests.get(to(302, "/end"), { allowRedirects: false, stream: true });
    assert.ok(response.next !== null);
    assert.equal((await response.read()).toString(), "moved");
  });

  it("has next null for a response that is not a redirect", async () => {
    assert.equal((await requests.get(`${echo.url}/x`, { allowRedirects: false })).next, null);
  });
});

describe("maxRedirects", () => {
  it("throws TooManyRedirects with the last response when it is exceeded [max-redirects-error]", async () => {
    const error = await failure(requests.get(`${server.url}/redirect/31`));
    assert.ok(error instanceof TooManyRedirects);
    assert.match(error.message, /^Exceeded 30 redirects\./);
    assert.ok(error.response instanceof Response);
    assert.equal(error.response.statusCode, 302);
    assert.equal(error.response.history.length, 30);
    assert.ok(error.request !== undefined);
  });

  it("is 30 by default", async () => {
    assert.equal((await requests.get(`${server.url}/redirect/30`)).history.length, 30);
  });

  it("is a setting of the session; 0 follows none [max-redirects-setting]", async () => {
    const session = new Session({ maxRedirects: 1 });
    assert.equal((await session.get(`${server.url}/redirect/1`)).statusCode, 200);
    assert.equal((await failure(session.get(`${server.url}/redirect/2`))).name, "TooManyRedirects");
    session.maxRedirects = 0;
    assert.equal((await failure(session.get(`${server.url}/redirect/1`))).name, "TooManyRedirects");
    const first = await session.get(`${server.url}/redirect/1`, { allowRedirects: false });
    assert.equal(first.statusCode, 302);
    assert.ok(first.next !== null);
  });

  it("leaves the session usable", async () => {
    const session = new Session({ maxRedirects: 2 });
    await failure(session.get(`${server.url}/redirect/5`));
    assert.equal((await session.get(`${server.url}/get`)).statusCode, 200);
  });
});

describe("a redirect to a scheme without an adapter", () => {
  const targets = ["ftp://h/x", "mailto:a@h.example", "javascript:alert(1)", "file:///etc/passwd", "data:,x", "about:blank", "x:y"]; // prettier-ignore
  for (const target of targets)
    it(`throws InvalidSchema with its response: ${target}`, async () => {
      const session = new Session();
      const url = to(302, target);
      for (const call of [
        () => session.get(url),
        async () => {
          const first = await session.get(url, { allowRedirects: false });
          for await (const _ of session.resolveRedirects(first, first.request));
        },
      ]) {
        const error = (await failure(call())) as InvalidSchema;
        assert.ok(error instanceof InvalidSchema, String(error));
        assert.equal(error.response?.statusCode, 302);
        assert.match(error.message, /The 302 redirect of http:\/\/127\.0\.0\.1:\d+\/dir\/go\?.* leads there/);
      }
      assert.equal((await session.get(url, { allowRedirects: false })).statusCode, 302);
    });
});

describe("Location", () => {
  it("uses its first Location, whether a hook reads the headers or not", async () => {
    const several = await serve((request, response) => {
      if (request.target === "/") response.writeHead(302, { Location: ["/a", "/b"] }).end();
      else response.end(request.target);
    });
    for (const hook of [() => undefined, (response: Response) => void response.headers["location"]])
      assert.equal((await requests.get(several.url, { hooks: { response: hook } })).text, "/a");
    await several.close();
  });

  const table: [name: string, location: string, target: string][] = [
    ["absolute", `${echo.url}/a/b`, "/a/b"],
    ["relative", "b", "/dir/b"],
    ["rooted", "/b?x=1", "/b?x=1"],
    ["with dot segments", "../x/.././b/./c", "/b/c"],
    ["a query alone", "?x=1", "/dir/go?x=1"],
    ["scheme-relative", `//127.0.0.1:${echo.port}/b`, "/b"],
    ["with spaces", "/a b", "/a%20b"],
    ["escaped", "/a%2Fb%41", "/a%2FbA"],
    ["with white space around it", " /b ", "/b"],
  ];
  for (const [name, location, target] of table)
    it(name, async () => {
      const response = await requests.get(to(302, location));
      assert.equal(response.json<Received>().target, target);
    });

  it("is read as UTF-8", async () => {
    const response = await requests.get(to(302, Buffer.from("/šéf").toString("latin1")));
    assert.equal(response.json<Received>().target, "/%C5%A1%C3%A9f");
  });

  it("is sent with upper-case escapes and escaped brackets, as in requests; url keeps it as it came", async () => {
    for (const [location, target] of [
      ["/%e4?q=%c3%a4", "/%E4?q=%C3%A4"],
      ["/a[b]?c[d]=1", "/a%5Bb%5D?c%5Bd%5D=1"],
    ] as const) {
      const response = await requests.get(to(302, location));
      assert.equal(echo.requests.at(-1)!.target, target);
      assert.equal(response.url, echo.url + location);
    }
  });

  it("is escaped byte by byte when it is not valid UTF-8", async () => {
    const response = await requests.get(to(302, "/\xe4"));
    assert.equal(response.json<Received>().target, "/%E4");
  });

  const fragments: [from: string, location: string, fragment: string][] = [
    ["#old", "/end", "#old"],
    ["#old", "/end#new", "#new"],
    ["", "/end#new", "#new"],
    ["", "/end", ""],
  ];
  for (const [from, location, fragment] of fragments)
    it(`has the fragment ${fragment || "none"} for ${from || "none"} → ${location}`, async () => {
      const response = await requests.get(to(302, location) + from);
      assert.equal(response.url, `${echo.url}/end${fragment}`);
    });

  it("throws InvalidSchema for an unsupported scheme", async () => {
    const error = await failure(requests.get(to(302, "ftp://127.0.0.1/x")));
    assert.ok(error instanceof InvalidSchema, String(error));
    assert.match(error.message, /No connection adapters were found for 'ftp:\/\/127\.0\.0\.1\/x'/);
  });

  for (const location of ["http://127.0.0.1:99999/", "http://[::1/"])
    it(`throws InvalidURL for ${location}`, async () => {
      const error = await failure(requests.get(to(302, location)));
      assert.ok(error instanceof InvalidURL, String(error));
    });

  it("takes http:///x as relative, as requests does", async () => {
    assert.equal((await requests.get(to(302, "http:///x"))).json<Received>().target, "/x");
  });

  it("is sent without its user-info", async () => {
    const response = await requests.get(to(302, `http://u:p@127.0.0.1:${echo.port}/end`));
    assert.equal(response.json<Received>().headers["authorization"], undefined);
  });

  it("uses the adapter for https after a redirect to https", async () => {
    await using secure = await httpbin({ tls: true });
    const response = await requests.get(to(302, `${secure.url}/get`), { verify: false });
    assert.equal(response.statusCode, 200);
    assert.ok(response.tls !== null);
  });
});

describe("resolveRedirects called by the program", () => {
  it("yields each response that follows", async () => {
    const session = new Session();
    const first = await session.get(`${server.url}/redirect/3`, { allowRedirects: false });
    const seen: [number, number][] = [];
    for await (const response of session.resolveRedirects(first, first.request))
      seen.push([response.statusCode, response.history.length]);
    assert.deepEqual(seen, [
      [302, 1],
      [302, 2],
      [200, 3],
    ]);
  });

  it("yields nothing for a response that is not a redirect, and throws TooManyRedirects", async () => {
    const session = new Session({ maxRedirects: 2 });
    const plain = await session.get(`${server.url}/get`);
    for await (const _ of session.resolveRedirects(plain, plain.request)) assert.fail("nothing follows");
    const first = await session.get(`${server.url}/redirect/5`, { allowRedirects: false });
    let count = 0;
    const error = await failure(
      (async () => {
        for await (const _ of session.resolveRedirects(first, first.request)) count += 1;
      })(),
    );
    assert.equal(error.name, "TooManyRedirects");
    assert.equal(count, 2);
  });

  it("throws TotalTimeout when all redirects together take too long", async () => {
    const session = new Session();
    const mock = mockRequests(session);
    mock.get("http://api.example.test/", { status: 302, headers: { Location: "/" }, delay: 0.03 });
    const first = await session.get("http://api.example.test/", { allowRedirects: false });
    const error = await failure(
      (async () => {
        for await (const _ of session.resolveRedirects(first, first.request, { timeout: { total: 0.1 } }));
      })(),
    );
    assert.equal(error.name, "TotalTimeout");
  });

  it("throws the reason of its signal", async () => {
    const session = new Session();
    const first = await session.get(`${server.url}/redirect/5`, { allowRedirects: false });
    const controller = new AbortController();
    await assert.rejects(async () => {
      for await (const _ of session.resolveRedirects(first, first.request, { signal: controller.signal }))
        controller.abort(new Error("given up"));
    }, /given up/);
  });

  it("may be stopped early", async () => {
    const session = new Session();
    const first = await session.get(`${server.url}/redirect/5`, { allowRedirects: false });
    const before = server.requests.length;
    for await (const _ of session.resolveRedirects(first, first.request)) break;
    assert.equal(server.requests.length, before + 1);
  });
});

describe("a subclass may override", () => {
  it("getRedirectTarget", async () => {
    class Stubborn extends Session {
      override getRedirectTarget(response: Response): string | null {
        return response.statusCode === 300 ? (response.headers["location"] ?? null) : null;
      }
    }
    const session = new Stubborn();
    assert.equal((await session.get(to(300, "/end"))).statusCode, 200);
    assert.equal((await session.get(to(302, "/end"))).statusCode, 302);
  });

  it("rebuildMethod", async () => {
    class Keeping extends Session {
      override rebuildMethod(): void {
        // Whatever the status says.
      }
    }
    assert.equal((await new Keeping().delete(to(303, "/end"))).json<Received>().method, "DELETE");
  });

  it("rebuildAuth", async () => {
    class Trusting extends Session {
      override rebuildAuth(): void {
        // All hosts are ours.
      }
    }
    const response = await new Trusting().get(to(302, `${echo.localhost}/end`), { auth: ["u", "p"] });
    assert.equal(response.json<Received>().headers["authorization"], "Basic dTpw");
  });

  it("shouldStripAuth", async () => {
    class OneOwner extends Session {
      override shouldStripAuth(): boolean {
        return false;
      }
    }
    const response = await new OneOwner().get(to(302, `${echo.localhost}/end`), { auth: ["u", "p"] });
    assert.equal(response.json<Received>().headers["authorization"], "Basic dTpw");
  });

  it("send, which receives the redirected requests", async () => {
    const seen: string[] = [];
    class Watching extends Session {
      override rebuildProxies(prepared: PreparedRequest, proxies: null): Readonly<Record<string, string | null>> {
        seen.push(prepared.url);
        return super.rebuildProxies(prepared, proxies);
      }
    }
    await new Watching().get(to(302, "/end"));
    assert.deepEqual(seen, [`${echo.url}/end`]);
  });
});
