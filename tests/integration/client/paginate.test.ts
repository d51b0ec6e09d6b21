/** paginate: lists that come page by page. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, beforeEach, describe, it } from "node:test";

import {
  HTTPError,
  paginate,
  RequestException,
  Session,
  UnrewindableBodyError,
  type PaginateOptions,
  type Response,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure, serve, type Received } from "./serve.js";

const bin = await httpbin();
let answer: (request: Received, response: ServerResponse) => void;
const server = await serve((request, response) => answer(request, response));
const other = await serve((request, response) => answer(request, response));
after(() => Promise.all([bin.close(), server.close(), other.close()]));
beforeEach(() => {
  server.requests.length = 0;
  other.requests.length = 0;
});

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

/** The server answers with these Link headers, one after the other, then without. */
function linking(...links: string[]): void {
  answer = (_, response) => {
    const link = links.shift();
    if (link !== undefined) response.setHeader("Link", link);
    response.end("[]");
  };
}

const targets = (): string[] => server.requests.map(({ target }) => target);
const session = new Session();

describe("paginate by the Link header", () => {
  it("follows all pages of httpbin", async () => {
    const pages = await all(session.paginate(`${bin.url}/links-paged`, { params: { per_page: 20 } }));
    assert.deepEqual(pages.map((page) => page.json<{ items: number[] }>().items.length), [20, 20, 10]); // prettier-ignore
  });

  it("yields items", async () => {
    const items = await all(
      session.paginate(`${bin.url}/links-paged?by=cursor&per_page=7&total=16`, {
        items: (response) => response.json<{ items: number[] }>().items,
      }),
    );
    assert.deepEqual(items, Array.from({ length: 16 }, (_, at) => at + 1)); // prettier-ignore
  });

  it("resolves relative links against the page, and adds params of the call and the session only once", async () => {
    const own = new Session({ params: { key: "k" } });
    linking('<?page=2>; rel="next"', "</c/d?page=3>; rel=next");
    await all(own.paginate(`${server.url}/a/b`, { params: { size: 5 } }));
    assert.deepEqual(targets(), ["/a/b?key=k&size=5", "/a/b?page=2", "/c/d?page=3"]);
  });

  it("finds rel=next among several relations, in any case, and stops without one", async () => {
    linking('</1>; rel="prev", </2>; rel="LAST Next"', '</1>; rel="prev next-archive"', '</never>; rel="next"');
    await all(session.paginate(`${server.url}/1`));
    assert.deepEqual(targets(), ["/1", "/2"]);
  });

  it("resolves links against the URL after a redirect", async () => {
    answer = (request, response) => {
      if (request.target === "/old/list") response.writeHead(302, { Location: "/new/list" });
      else if (request.target === "/new/list") response.setHeader("Link", '<more>; rel="next"');
      response.end();
    };
    await all(session.paginate(`${server.url}/old/list`));
    assert.deepEqual(targets(), ["/old/list", "/new/list", "/new/more"]);
  });

  it("requests a page when the loop reaches it, and none after break", async () => {
    linking('</2>; rel="next"', '</3>; rel="next"');
    for await (const page of session.paginate(`${server.url}/1`)) {
      assert.equal(server.requests.length, page.url.endsWith("/1") ? 1 : 2);
      if (page.url.endsWith("/2")) break;
    }
    assert.deepEqual(targets(), ["/1", "/2"]);
  });

  it("closes streamed pages that were not read and reuses their connections", async () => {
    linking('</2>; rel="next"', '</3>; rel="next"');
    const pages: Response[] = [];
    for await (const page of session.paginate(`${server.url}/1`, { stream: true })) {
      assert.equal(page.raw.closed, false);
      pages.push(page);
    }
    assert.deepEqual(pages.map(({ raw }) => raw.closed), [true, true, true]); // prettier-ignore
  });

  it("keeps method, headers and body, and sends the cookies of a page to the next", async () => {
    answer = (request, response) => {
      if (request.target === "/1") response.setHeader("Link", '</2>; rel="next"').setHeader("Set-Cookie", "seen=1");
      response.end();
    };
    await all(new Session().paginate(`${server.url}/1`, { method: "post", json: { q: 1 }, headers: { "X-A": "1" } }));
    const [, second] = server.requests;
    assert.deepEqual(
      [second.method, second.body, second.headers["x-a"], second.headers["content-type"], second.headers["cookie"]],
      ["POST", '{"q":1}', "1", "application/json", "seen=1"],
    );
  });

  it("refuses to send a consumed body again", async () => {
    linking('</2>; rel="next"');
    async function* body(): AsyncGenerator<string> {
      yield "once";
    }
    const error = await failure(all(session.paginate(`${server.url}/1`, { method: "POST", data: body() })));
    assert.ok(error instanceof UnrewindableBodyError);
    assert.match(error.message, /for the next page to/);
  });

  it("exists as a function too, with one session for all pages", async () => {
    answer = (request, response) => {
      if (request.target === "/1") response.setHeader("Link", '</2>; rel="next"').setHeader("Set-Cookie", "a=1");
      response.end();
    };
    assert.equal((await all(paginate(`${server.url}/1`))).length, 2);
    assert.equal(server.requests[1].headers["cookie"], "a=1");
  });
});

