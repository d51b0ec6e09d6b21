/** Finds the encoding of bytes for which no header names one. */
import { isAscii, isUtf8 } from "node:buffer";
import { createRequire } from "node:module";

import type * as Chardet from "chardet";

import { canonicalEncoding, decoderFor, isUtf8Second, utf8Length } from "./decoders.js";
import { detectableCharsets, type DetectableCharset } from "./languages.js";
import { costIn, isPlausible, isTolerable, readingOf } from "./likelihood.js";

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
 * The most likely encoding: by a BOM; ASCII or UTF-8 if the bytes are valid; otherwise by the letters that the bytes are in
 * each charset. Few letters are not evidence: then it is windows-1252, called `iso-8859-1` where both are the same.
 *
 * @returns A label in lower case that `decodeText` knows; `utf-8` for no bytes.
 * @see requests: `Response.apparent_encoding`
 */
export function apparentEncoding(bytes: Uint8Array): string {
  const marked = encodingOfBom(bytes);
  if (marked !== null) return marked;
  if (bytes.length === 0) return "utf-8";
  const unmarked = unmarkedUtf16(bytes);
  if (unmarked !== null) return unmarked;
  if (isAscii(bytes)) return isIso2022Jp(bytes) ? "iso-2022-jp" : "ascii";
  if (isUtf8(bytes)) return "utf-8";
  const rest = bytes.subarray(Math.max(0, firstBeyondAscii(bytes) - CHARDET_CONTEXT));
  return isDamagedUtf8(rest) ? "utf-8" : guessedEncoding(rest);
}

const ESCAPE = 0x1b;

/**
 * Whether ASCII bytes are ISO-2022-JP: they switch to JIS X 0208 (`ESC $ @`, `ESC $ B`) or to half-width katakana
 * (`ESC ( I`), and all of it decodes. Escape sequences of terminals are others.
 */
export function isIso2022Jp(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(ESCAPE); at !== -1; at = bytes.indexOf(ESCAPE, at + 1)) {
    const [first, second] = [bytes[at + 1], bytes[at + 2]];
    if ((first !== 0x24 || (second !== 0x40 && second !== 0x42)) && (first !== 0x28 || second !== 0x49)) continue;
    return canonicalEncoding("iso-2022-jp") !== null && isPlausible(decodedToCut(bytes, "iso-2022-jp").text);
  }
  return false;
}

/** Bytes that are tested for ASCII at once. */
const STRIDE = 4096;

/** The index of the first byte above 0x7f. */
function firstBeyondAscii(bytes: Uint8Array): number {
  let at = 0;
  while (isAscii(bytes.subarray(at, at + STRIDE))) at += STRIDE;
  while (bytes[at] < 0x80) at += 1;
  return at;
}

/** Bytes that are searched for NULs. */
const NUL_SAMPLE = 1024;

/**
 * UTF-16 without a BOM, where the text is ASCII for the most part: one byte of two is NUL. No other text has NULs.
 *
 * @returns null when it is something else.
 */
export function unmarkedUtf16(bytes: Uint8Array): string | null {
  // The cheap test first: every text without a charset comes here.
  if ((bytes[0] === 0) === (bytes[1] === 0) || bytes.length % 2 !== 0) return null;
  const nuls = [0, 0];
  const end = Math.min(bytes.length, NUL_SAMPLE);
  for (let at = 0; at < end; at += 1) if (bytes[at] === 0) nuls[at % 2] += 1;
  const [even, odd] = nuls;
  if (Math.min(even, odd) > 0 || Math.max(even, odd) * 4 < end) return null;
  return even > 0 ? "utf-16be" : "utf-16le";
}

/**
 * Whether the bytes are UTF-8 that was cut at its end, or is damaged in a few places. One character and the first
 * of two bytes of another are not evidence: they may as well be three letters of another charset.
 */
function isDamagedUtf8(bytes: Uint8Array): boolean {
  let sequences = 0;
  let faults = 0;
  let isCut = false;
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at];
    at += 1;
    if (lead < 0x80) continue;
    const length = utf8Length(lead);
    let found = 1;
    if (length > 1 && at < bytes.length && isUtf8Second(lead, bytes[at]))
      for (; found < length && (bytes[at] & 0xc0) === 0x80; at += 1) found += 1;
    if (found === length) sequences += 1;
    else if (length === 0 || at < bytes.length) faults += 1;
    else isCut = length === 2;
    // Text in another charset has many faults from the start.
    if (faults > 1 && !isTolerable(faults, sequences)) return false;
  }
  return sequences > (isCut ? 1 : 0) && isTolerable(faults, sequences);
}

/** Fewer distinct letters say nothing about the language: `£5`, `café`, a list of words with `œ`. */
const FEWEST_LETTERS = 3;
/** Limit of the bytes above 0x7f that are compared; more of them do not change the result. */
const SAMPLE_BYTES = 512;
/** Bytes that are searched for them after the first one. */
const SAMPLE_REACH = 256 * 1024;
/** ASCII characters that are kept before and after a byte above 0x7f. */
const SAMPLE_CONTEXT = 2;
/** A run of this many bytes, each one more than the byte before, is a table of characters and not a word. */
const TABLE_BYTES = 4;
/** Charsets that are tried on the whole text before the fallback to windows-1252. */
const MAX_TRIES = 4;

