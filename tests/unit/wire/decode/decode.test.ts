import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";

import { ContentDecodingError, ContentTooLarge } from "#internal/exceptions";
import {
  ACCEPT_ENCODING,
  codingsOf,
  decodeAll,
  Decoder,
  tooLarge,
  type DecodeLimits,
} from "#internal/wire/decode/decode";
import { WebStreamLayer } from "#internal/wire/decode/brotli";
import { LayerFault } from "#internal/wire/decode/decoding-layer";
import { decodedPieces } from "../../../_support/pulling.js";

const LIMITS: DecodeLimits = { maxRatio: 200, maxOutput: 0 };
const TEXT = Buffer.from("requests".repeat(8) + "\u00e9");
const NOISE = randomBytes(40_000);

const CODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gzipSync(bytes),
  "x-gzip": (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
};

async function* pieces(...chunks: readonly Buffer[]): AsyncGenerator<Buffer, void> {
  for (const chunk of chunks) yield chunk;
}

interface Outcome {
  readonly bytes: Buffer;
  readonly error: unknown;
}

async function streamed(
  chunks: readonly Buffer[],
  codings: readonly string[],
  limits: DecodeLimits = LIMITS,
): Promise<Outcome> {
  const found: Buffer[] = [];
  try {
    for await (const chunk of decodedPieces(pieces(...chunks), codings, limits)) found.push(chunk);
  } catch (error) {
    return { bytes: Buffer.concat(found), error };
  }
  return { bytes: Buffer.concat(found), error: null };
}

async function whole(bytes: Buffer, codings: readonly string[], limits: DecodeLimits = LIMITS): Promise<Outcome> {
  try {
    const decoded = decodeAll(bytes, codings, limits);
    return { bytes: Buffer.isBuffer(decoded) ? decoded : await decoded.content, error: null };
  } catch (error) {
    return { bytes: Buffer.alloc(0), error };
  }
}

/** In every split in two, and byte by byte. */
function splits(bytes: Buffer): Buffer[][] {
  const found = [[bytes], Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1))];
  for (let at = 1; at < bytes.length; at += 1) found.push([bytes.subarray(0, at), bytes.subarray(at)]);
  return found;
}

function assertUndecodable(error: unknown, message: RegExp): void {
  assert.ok(error instanceof ContentDecodingError, String(error));
  assert.deepEqual([error.code, error.phase], ["ERR_CONTENT_DECODING", "receive"]);
  assert.match(error.message, /^Received response with content-encoding: .*, but failed to decode it: /);
  assert.match(error.message, message);
}

describe("codingsOf", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["gzip", ["gzip"]],
    [" GZip ", ["gzip"]],
    ["x-gzip", ["x-gzip"]],
    ["deflate", ["deflate"]],
    ["br", ["br"]],
    ["", []],
    ["identity", []],
    ["identity, gzip, ,", ["gzip"]],
    ["gzip, br", ["br", "gzip"]],
    ["gzip,deflate,br", ["br", "deflate", "gzip"]],
    ["gzip,gzip,gzip,gzip,gzip", ["gzip", "gzip", "gzip", "gzip", "gzip"]],
    // A single one that is unknown is handed on undecoded, as in requests.
    ["aws-chunked", []],
    ["utf-8", []],
    ["identity, exotic", []],
  ];
  for (const [value, expected] of table)
    it(JSON.stringify(value), () => {
      assert.deepEqual(codingsOf(value), expected);
    });

  const bad: readonly (readonly [string, RegExp])[] = [
    ["gzip, exotic", /unknown content coding "exotic"/],
    ["exotic, gzip", /unknown content coding "exotic"/],
    ["a, b", /unknown content coding/],
    ["gzip, gzip, gzip, gzip, gzip, gzip", /more than 5 content codings/],
    [Array(1000).fill("gzip").join(), /more than 5 content codings/],
    [`${", ".repeat(100)}gzip`, /more than 5 content codings/],
  ];
  for (const [value, message] of bad)
    it(`refuses ${value.slice(0, 40)}`, () => {
      assert.throws(
        () => codingsOf(value),
        (error: unknown) => {
          assertUndecodable(error, message);
          return true;
        },
      );
    });

  it("are those that Accept-Encoding offers", () => {
    assert.match(ACCEPT_ENCODING, /^gzip, deflate, br(, zstd)?$/);
    for (const name of ACCEPT_ENCODING.split(", ")) assert.deepEqual(codingsOf(name), [name]);
  });
});

