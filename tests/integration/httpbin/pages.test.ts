import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

/** The routes that Python's httpbin has, and thus every httpbin. */
const PYTHON_ROUTES =
  `/ /legacy /spec.json /get /post /put /patch /delete /anything /anything/{anything} /ip /uuid /headers
  /user-agent /gzip /deflate /brotli /status/{codes} /redirect/{n} /relative-redirect/{n} /absolute-redirect/{n}
  /redirect-to /cookies /cookies/set /cookies/set/{name}/{value} /cookies/delete /basic-auth/{user}/{passwd}
  /hidden-basic-auth/{user}/{passwd} /bearer /digest-auth/{qop}/{user}/{passwd}
  /digest-auth/{qop}/{user}/{passwd}/{algorithm} /digest-auth/{qop}/{user}/{passwd}/{algorithm}/{stale_after}
  /delay/{seconds} /drip /stream/{n} /bytes/{n} /stream-bytes/{n} /range/{n} /links/{n} /links/{n}/{offset}
  /base64/{value} /cache /cache/{n} /etag/{etag} /response-headers /image /image/png /image/jpeg /image/webp /image/svg
  /json /xml /html /robots.txt /deny /encoding/utf8 /forms/post`.split(/\s+/);

describe("the pages about the routes", () => {
  it("list every route of Python's httpbin", async () => {
    const spec = (await ask(`${server.url}/spec.json`)).json;
    for (const path of PYTHON_ROUTES) assert.ok(path in spec.paths, path);
    assert.equal(spec.swagger, "2.0");
    assert.equal(`http://${spec.host}`, server.url);
  });

  it("list the same routes, each with its methods", async () => {
    const spec = (await ask(`${server.url}/spec.json`)).json;
    const index = await ask(`${server.url}/`);
    const legacy = await ask(`${server.url}/legacy`);
    assert.equal(index.headers["content-type"], "text/html; charset=utf-8");
    const onIndex = Array.from(index.text.matchAll(/class="path">([^<]*)</g), ([, path = ""]) =>
      path.replace(/&#60;(?:\w+:)?(\w+)&#62;/g, "{$1}"),
    );
    assert.deepEqual(onIndex.sort(), Object.keys(spec.paths).sort());
    assert.equal(legacy.text.match(/<li>/g)?.length, onIndex.length);
    assert.deepEqual(Object.keys(spec.paths["/response-headers"]), ["get", "head", "post"]);
    assert.deepEqual(
      spec.paths["/range/{n}"].get.parameters.map(
        (parameter: { name: string; in: string }) => `${parameter.in} ${parameter.name}`,
      ),
      ["path n", "query duration", "query chunk_size"],
    );
  });

  it("have links to pages that exist", async () => {
    const { text } = await ask(`${server.url}/`);
    const links = Array.from(text.matchAll(/<a href="(\/[^"]*)"/g), ([, path = ""]) => path.replaceAll("&#38;", "&"));
    assert.ok(links.length > 60, `${links.length} links`);
    const slow = /^\/(delay|drip|sse|jsonl|slow-headers)/;
    for (const path of links.filter((path) => !slow.test(path))) {
      const { status } = await ask(server.url + path, { headers: { Accept: "image/*" } });
      if (path.startsWith("/zstd") || path.startsWith("/status")) continue;
      assert.ok([200, 302, 307, 401, 404, 409, 500, 503].includes(status), `${path} ${status}`);
      if (status === 404) assert.match(path, /hidden/);
      if (status === 500) assert.match(path, /unstable/);
    }
  });
});
