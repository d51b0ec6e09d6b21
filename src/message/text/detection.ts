/** Finding the encoding of bytes that nobody declared. */
import { isAscii, isUtf8 } from "node:buffer";
import { createRequire } from "node:module";

import type * as Chardet from "chardet";

import { canonicalEncoding } from "./decoders.js";

/**
 * How many bytes the statistics of chardet are made from. It takes about 0.2 ms per KiB; its guesses do not become
 * better beyond this.
 */
const SAMPLE_BYTES = 16 * 1024;
/** How many of them stand before the first byte that is not ASCII. */
const SAMPLE_CONTEXT = 1024;

// Loaded by the first body that needs it: most programs never meet one.
let chardet: typeof Chardet | undefined;

/**
 * The encoding that a byte order mark says.
 *
 * @returns null when there is none.
 */
export function encodingOfBom(bytes: Uint8Array): string | null {
  const [first, second, third, fourth] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return third === 0 && fourth === 0 ? "utf-32le" : "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0 && second === 0 && third === 0xfe && fourth === 0xff) return "utf-32be";
  return null;
}

/**
 * The most likely encoding: by a BOM, else ASCII or UTF-8 when the bytes are that, else by the statistics of chardet, else
 * ISO-8859-1.
 *
 * @returns A label in lower case that `decodeText` knows; `utf-8` for no bytes.
 * @see requests: `Response.apparent_encoding`
 */
export function apparentEncoding(bytes: Uint8Array): string {
  const marked = encodingOfBom(bytes);
  if (marked !== null) return marked;
  if (bytes.length === 0) return "utf-8";
  if (isAscii(bytes)) return "ascii";
  return isUtf8(bytes) ? "utf-8" : guessedEncoding(bytes);
}

function guessedEncoding(bytes: Uint8Array): string {
  // ASCII says nothing about the rest, so the sample begins near the first byte that is not: a character begins there.
  let first = 0;
  while (first < bytes.length && bytes[first] < 0x80) first += 1;
  const start = Math.max(0, first - SAMPLE_CONTEXT);
  chardet ??= load();
  const guess = chardet.detect(bytes.subarray(start, start + SAMPLE_BYTES))?.toLowerCase();
  return guess !== undefined && canonicalEncoding(guess) !== null ? guess : "iso-8859-1";
}

function load(): typeof Chardet {
  try {
    // A bundler sees this one, and puts the package into its bundle; an ES module of Node has no `require`.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require("chardet") as typeof Chardet;
  } catch {
    return createRequire(import.meta.url)("chardet") as typeof Chardet;
  }
}

/**
 * The Unicode encoding of a JSON text, by its BOM or by where the NULs stand in its first four bytes.
 *
 * @returns A label that `decodeText` knows; null when the bytes are no JSON in any of them.
 * @see requests: `utils.guess_json_utf`; RFC 4627 §3
 */
export function detectJsonEncoding(bytes: Uint8Array): string | null {
  const marked = encodingOfBom(bytes);
  if (marked !== null) return marked;
  const size = Math.min(bytes.length, 4);
  let nuls = "";
  for (let at = 0; at < size; at += 1) nuls += bytes[at] === 0 ? "0" : "x";
  if (!nuls.includes("0")) return "utf-8";
  if (nuls === "0x0x") return "utf-16be";
  if (nuls === "x0x0") return "utf-16le";
  if (nuls === "000x") return "utf-32be";
  return nuls === "x000" ? "utf-32le" : null;
}