const BODIES: readonly (readonly [string, Buffer, readonly string[], Buffer])[] = [
  ["gzip", gzipSync(TEXT), ["gzip"], TEXT],
  ["x-gzip", gzipSync(TEXT), ["x-gzip"], TEXT],
  ["gzip of nothing", gzipSync(""), ["gzip"], Buffer.alloc(0)],
  ["several gzip members", Buffer.concat([gzipSync(TEXT), gzipSync(""), gzipSync("end")]), ["gzip"], Buffer.concat([TEXT, Buffer.from("end")])],
  ["zlib", deflateSync(TEXT), ["deflate"], TEXT],
  ["raw deflate", deflateRawSync(TEXT), ["deflate"], TEXT],
  ["raw deflate, stored", deflateRawSync(TEXT, { level: 0 }), ["deflate"], TEXT],
  ["zlib, best", deflateSync(TEXT, { level: 9 }), ["deflate"], TEXT],
  ["br", brotliCompressSync(TEXT), ["br"], TEXT],
  ["br of gzip", brotliCompressSync(gzipSync(TEXT)), ["br", "gzip"], TEXT],
  ["five codings", gzipSync(deflateSync(deflateRawSync(brotliCompressSync(gzipSync(TEXT))))), ["gzip", "deflate", "deflate", "br", "gzip"], TEXT],
]; // prettier-ignore

describe("whole and streamed decoding agree for each split", () => {
  for (const [name, bytes, codings, expected] of BODIES)
    it(name, async () => {
      assert.deepEqual(await whole(bytes, codings), { bytes: expected, error: null });
      for (const chunks of splits(bytes))
        assert.deepEqual(await streamed(chunks, codings), { bytes: expected, error: null });
    });

  it("of content that is decoded off the event loop", async () => {
    for (const [name, code] of Object.entries(CODERS)) {
      const bytes = code(NOISE);
      const decoded = decodeAll(bytes, [name], LIMITS);
      assert.ok(!Buffer.isBuffer(decoded));
      assert.deepEqual(await decoded.content, NOISE);
      const thirds = [bytes.subarray(0, 15_000), bytes.subarray(15_000, 30_000), bytes.subarray(30_000)];
      assert.deepEqual(await streamed(thirds, [name]), { bytes: NOISE, error: null });
    }
  });

  it("of empty content with any label", async () => {
    for (const name of [...Object.keys(CODERS), "deflate"]) {
      assert.deepEqual(await whole(Buffer.alloc(0), [name, "gzip"]), { bytes: Buffer.alloc(0), error: null });
      assert.deepEqual(await streamed([], [name, "gzip"]), { bytes: Buffer.alloc(0), error: null });
      assert.deepEqual(await streamed([Buffer.alloc(0)], [name]), { bytes: Buffer.alloc(0), error: null });
    }
  });

  it("of content without a coding", async () => {
    assert.deepEqual(await whole(TEXT, []), { bytes: TEXT, error: null });
    assert.deepEqual(await streamed([TEXT.subarray(0, 3), TEXT.subarray(3)], []), { bytes: TEXT, error: null });
  });
});