describe("paginate by a function", () => {
  it("takes a URL, relative or absolute, with non-ASCII characters, or a promise of one", async () => {
    linking();
    const steps = ["?page=2", new URL(`${server.url}/x`), Promise.resolve("/é"), null];
    await all(session.paginate(`${server.url}/a`, { next: () => steps.shift() }));
    assert.deepEqual(targets(), ["/a", "/a?page=2", "/x", "/%C3%A9"]);
  });

  it("merges changed params with those of the call", async () => {
    linking();
    const next: PaginateOptions["next"] = (_, page) =>
      page === 1 ? { params: { cursor: "c1" } } : page === 2 ? { params: { cursor: "c2", size: null } } : undefined;
    await all(session.paginate(`${server.url}/a`, { params: { size: 5 }, next }));
    assert.deepEqual(targets(), ["/a?size=5", "/a?size=5&cursor=c1", "/a?cursor=c2"]);
  });

  it("takes changed headers and body", async () => {
    linking();
    const next: PaginateOptions["next"] = (_, page) =>
      page === 1 ? { headers: { "X-Cursor": "2" }, json: { cursor: 2 } } : page === 2 ? { data: "three" } : null;
    await all(session.paginate(server.url, { method: "POST", headers: { "X-A": "1", "x-cursor": "1" }, json: {}, next })); // prettier-ignore
    assert.deepEqual(
      server.requests.map(({ headers, body }) => [headers["x-a"], headers["x-cursor"], body]),
      [["1", "1", "{}"], ["1", "2", '{"cursor":2}'], ["1", "2", "three"]], // prettier-ignore
    );
  });

  it("takes a URL with its own options", async () => {
    linking();
    const next: PaginateOptions["next"] = (_, page) =>
      page === 1 ? { url: "/b?x=1", params: { y: 2 }, headers: { "X-A": "2" }, auth: ["u", "p"] } : null;
    await all(session.paginate(`${server.url}/a`, { params: { size: 5 }, headers: { "X-A": "1" }, next }));
    const [, { target, headers }] = server.requests;
    assert.deepEqual([target, headers["x-a"], headers["authorization"]], ["/b?x=1&y=2", "2", "Basic dTpw"]);
  });

  it("ends with the error that the function throws", async () => {
    linking();
    const mine = new Error("mine");
    const next = (): never => {
      throw mine;
    };
    assert.equal(await failure(all(session.paginate(server.url, { next }))), mine);
  });
});

describe("paginate, credentials", () => {
  const secrets = { "X-Api-Key": "secret", Cookie: "c=secret", Accept: "application/json" };

  it("sends no credentials when a Link header leads to another origin", async () => {
    linking(`<${other.url}/2>; rel="next"`, `<${server.url}/3>; rel="next"`);
    const own = new Session({ params: { token: "secret" }, headers: { Authorization: "Bearer secret" } });
    own.cookies.set("everywhere", "secret");
    await all(own.paginate(`${server.url}/1`, { headers: secrets, auth: ["user", "secret"] }));
    assert.equal(other.requests.length, 1);
    assert.ok(!JSON.stringify(other.requests).includes("secret"), JSON.stringify(other.requests));
    assert.equal(other.requests[0].headers["accept"], "application/json");
    assert.equal(other.requests[0].headers["authorization"], undefined);
  });

  it("sends no credentials to a URL from the function unless the function gives them", async () => {
    linking();
    const credentials = { "X-Api-Key": "secret", Authorization: "secret" };
    for (const next of [`${other.url}/2`, { url: `${other.url}/2`, headers: { "X-Other": "key" } }])
      await all(session.paginate(server.url, { headers: credentials, next: (_, page) => (page === 1 ? next : null) }));
    assert.equal(other.requests.length, 2);
    assert.ok(!JSON.stringify(other.requests).includes("secret"));
    assert.equal(other.requests[1].headers["x-other"], "key");
  });

  it("sends credentials on the same origin", async () => {
    linking(`<${server.url}/2>; rel="next"`);
    await all(session.paginate(`${server.url}/1`, { headers: { "X-Api-Key": "secret" }, auth: ["user", "secret"] }));
    const [, { headers }] = server.requests;
    assert.deepEqual([headers["x-api-key"], headers["authorization"]], ["secret", "Basic dXNlcjpzZWNyZXQ="]);
  });

  it("refuses a link to a Unix socket", async () => {
    linking('<http+unix://%2Frun%2Fdocker.sock/containers>; rel="next"');
    const error = await failure(all(session.paginate(server.url)));
    assert.equal(error.name, "InvalidSchema");
  });
});

