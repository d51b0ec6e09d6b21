import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

describe("/bytes and /stream-bytes", () => {
  // python3: r = random.Random(seed); bytes(r.randint(0, 255) for _ in range(20)).hex()
  for (const [seed, hex] of [
    ["0", "c5d71484f8cf9bf4b76f47904730804b9e3225a9"],
    ["1", "4420823cfde6f1c26b30f90ec7dd01e4887534a2"],
    ["-1", "4420823cfde6f1c26b30f90ec7dd01e4887534a2"],
    ["42", "390c8c7d7247342cd8100f2f6f770d65d670e58e"],
    ["2147483648", "adc153393a3ea9b04ced2bd95b9bafd872e1f20a"],
    ["4294967296", "39b3d5080ba9e7074626dda0afc3f5ec523c9f46"],
    ["18446744073709563961", "00d99b13f99ca4f4ee315aee9d03982d16a45f64"],
    ["123456789012345678901234567890", "70510689397dbb862269323a45f09f337c3b435a"],
  ] as const) {
    it(`have the bytes of Python for seed ${seed}`, async () => {
      assert.equal((await ask(`${server.url}/bytes/20?seed=${seed}`)).bytes.toString("hex"), hex);
      assert.equal((await ask(`${server.url}/bytes/5?SEED=${seed}`)).bytes.toString("hex"), hex.slice(0, 10));
      const streamed = await ask(`${server.url}/stream-bytes/20?seed=${seed}&chunk_size=3`);
      assert.equal(streamed.bytes.toString("hex"), hex);
      assert.equal(streamed.headers["transfer-encoding"], "chunked");
    });
  }

  // The same, hashed.
  for (const [path, length, sha256] of [
    ["/bytes/102400?seed=7", 102400, "5f4f7d6b6978b3f4486a95e854dc551e9a976de5721eea250a81061216b463df"],
    ["/bytes/999999?seed=7", 102400, "5f4f7d6b6978b3f4486a95e854dc551e9a976de5721eea250a81061216b463df"],
    [
      "/bytes/5000?seed=1180591620717411303424",
      5000,
      "6bc944ec75b4356ebc81d39e2346946b7b348f7bcde77c8fae4de9e93d5cfe94",
    ],
  ] as const) {
    it(`have the bytes of Python for ${path}`, async () => {
      const { bytes, headers } = await ask(server.url + path);
      assert.deepEqual([bytes.length, createHash("sha256").update(bytes).digest("hex")], [length, sha256]);
      assert.equal(headers["content-type"], "application/octet-stream");
    });
  }

  it("have other bytes each time without a seed", async () => {
    const [a, b] = await Promise.all([1, 2].map(() => ask(`${server.url}/bytes/16`)));
    assert.equal(a?.bytes.length, 16);
    assert.notDeepEqual(a?.bytes, b?.bytes);
    assert.equal((await ask(`${server.url}/bytes/0`)).headers["content-length"], "0");
  });
});

describe("/range", () => {
  const LETTERS = "abcdefghijklmnopqrstuvwxyzabcd";
  for (const [range, status, from, to] of [
    [undefined, 200, 0, 29],
    ["bytes=2-5", 206, 2, 5],
    ["bytes=20-", 206, 20, 29],
    ["bytes=-5", 206, 25, 29],
    ["bytes=0-0", 206, 0, 0],
    ["bytes=0-29", 200, 0, 29],
    ["bytes=-99", 200, 0, 29],
    ["bytes=2-5,8-9", 206, 2, 29],
    ["items=1-2", 200, 0, 29],
    ["bytes=x-y", 200, 0, 29],
    ["bytes", 200, 0, 29],
    ["bytes=20-99", 416, 0, 0],
    ["bytes=5-2", 416, 0, 0],
    ["bytes=30-", 416, 0, 0],
    ["bytes=-0", 416, 0, 0],
  ] as const) {
    it(`responds to ${range ?? "no Range"} with ${status}`, async () => {
      const told = await ask(`${server.url}/range/30`, { headers: range === undefined ? {} : { Range: range } });
      assert.equal(told.status, status);
      assert.equal(told.headers.etag, "range30");
      assert.equal(told.headers["accept-ranges"], "bytes");
      const part = status === 416 ? "" : LETTERS.slice(from, to + 1);
      assert.deepEqual([told.text, told.headers["content-length"]], [part, String(part.length)]);
      assert.equal(told.headers["content-range"], status === 416 ? "bytes */30" : `bytes ${from}-${to}/30`);
    });
  }

  it("has from 1 to 102400 letters", async () => {
    for (const n of [0, 102401]) {
      const { status, text } = await ask(`${server.url}/range/${n}`);
      assert.deepEqual([status, text], [404, "number of bytes must be in the range (0, 102400]"]);
    }
    assert.equal((await ask(`${server.url}/range/102400`)).bytes.length, 102400);
  });

  it("sends chunks with pauses on request", async () => {
    const started = performance.now();
    const { text } = await ask(`${server.url}/range/26?duration=0.13&chunk_size=10`);
    assert.equal(text, LETTERS.slice(0, 26));
    const elapsed = performance.now() - started;
    assert.ok(elapsed >= 120, `${elapsed} ms`);
  });
});