describe("content truncated at every byte", () => {
  for (const [name, bytes, codings] of BODIES.filter(([, , , expected]) => expected.length > 0))
    it(name, async () => {
      const members =
        codings.length === 1 && codings[0] === "gzip"
          ? [gzipSync(TEXT).length, gzipSync(TEXT).length + gzipSync("").length]
          : [];
      for (let at = 1; at < bytes.length; at += 1) {
        if (members.includes(at)) continue;
        const cut = bytes.subarray(0, at);
        const message = codings.length === 1 ? /data is cut off/ : /data is (cut off|malformed)/;
        assertUndecodable((await whole(cut, codings)).error, message);
        assertUndecodable((await streamed([cut], codings)).error, message);
        assertUndecodable((await streamed([cut.subarray(0, at >> 1), cut.subarray(at >> 1)], codings)).error, message);
      }
    });

  it("of large size", async () => {
    for (const [name, code] of Object.entries(CODERS)) {
      const cut = code(NOISE).subarray(0, -1);
      assertUndecodable((await whole(cut, [name])).error, /data is cut off/);
      const { bytes, error } = await streamed([cut.subarray(0, 20_000), cut.subarray(20_000)], [name]);
      assertUndecodable(error, /data is cut off/);
      // What could be decoded is given first.
      assert.deepEqual(bytes, NOISE.subarray(0, bytes.length));
    }
  });
});

describe("invalid content", () => {
  const garbage: readonly (readonly [string, Buffer, readonly string[]])[] = [
    ["text as gzip", TEXT, ["gzip"]],
    ["text as deflate", Buffer.from("<html>"), ["deflate"]],
    ["text as br", Buffer.from("\xff\xff\xff<html>"), ["br"]],
    ["gzip as br of gzip", gzipSync(TEXT), ["gzip", "br"]],
    ["gzip with a bad checksum", flipped(gzipSync(TEXT), -8), ["gzip"]],
    ["gzip with a bad length", flipped(gzipSync(TEXT), -1), ["gzip"]],
    ["zlib with a bad checksum", flipped(deflateSync(TEXT), -1), ["deflate"]],
    ["gzip with another method", flipped(gzipSync(TEXT), 2), ["gzip"]],
  ];
  for (const [name, bytes, codings] of garbage)
    it(name, async () => {
      assertUndecodable((await whole(bytes, codings)).error, /the (gzip|deflate|br) data is (malformed|cut off)/);
      for (const chunks of splits(bytes))
        assertUndecodable((await streamed(chunks, codings)).error, /data is (malformed|cut off)/);
    });

  for (const [name, code] of Object.entries({ ...CODERS, "deflate, raw": (bytes: Buffer) => deflateRawSync(bytes) }))
    for (const [what, behind] of [
      ["garbage", Buffer.from("garbage")],
      ["one byte", Buffer.from("x")],
      ["NUL", Buffer.from([0])],
      ["many NULs", Buffer.alloc(20_000)],
    ] as const)
      it(`${what} after ${name}`, async () => {
        const coding = name.split(",", 1);
        const bytes = Buffer.concat([code(TEXT), behind]);
        const message = /bytes after the end of the|data is (malformed|cut off)/;
        assertUndecodable((await whole(bytes, coding)).error, message);
        const ways =
          behind.length < 100 ? splits(bytes) : [[bytes], [code(TEXT), behind], [code(TEXT), Buffer.from([0]), behind]];
        for (const chunks of ways) {
          const { bytes: decoded, error } = await streamed(chunks, coding);
          assertUndecodable(error, message);
          assert.deepEqual(decoded, TEXT.subarray(0, decoded.length));
        }
      });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] ^= 0xff;
  return copy;
}

const MEGABYTE = 1 << 20;

