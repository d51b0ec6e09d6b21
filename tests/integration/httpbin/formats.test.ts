import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as zlib from "node:zlib";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

describe("codings", () => {
  for (const [path, coding, mark, decode] of [
    ["/gzip", "gzip", "gzipped", zlib.gunzipSync],
    ["/deflate", "deflate", "deflated", zlib.inflateSync],
    ["/deflate?raw", "deflate", "deflated", zlib.inflateRawSync],
    ["/brotli", "br", "brotli", zlib.brotliDecompressSync],
    ["/double-gzip", "gzip, gzip", "gzipped", (bytes: Buffer) => zlib.gunzipSync(zlib.gunzipSync(bytes))],
  ] as const) {
    it(`${path} is encoded with ${coding}, whatever the client accepts`, async () => {
      const { headers, bytes } = await ask(server.url + path, { headers: { "Accept-Encoding": "identity" } });
      assert.equal(headers["content-encoding"], coding);
      assert.equal(headers["content-length"], String(bytes.length));
      const shown = JSON.parse(decode(bytes).toString());
      assert.deepEqual(Object.keys(shown).sort(), [mark, "headers", "method", "origin"].sort());
      assert.deepEqual([shown[mark], shown.method, shown.headers["Accept-Encoding"]], [true, "GET", "identity"]);
    });
  }

  it("/zstd is encoded with zstd where Node has it, otherwise a 501", async () => {
    const { status, headers, bytes } = await ask(`${server.url}/zstd`);
    const { zstdDecompressSync: decode } = zlib as { zstdDecompressSync?: (bytes: Buffer) => Buffer };
    if (decode === undefined) return assert.equal(status, 501);
    assert.equal(headers["content-encoding"], "zstd");
    assert.equal(JSON.parse(decode(bytes).toString()).zstd, true);
  });
});