describe("/links", () => {
  it("is a page of links, except for the current one", async () => {
    const { text } = await ask(`${server.url}/links/3/1`);
    assert.equal(
      text,
      "<html><head><title>Links</title></head><body><a href='/links/3/0'>0</a> 1 <a href='/links/3/2'>2</a> </body></html>",
    );
  });

  it("has from 1 to 200 links", async () => {
    assert.match((await ask(`${server.url}/links/0/0`)).text, /<body>0 <\/body>/);
    assert.equal((await ask(`${server.url}/links/999/0`)).text.match(/href/g)?.length, 199);
  });
});

describe("/links-paged", () => {
  const linksOf = (header: string | string[] | undefined): Record<string, string> =>
    Object.fromEntries(
      Array.from(String(header ?? "").matchAll(/<([^>]*)>; rel="(\w+)"/g), ([, url = "", rel = ""]) => [rel, url]),
    );

  for (const first of ["?page=1&per_page=4&total=10", "?by=cursor&per_page=4&total=10"]) {
    it(`leads through all items from ${first}`, async () => {
      const items: number[] = [];
      const relations: string[] = [];
      for (let url: string | undefined = `${server.url}/links-paged${first}`; url !== undefined;) {
        const told = await ask(url);
        const links = linksOf(told.headers.link);
        items.push(...told.json.items);
        relations.push(Object.keys(links).join(" "));
        assert.equal(told.json.next ?? undefined, links["next"]);
        url = links["next"];
      }
      assert.deepEqual(items, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      assert.deepEqual(relations, ["next last", "first prev next last", "first prev"]);
    });
  }

  it("refuses pages after the last and unknown cursors", async () => {
    assert.equal((await ask(`${server.url}/links-paged?page=6`)).status, 404);
    assert.equal((await ask(`${server.url}/links-paged?page=0`)).status, 404);
    assert.equal((await ask(`${server.url}/links-paged?cursor=x`)).status, 400);
    const only = await ask(`${server.url}/links-paged?total=0`);
    assert.deepEqual([only.json.items, only.headers.link], [[], undefined]);
  });
});

describe("/base64 and /uuid", () => {
  for (const [path, text] of [
    ["SFRUUEJJTiBpcyBhd2Vzb21l", "HTTPBIN is awesome"],
    ["8J-mgA==", "🦀"],
    ["8J+mgA==", "🦀"],
    ["decode/aGk=", "hi"],
    ["encode/%F0%9F%A6%80", "8J-mgA=="],
    ["aGk", "Incorrect Base64 data try: SFRUUEJJTiBpcyBhd2Vzb21l"],
    ["_w==", "Incorrect Base64 data try: SFRUUEJJTiBpcyBhd2Vzb21l"],
  ] as const) {
    it(`/base64/${path} is ${text}`, async () => {
      const told = await ask(`${server.url}/base64/${path}`);
      assert.deepEqual([told.status, told.text, told.headers["content-type"]], [200, text, "text/html; charset=utf-8"]);
    });
  }

  it("/uuid is of version 4, different each time", async () => {
    const [a, b] = await Promise.all([1, 2].map(() => ask(`${server.url}/uuid`)));
    assert.match(a?.json.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.notEqual(a?.json.uuid, b?.json.uuid);
  });
});