describe("decompression bombs", () => {
  const zeros = Buffer.alloc(12 * MEGABYTE);
  const bomb = gzipSync(zeros);

  it("are refused over 200:1 beyond 10 MiB [bomb-ratio]", async () => {
    for (const [bytes, codings] of [
      [bomb, ["gzip"]],
      [brotliCompressSync(zeros), ["br"]],
      [deflateRawSync(zeros), ["deflate"]],
      [gzipSync(bomb), ["gzip", "gzip"]],
    ] as const) {
      const message =
        /it grows more than 200 times, like a decompression bomb \(maxDecompressionRatio of HTTPAdapter\)/;
      assertUndecodable((await whole(bytes, codings)).error, message);
      const { bytes: decoded, error } = await streamed([bytes], codings);
      assertUndecodable(error, message);
      assert.ok(decoded.length <= 10 * MEGABYTE, `${decoded.length} bytes were given`);
    }
  });

  it("are not detected up to 10 MiB", async () => {
    const most = Buffer.alloc(10 * MEGABYTE);
    assert.equal((await whole(gzipSync(most), ["gzip"])).bytes.length, most.length);
    assert.equal((await streamed([gzipSync(most)], ["gzip"])).bytes.length, most.length);
  });

  it("are not detected within the ratio", async () => {
    const limits = { maxRatio: 2000, maxOutput: 0 };
    assert.equal((await whole(bomb, ["gzip"], limits)).bytes.length, zeros.length);
    assert.equal((await streamed([bomb], ["gzip"], limits)).bytes.length, zeros.length);
  });

  it("are detected in the middle of a chain of codings", async () => {
    // The outer layer grows beyond measure and its content would shrink again.
    const padded = Buffer.concat([gzipSync("small"), Buffer.alloc(12 * MEGABYTE)]);
    assert.ok((await whole(gzipSync(padded), ["gzip", "gzip"])).error instanceof ContentDecodingError);
    assert.ok((await streamed([gzipSync(padded)], ["gzip", "gzip"])).error instanceof ContentDecodingError);
  });
});

/** Empty deflate blocks, which bring no content. */
const NOTHING = Buffer.alloc(5 * 6_000_000, Buffer.from("000000ffff", "hex"));

describe("a coding whose output the next decoder discards", () => {
  const gzipOfNothing = Buffer.concat([
    Buffer.from("1f8b0800000000000003", "hex"),
    NOTHING,
    Buffer.from("010000ffff0000000000000000", "hex"),
  ]);
  const deflateOfNothing = Buffer.concat([NOTHING, Buffer.from("010000ffff", "hex")]);
  const small = gzipSync(gzipOfNothing);
  const table: readonly (readonly [string, Buffer, readonly string[]])[] = [
    ["gzip in gzip", small, ["gzip", "gzip"]],
    ["gzip in gzip in gzip", gzipSync(small), ["gzip", "gzip", "gzip"]],
    ["gzip in gzip in br", brotliCompressSync(small), ["br", "gzip", "gzip"]],
    ["deflate in deflate", deflateSync(deflateOfNothing), ["deflate", "deflate"]],
    ["gzip in br", brotliCompressSync(gzipOfNothing), ["br", "gzip"]],
    ["two more around it", deflateSync(gzipSync(gzipSync(small))), ["deflate", "gzip", "gzip", "gzip", "gzip"]],
  ];
  for (const [name, bytes, codings] of table)
    it(`is limited by the bytes on the wire: ${name}`, async () => {
      for (const chunks of [[bytes], [bytes.subarray(0, 100), bytes.subarray(100)]])
        assertUndecodable((await streamed(chunks, codings)).error, /like a decompression bomb/);
      assertUndecodable((await whole(bytes, codings)).error, /like a decompression bomb/);
      const limits = { maxRatio: 1e9, maxOutput: 0 };
      assert.deepEqual(await streamed([bytes], codings, limits), { bytes: Buffer.alloc(0), error: null });
      assert.deepEqual(await whole(bytes, codings, limits), { bytes: Buffer.alloc(0), error: null });
      // maxResponseSize bounds it as well.
      const narrow = { maxRatio: 1e9, maxOutput: 1000 };
      assert.ok((await streamed([bytes], codings, narrow)).error instanceof ContentTooLarge);
      assert.ok((await whole(bytes, codings, narrow)).error instanceof ContentTooLarge);
    });

  it("may be slightly larger than the content under maxOutput", async () => {
    const limits = { maxRatio: 200, maxOutput: NOISE.length };
    const bytes = gzipSync(gzipSync(NOISE, { level: 0 }), { level: 0 });
    assert.deepEqual(await streamed([bytes], ["gzip", "gzip"], limits), { bytes: NOISE, error: null });
    assert.deepEqual(await whole(bytes, ["gzip", "gzip"], limits), { bytes: NOISE, error: null });
  });
});