describe("paginate, the end", () => {
  it("throws HTTPError for a page with status 4xx or 5xx unless raiseForStatus is off", async () => {
    answer = (request, response) => {
      response.setHeader("Link", '</2>; rel="next"').writeHead(request.target === "/2" ? 500 : 200).end(); // prettier-ignore
    };
    const found: string[] = [];
    const error = await failure(
      (async () => {
        for await (const page of session.paginate(`${server.url}/1`)) found.push(page.url);
      })(),
    );
    assert.ok(error instanceof HTTPError);
    assert.deepEqual(found, [`${server.url}/1`]);
    const statuses: number[] = [];
    for await (const page of session.paginate(`${server.url}/1`, { raiseForStatus: false, maxPages: 2 }))
      statuses.push(page.statusCode);
    assert.deepEqual(statuses, [200, 500]);
  });

  it("throws when a page repeats", async () => {
    linking('</2>; rel="next"', '</1>; rel="next"', '</2>; rel="next"');
    const error = await failure(all(session.paginate(`${server.url}/1`)));
    assert.ok(error instanceof RequestException);
    assert.equal(error.code, "ERR_PAGINATION_LOOP");
    assert.match(error.message, /Page 3 is page 1 again \(GET .*\/1\)/);
    assert.equal(server.requests.length, 2);
  });

  it("throws when options and body did not change", async () => {
    linking();
    for (const options of [
      { next: () => ({ params: { cursor: 1 } }) },
      { method: "POST", json: {}, next: () => ({ json: {} }) },
    ])
      // prettier-ignore
      assert.equal(
        ((await failure(all(session.paginate(server.url, options)))) as RequestException).code,
        "ERR_PAGINATION_LOOP",
      );
  });

  it("ends after maxPages or maxItems and sends no further request", async () => {
    const many = (): void => linking(...[2, 3, 4, 5].map((page) => `</${page}>; rel="next"`));
    for (const maxPages of [0, 1, 3]) {
      server.requests.length = 0;
      many();
      assert.equal((await all(session.paginate(`${server.url}/1`, { maxPages }))).length, maxPages);
      assert.equal(server.requests.length, maxPages);
    }
    for (const [maxItems, pages] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [3, 2],
    ] as const) {
      // prettier-ignore
      server.requests.length = 0;
      many();
      const items = await all(session.paginate(`${server.url}/1`, { maxItems, items: () => ["a", "b"] }));
      assert.equal(items.length, maxItems);
      assert.equal(server.requests.length, pages);
    }
  });

  it("throws the reason of an aborted signal", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    linking('</2>; rel="next"', '</3>; rel="next"');
    const found: string[] = [];
    const error = await failure(
      (async () => {
        for await (const { url } of session.paginate(`${server.url}/1`, { signal: controller.signal })) {
          found.push(url);
          controller.abort(reason);
        }
      })(),
    );
    assert.equal(error, reason);
    assert.equal(found.length, 1);
  });
});

describe("paginate, items", () => {
  it("takes generators, async generators and promises", async () => {
    linking();
    async function* two(): AsyncGenerator<string> {
      yield "a";
      yield "b";
    }
    for (const items of [() => ["a", "b"], () => new Set(["a", "b"]), two, async () => ["a", "b"]])
      assert.deepEqual(await all(session.paginate(server.url, { items })), ["a", "b"]);
  });

  it("names the page that has no items", async () => {
    linking();
    const error = await failure(all(session.paginate(server.url, { items: () => null as unknown as string[] })));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /items\(response\) must give an array.*gave null for page 1/);
  });
});

describe("paginate, wrong arguments", () => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    [
      "an unknown option",
      { allow_redirects: true },
      /Unknown option "allow_redirects" for paginate\(\)\. Did you mean "allowRedirects"\?$/,
    ],
    ["next that is not a function", { next: "x" }, /next must be a function/],
    ["items that is not a function", { items: 5 }, /items must be a function/],
    ["maxPages that is not a number", { maxPages: "5" }, /maxPages must be a number/],
    ["text in place of options", "x", /must be an options object/],
  ];
  for (const [what, options, message] of cases)
    it(`refuses ${what} at the call`, () => {
      assert.throws(() => session.paginate(server.url, options as PaginateOptions), message);
    });

  it("refuses an unknown option of next()", async () => {
    linking();
    const next = (): object => ({ cursor: 1 });
    assert.match((await failure(all(session.paginate(server.url, { next })))).message, /^Unknown option "cursor" for next\(\) of paginate\(\)/); // prettier-ignore
  });
});