describe("documents", () => {
  it("/json, /xml and /html are the known documents", async () => {
    const { json } = await ask(`${server.url}/json`);
    assert.equal(json.slideshow.title, "Sample Slide Show");
    assert.deepEqual(
      json.slideshow.slides.map((slide: object) => Object.keys(slide)),
      [
        ["title", "type"],
        ["items", "title", "type"],
      ],
    );
    const xml = await ask(`${server.url}/xml`);
    assert.equal(xml.headers["content-type"], "application/xml");
    assert.match(
      xml.text,
      /^<\?xml version='1.0' encoding='us-ascii'\?>.*<slideshow.*<slide .*<slide .*<\/slideshow>/s,
    );
    assert.match((await ask(`${server.url}/html`)).text, /<h1>Herman Melville - Moby-Dick<\/h1>/);
  });

  it("/robots.txt denies /deny", async () => {
    const robots = await ask(`${server.url}/robots.txt`);
    assert.deepEqual([robots.headers["content-type"], robots.text], ["text/plain", "User-agent: *\nDisallow: /deny\n"]);
    assert.match((await ask(`${server.url}/deny`)).text, /YOU SHOULDN'T BE HERE/);
  });

  it("/encoding/utf8 is long, valid, and has characters beyond U+FFFF", async () => {
    const { bytes, headers } = await ask(`${server.url}/encoding/utf8`);
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.match(new TextDecoder("utf-8", { fatal: true }).decode(bytes), /∮.*ი.*🦀/s);
  });

  it("/forms/post is a form with these fields", async () => {
    const { text } = await ask(`${server.url}/forms/post`);
    assert.match(text, /<form method="post" action="\/post">/);
    const names = new Set(Array.from(text.matchAll(/name="(\w+)"/g), ([, name]) => name));
    assert.deepEqual([...names], ["custname", "custtel", "custemail", "size", "topping", "delivery", "comments"]);
  });
});

describe("/charset", () => {
  // Bytes made with Python's codecs.
  for (const [name, hex] of [
    ["shift_jis", "93fa967b8cea82cc95b68e9a8141834a835e834a836982c6b6c5"],
    ["koi8-r", "f3dfc5dbd820c5dda320dcd4c9c820cdd1c7cbc9c820c2d5cccfcb"],
    ["windows-1251", "d1fae5f8fc20e5f9b8"],
    ["windows-1250", "50f8ed6c699a209e6c759d6f75e86bfd206bf9f22c20352080"],
    ["iso-8859-2", "50f8ed6c69b9"],
    ["windows-1252", "934772fcdf65942096203520802c209c7576726585"],
    ["iso-8859-1", "4772fcdf652c20676172e76f6e2c206e69f16f2c20bd2073"],
    ["iso-8859-15", "4772fcdf652066fc72203520a42c20bd75767265"],
    ["gb18030", "ccecb5d8d0febbc6a3acd3eed6e6bae9bbc4"],
    ["gbk", "ccecb5d8d0febbc6"],
    ["big5", "a4d1a661a5c8b6c0a141a674a97aac78afee"],
    ["euc-kr", "c5b0bdbac0c720b0edc0afc1b6b0c7c0ba"],
    ["euc-jp", "c6fccbdcb8eca4cecab8bbfaa1a2a5aba5bfa5aba5ca"],
    ["utf-16be", "0047007200fc00df0065"],
    ["utf-16le", "47007200fc00df006500"],
    ["utf-8", "4772c3bcc39f652c20ce95cebb"],
  ] as const) {
    it(`${name} is used for the bytes and declared`, async () => {
      const { bytes, headers } = await ask(`${server.url}/charset/${name}`);
      assert.equal(headers["content-type"], `text/plain; charset=${name}`);
      assert.equal(bytes.toString("hex").slice(0, hex.length), hex);
    });
  }

  it("can be declared in the page, by a BOM, or not at all", async () => {
    const meta = await ask(`${server.url}/charset/koi8-r?declare=meta`);
    assert.equal(meta.headers["content-type"], "text/html");
    assert.match(meta.bytes.toString("latin1"), /<meta charset="koi8-r">/);
    const bom = await ask(`${server.url}/charset/utf-8?declare=bom`);
    assert.deepEqual([bom.headers["content-type"], bom.bytes.toString("hex", 0, 3)], ["text/plain", "efbbbf"]);
    const none = await ask(`${server.url}/charset/utf-8?declare=none`);
    assert.equal(none.headers["content-type"], "text/plain");
    for (const path of ["koi8-r?declare=bom", "utf-8?declare=x", "ebcdic"]) {
      assert.equal((await ask(`${server.url}/charset/${path}`)).status, 404);
    }
  });
});

describe("/image", () => {
  const signatures = { png: "89504e470d0a1a0a", jpeg: "ffd8ff", webp: "52494646", svg: "3c737667" } as const;
  for (const [format, signature] of Object.entries(signatures)) {
    it(`${format} is a valid image`, async () => {
      const { headers, bytes } = await ask(`${server.url}/image/${format}`);
      assert.equal(headers["content-type"], format === "svg" ? "image/svg+xml" : `image/${format}`);
      assert.equal(bytes.toString("hex").slice(0, signature.length), signature);
      assert.equal(headers["content-length"], String(bytes.length));
    });
  }

  for (const [accept, type] of [
    [undefined, "image/png"],
    ["image/png", "image/png"],
    ["image/*", "image/png"],
    ["IMAGE/JPEG", "image/jpeg"],
    ["image/png, image/webp;q=0.1", "image/webp"],
    ["image/jpeg, image/svg+xml", "image/svg+xml"],
    ["*/*", undefined],
    ["text/html", undefined],
    ["", undefined],
  ] as const) {
    it(`responds with ${type ?? "406"} for ${accept === undefined ? "no Accept" : JSON.stringify(accept)}`, async () => {
      const { status, headers } = await ask(`${server.url}/image`, {
        headers: accept === undefined ? {} : { Accept: accept },
      });
      assert.deepEqual([status, headers["content-type"]], type === undefined ? [406, "application/json"] : [200, type]);
    });
  }
});