describe("a decoder based on the runtime's web stream", () => {
  const layerOf = (...chunks: readonly Buffer[]): WebStreamLayer => {
    const rest = [...chunks];
    return new WebStreamLayer({ pull: () => rest.shift() ?? null }, "gzip");
  };
  const all = async (layer: WebStreamLayer): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    for (let piece = await layer.pull(); piece !== null; piece = await layer.pull()) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  it("decodes, and counts its output", async () => {
    const bytes = gzipSync(TEXT);
    for (const chunks of splits(bytes)) {
      const layer = layerOf(...chunks);
      assert.deepEqual(await all(layer), TEXT);
      assert.equal(layer.output, TEXT.length);
    }
    assert.deepEqual(await all(layerOf()), Buffer.alloc(0));
  });

  it("rejects data that is truncated or malformed", async () => {
    await assert.rejects(all(layerOf(gzipSync(TEXT).subarray(0, -4))), LayerFault);
    await assert.rejects(all(layerOf(TEXT)), LayerFault);
  });

  it("throws the source's own error", async () => {
    const fault = new Error("cut");
    const pieces = [gzipSync(TEXT).subarray(0, 20)];
    const layer = new WebStreamLayer(
      {
        pull: () => {
          const piece = pieces.shift();
          if (piece === undefined) throw fault;
          return piece;
        },
      },
      "gzip",
    );
    await assert.rejects(all(layer), (error) => error === fault);
  });

  it("can be stopped while its source is silent, and before it is read", { timeout: 5000 }, async () => {
    const silent = new WebStreamLayer({ pull: () => new Promise<Buffer | null>(() => undefined) }, "gzip");
    const pieces = [gzipSync(NOISE).subarray(0, 12)];
    const waiting = new WebStreamLayer(
      { pull: () => pieces.shift() ?? new Promise<Buffer | null>(() => undefined) },
      "gzip",
    );
    for (const layer of [silent, waiting]) {
      const pulled = layer.pull();
      await new Promise(setImmediate);
      layer.stop();
      await assert.rejects(pulled, /stopped/);
    }
    const fresh = layerOf(gzipSync(TEXT));
    fresh.stop();
    await assert.rejects(fresh.pull(), /stopped/);
  });
});

describe("a decoder that is stopped or closed", { timeout: 10_000 }, () => {
  const silence = (): Promise<Buffer | null> => new Promise(() => undefined);
  const chains: readonly (readonly [string, Buffer, readonly string[]])[] = [
    ["gzip", gzipSync(NOISE), ["gzip"]],
    ["br", brotliCompressSync(NOISE), ["br"]],
    ["three codings", gzipSync(deflateSync(brotliCompressSync(NOISE))), ["gzip", "deflate", "br"]],
  ];
  for (const [name, bytes, codings] of chains) {
    const halfway = (): Decoder => {
      const pieces = [bytes.subarray(0, bytes.length >> 1)];
      return new Decoder({ pull: () => pieces.shift() ?? silence() }, codings, LIMITS);
    };
    const untilItWaits = async (decoder: Decoder): Promise<[Promise<Buffer | null>]> => {
      for (;;) {
        const pulled = decoder.pull();
        const step = await Promise.race([pulled, new Promise<string>((resolve) => setTimeout(resolve, 50, "waits"))]);
        if (step === "waits") return [pulled];
      }
    };

    it(`rejects a pending pull, and every later one: ${name}`, async () => {
      const decoder = halfway();
      const [pulled] = await untilItWaits(decoder);
      const reason = new Error("mine");
      decoder.stop(reason);
      await assert.rejects(pulled, (error) => error === reason);
      await assert.rejects(decoder.pull(), (error) => error === reason);
    });

    it(`ends: ${name}`, async () => {
      const decoder = halfway();
      const [pulled] = await untilItWaits(decoder);
      decoder.close();
      assert.equal(await pulled, null);
      assert.equal(await decoder.pull(), null);
    });

    it(`does nothing when it was not started: ${name}`, async () => {
      const stopped = halfway();
      stopped.stop(new Error("mine"));
      await assert.rejects(stopped.pull(), /mine/);
      const closed = halfway();
      closed.close();
      assert.equal(await closed.pull(), null);
    });
  }
});

