/** One session, many requests at once. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { HTTPAdapter, Session } from "requests-ts";

import { serve, type Received } from "./serve.js";

describe("50 requests at once", () => {
  it("receive their own responses", async () => {
    await using echo = await serve();
    const session = new Session();
    session.mount("http://", new HTTPAdapter({ maxConnections: 10 }));
    const ids = Array.from({ length: 50 }, (_, at) => at);
    const responses = await Promise.all(
      ids.map((id) => session.post(`${echo.url}/${id}`, { json: { id }, headers: { "X-Id": String(id) } })),
    );
    for (const [id, response] of responses.entries()) {
      const received = response.json<Received>();
      assert.deepEqual(
        [received.target, received.body, received.headers["x-id"]],
        [`/${id}`, `{"id":${id}}`, String(id)],
      );
    }
    assert.equal(echo.connections, 10);
  });

  it("share the cookies of the session: each cookie is stored, and each request has the earlier ones", async () => {
    await using echo = await serve((request, response) => {
      response.setHeader("Set-Cookie", `c${request.target.slice(1)}=1`);
      response.end(JSON.stringify(request));
    });
    const session = new Session({ cookies: { base: "1" } });
    const responses = await Promise.all(Array.from({ length: 50 }, (_, at) => session.get(`${echo.url}/${at}`)));
    assert.equal(session.cookies.size, 51);
    for (const [at, response] of responses.entries()) {
      assert.match(response.json<Received>().headers["cookie"]!, /(^|; )base=1/);
      assert.deepEqual(response.cookies.getDict(), { [`c${at}`]: "1" });
    }
  });

  it("do not see the settings of other calls", async () => {
    await using echo = await serve();
    const session = new Session();
    const [plain, special] = await Promise.all([
      session.get(echo.url),
      session.get(echo.url, { headers: { "X-A": "1" }, params: { p: 1 }, auth: ["u", "p"], cookies: { c: "1" } }),
    ]);
    const received = plain.json<Received>();
    assert.deepEqual(
      [received.target, received.headers["x-a"], received.headers["authorization"], received.headers["cookie"]],
      ["/", undefined, undefined, undefined],
    );
    assert.equal(special.json<Received>().headers["cookie"], "c=1");
  });
});