function guessedEncoding(bytes: Uint8Array): string {
  for (const { label } of rankedCharsets(bytes).slice(0, MAX_TRIES)) {
    if (label === "windows-1252") break;
    // The sample is only a part: the whole text must fit the charset as well.
    if (isPlausible(decodedToCut(bytes, label).text)) return label;
  }
  return hasC1(bytes) ? "windows-1252" : "iso-8859-1";
}

/** Whether there are bytes that are letters and signs in windows-1252, and control characters in ISO-8859-1. */
function hasC1(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] >= 0x80 && bytes[at] < 0xa0) return true;
  return false;
}

/** The charsets that the bytes can be in, the most likely first. */
function rankedCharsets(bytes: Uint8Array): DetectableCharset[] {
  const charsets = detectableCharsets();
  const sample = sampleOf(bytes);
  let beyondAscii = 0;
  for (const byte of sample) if (byte >= 0x80) beyondAscii += 1;
  if (beyondAscii < FEWEST_LETTERS) return [charsets[0]];
  const ranked = charsets
    .map((charset) => ({ charset, cost: costOf(sample, charset) }))
    .filter(({ cost }) => cost !== Infinity)
    .sort((one, other) => one.cost - other.cost);
  const best = ranked[0].cost;
  const close = ranked.filter(
    ({ charset, cost }) => charset.chardetNames !== undefined && cost < best + SECOND_OPINION,
  );
  if (close.length > 0 && beyondAscii >= FEWEST_FOR_CHARDET) {
    chardet ??= load();
    const name = chardet.detect(bytes.subarray(0, CHARDET_BYTES))?.toLowerCase() ?? "";
    const preferred = close.find(({ charset }) => charset.chardetNames!.includes(name));
    if (preferred !== undefined) preferred.cost -= SECOND_OPINION;
    ranked.sort((one, other) => one.cost - other.cost);
  }
  return ranked.map(({ charset }) => charset);
}

/**
 * Nats that the opinion of chardet is worth. It knows groups of three letters, ASCII letters among them, so it tells
 * languages apart that have most of their accented letters in common: Hungarian or Czech from Western European ones.
 */
const SECOND_OPINION = 6;
/** Bytes above 0x7f from which on chardet is asked: with fewer it guesses. */
const FEWEST_FOR_CHARDET = 5;
/** Bytes that chardet reads. It takes about 0.2 ms per KiB, and more bytes do not improve its guesses. */
const CHARDET_BYTES = 16 * 1024;
/** Bytes of ASCII that are kept before the first byte above 0x7f. Earlier ones tell nothing about the charset. */
const CHARDET_CONTEXT = 1024;

// Loaded by the first body that needs it: most programs never meet one.
let chardet: typeof Chardet | undefined;

function load(): typeof Chardet {
  try {
    // A bundler sees this one, and puts the package into its bundle; an ES module of Node has no `require`.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require("chardet") as typeof Chardet;
  } catch {
    return createRequire(import.meta.url)("chardet") as typeof Chardet;
  }
}

/** Nats for the bytes of a character that was cut at the end. */
const CUT_COST = 6;

/** The cost of the sample in a charset; Infinity if the charset is ruled out, which windows-1252 never is. */
function costOf(sample: Buffer, { label, prior, languages }: DetectableCharset): number {
  // A runtime may lack one of them.
  if (canonicalEncoding(label) === null) return Infinity;
  const { text, isCut } = decodedToCut(sample, label);
  const reading = readingOf(text);
  if (label !== "windows-1252") {
    if (reading.letters < FEWEST_LETTERS || !isTolerable(reading.faults, reading.characters)) return Infinity;
  }
  const best = Math.min(...languages.map((language) => costIn(language, reading)));
  return best + prior + (isCut ? CUT_COST : 0);
}

/** The text without what is left of a character at the end, and whether anything was. */
function decodedToCut(bytes: Uint8Array, label: string): { readonly text: string; readonly isCut: boolean } {
  const decoder = decoderFor(label);
  const text = decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const rest = decoder.end();
  return { text, isCut: rest !== "" };
}

/**
 * The bytes above 0x7f and their neighbours. Long runs of ASCII say nothing about the charset, and a table of characters
 * says nothing about the language.
 */
function sampleOf(bytes: Uint8Array): Buffer {
  const sample: number[] = [];
  let first = 0;
  while (first < bytes.length && bytes[first] < 0x80) first += 1;
  const end = Math.min(bytes.length, first + SAMPLE_REACH);
  let kept = Math.max(0, first - SAMPLE_CONTEXT);
  let found = 0;
  for (let at = first; at < end && found < SAMPLE_BYTES;) {
    if (bytes[at] < 0x80) {
      at += 1;
      continue;
    }
    let next = at + 1;
    while (next < end && bytes[next] === bytes[next - 1] + 1) next += 1;
    const isTable = next - at >= TABLE_BYTES;
    for (kept = Math.max(kept, at - SAMPLE_CONTEXT); kept < at; kept += 1) sample.push(bytes[kept]);
    if (!isTable) for (; kept < next; kept += 1, found += 1) sample.push(bytes[kept]);
    kept = next;
    const stop = Math.min(end, next + SAMPLE_CONTEXT);
    for (; kept < stop && bytes[kept] < 0x80; kept += 1) sample.push(bytes[kept]);
    at = next;
  }
  // Decoders hold back what is shorter than this.
  while (sample.length < 8) sample.unshift(0x20);
  return Buffer.from(sample);
}

/**
 * The Unicode encoding of a JSON text, by its BOM or by where the NULs stand in its first four bytes.
 *
 * @returns A label that `decodeText` knows; null when the bytes are not JSON in any of them.
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