describe("maxOutput", () => {
  const small = gzipSync(TEXT);
  const large = gzipSync(NOISE);
  const table: readonly (readonly [string, Buffer, number, boolean])[] = [
    ["exactly", small, TEXT.length, true],
    ["one less", small, TEXT.length - 1, false],
    ["one byte", small, 1, false],
    ["exactly, large", large, NOISE.length, true],
    ["one less, large", large, NOISE.length - 1, false],
  ];
  for (const [name, bytes, maxOutput, fits] of table)
    it(name, async () => {
      const limits = { maxRatio: 200, maxOutput };
      for (const { error } of [await whole(bytes, ["gzip"], limits), await streamed([bytes], ["gzip"], limits)]) {
        if (fits) assert.equal(error, null);
        else {
          assert.ok(error instanceof ContentTooLarge, String(error));
          assert.equal(error.code, "ERR_CONTENT_TOO_LARGE");
          assert.equal(error.message, tooLarge(maxOutput).message);
          assert.match(error.message, new RegExp(`larger than maxResponseSize \\(${maxOutput} bytes\\): raise it`));
        }
      }
    });

  it("counts content without a coding", async () => {
    const limits = { maxRatio: 200, maxOutput: 10 };
    assert.ok((await streamed([TEXT], [], limits)).error instanceof ContentTooLarge);
    assert.equal((await streamed([TEXT.subarray(0, 10)], [], limits)).error, null);
  });
});

describe("a decoded stream", () => {
  it("throws the source's error after the content before it", async () => {
    const fault = new Error("cut");
    async function* source(): AsyncGenerator<Buffer, void> {
      yield gzipSync(TEXT, { finishFlush: 2 }).subarray(0, -4);
      throw fault;
    }
    const found: Buffer[] = [];
    await assert.rejects(async () => {
      for await (const chunk of decodedPieces(source(), ["gzip"], LIMITS)) found.push(chunk);
    }, fault);
    assert.deepEqual(Buffer.concat(found), TEXT);
  });

  it("closes its source when it is left early", async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Buffer, void> {
      try {
        for (;;) yield gzipSync(NOISE);
      } finally {
        closed = true;
      }
    }
    for await (const chunk of decodedPieces(source(), ["gzip"], LIMITS)) {
      assert.ok(chunk.length > 0);
      break;
    }
    await new Promise(setImmediate);
    assert.equal(closed, true);
  });

  it("can be left while its source is silent", { timeout: 5000 }, async () => {
    async function* source(): AsyncGenerator<Buffer, void> {
      yield gzipSync(NOISE).subarray(0, 30_000);
      await new Promise(() => undefined);
    }
    for await (const chunk of decodedPieces(source(), ["gzip"], LIMITS)) {
      assert.ok(chunk.length > 0);
      break;
    }
  });

  it("decodes no further than its reader reads [decoder-follows-reader]", async () => {
    let given = 0;
    const zeros = gzipSync(Buffer.alloc(2 * MEGABYTE));
    async function* source(): AsyncGenerator<Buffer, void> {
      for (; given < 100; given += 1) yield zeros;
    }
    const reader = decodedPieces(source(), ["gzip"], { maxRatio: 5000, maxOutput: 0 });
    await reader.next();
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    assert.ok(given <= 2, `${given} pieces were asked for`);
    await reader.return();
  });

  it("causes no warning, however many its pieces", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const bytes = gzipSync(NOISE);
    const chunks = Array.from({ length: 100 }, (_item, at) => bytes.subarray(at * 500, (at + 1) * 500));
    assert.equal((await streamed(chunks, ["gzip"])).error, null);
    await new Promise(setImmediate);
    process.off("warning", onWarning);
    assert.deepEqual(warnings, []);
  });
});
