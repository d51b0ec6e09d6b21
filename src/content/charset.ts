/** Bytes to text, at once or as they come. */
import { isAscii, isUtf8 } from "node:buffer";

import { type Decoder, canonicalEncoding, decoderFor } from "./decoders.js";
import { declaredEncoding } from "./declared-encoding.js";
import { apparentEncoding, detectJsonEncoding, encodingOfBom, isIso2022Jp, unmarkedUtf16 } from "./detection.js";
import { isJson } from "./json.js";

export { apparentEncoding, detectJsonEncoding } from "./detection.js";

/** From this size on it pays to ask first whether all is ASCII, in bytes. */
const LARGE = 16 * 1024;

/**
 * The encoding of a body by its Content-Type: the charset that is named there; for JSON without one, the UTF that the
 * first bytes show.
 *
 * @returns null where the bytes have to be looked at as a whole: see {@link decodeText}.
 */
export function encodingOfBody(bytes: Uint8Array, contentType: string | undefined): string | null {
  const { charset, isJson } = declaredEncoding(contentType);
  return charset === null && isJson ? (detectJsonEncoding(bytes) ?? "utf-8") : charset;
}

/**
 * The text of bytes. Malformed sequences become U+FFFD; a byte order mark of the encoding is dropped.
 *
 * @param encoding - A label of the Encoding Standard or of Python; an unknown one counts as `utf-8`, as in requests.
 * `utf-16` and `utf-32` take their byte order from a BOM, without one they are little-endian. null: by a BOM, else UTF-8
 * when the bytes are that, else by detection (`apparentEncoding`).
 * @see https://encoding.spec.whatwg.org/ ; requests: `Response.text`
 */
export function decodeText(bytes: Buffer, encoding: string | null): string {
  if (bytes.length === 0) return "";
  if (encoding === "utf-8" || encoding === "UTF-8") return decodeUtf8(bytes);
  if (encoding === null) {
    if (encodingOfBom(bytes) === null && unmarkedUtf16(bytes) === null && isUtf8(bytes) && !isIso2022Jp(bytes))
      return decodeUtf8(bytes);
    encoding = apparentEncoding(bytes);
  }
  const canonical = canonicalEncoding(encoding) ?? "utf-8";
  if (canonical === "utf-8") return decodeUtf8(bytes);
  const decoder = decoderFor(withByteOrder(canonical, bytes));
  return withoutBom(decoder.write(bytes) + decoder.end(), canonical);
}

/**
 * The text to parse as JSON. Some servers name a charset and send UTF-16: then the text by the first bytes is taken, if it
 * is JSON.
 *
 * @param text - The text by the charset that was named.
 */
export function jsonTextOf(bytes: Buffer, text: string): string {
  const detected = detectJsonEncoding(bytes);
  // Bytes without NULs count as UTF-8 there, whatever they are: only its BOM says something.
  if (detected === null || (detected === "utf-8" && encodingOfBom(bytes) === null)) return text;
  const other = decodeText(bytes, detected);
  return other !== text && isJson(other) ? other : text;
}

function decodeUtf8(bytes: Buffer): string {
  if (bytes.length >= LARGE && isAscii(bytes)) return bytes.toString("latin1");
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString("utf8", start);
}

/** Only UTF-8, UTF-16 and UTF-32 have a BOM. */
function withoutBom(text: string, canonical: string): string {
  return canonical.startsWith("utf-") && text.startsWith("\ufeff") ? text.slice(1) : text;
}

function withByteOrder(canonical: string, bytes: Uint8Array): string {
  if (canonical !== "utf-16" && canonical !== "utf-32") return canonical;
  if (canonical === "utf-16") return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-16le";
  return encodingOfBom(bytes) === "utf-32be" ? "utf-32be" : "utf-32le";
}

/** Whether text can be decoded by this label. */
export function isKnownEncoding(label: string): boolean {
  return canonicalEncoding(label) !== null;
}

/** Bytes that decide on a BOM: those of the longest. */
const BOM_BYTES = 4;

/**
 * Text of bytes that come in pieces. However they are cut, the pieces of text are together what {@link decodeText} gives
 * for the whole.
 *
 * Only without an encoding it differs: nothing can be detected before the last byte, so a BOM decides, else it is UTF-8
 * with U+FFFD for what is not.
 */
export class TextStream {
  /** undefined while the byte order is not known. */
  #decoder: Decoder | undefined;
  /** As named by the caller: a canonical name, or "" for by BOM. */
  readonly #canonical: string;
  /** The first bytes, while the byte order is not known. */
  #head: Buffer = Buffer.alloc(0);
  /** No text has been given yet, so a BOM may still come. */
  #atStart = true;

  /** @param encoding - As for {@link decodeText}; null means by a BOM, else UTF-8. */
  constructor(encoding: string | null) {
    const canonical = encoding === null ? "" : (canonicalEncoding(encoding) ?? "utf-8");
    this.#canonical = canonical;
    if (canonical !== "" && canonical !== "utf-16" && canonical !== "utf-32") this.#decoder = decoderFor(canonical);
  }

  /** The text of the next bytes. The possible beginning of a character is held back. The bytes are not kept. */
  decode(chunk: Uint8Array): string {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#decoder === undefined) {
      bytes = Buffer.concat([this.#head, bytes]);
      if (bytes.length < BOM_BYTES && mayBecomeBom(bytes)) {
        this.#head = bytes;
        return "";
      }
      this.#decoder = this.#decide(bytes);
    }
    return this.#given(this.#decoder.write(bytes));
  }

  /** The text of the bytes that were held back: a character that was cut is U+FFFD. Nothing can be decoded afterwards. */
  end(): string {
    const decoder = this.#decoder ?? this.#decide(this.#head);
    const head = this.#decoder === undefined ? decoder.write(this.#head) : "";
    this.#decoder = decoder;
    this.#head = Buffer.alloc(0);
    return this.#given(head + decoder.end());
  }

  #decide(bytes: Buffer): Decoder {
    if (this.#canonical !== "") return decoderFor(withByteOrder(this.#canonical, bytes));
    return decoderFor(encodingOfBom(bytes) ?? "utf-8");
  }

  #given(text: string): string {
    if (!this.#atStart || text === "") return text;
    this.#atStart = false;
    return withoutBom(text, this.#canonical === "" ? "utf-" : this.#canonical);
  }
}

const BOMS: readonly Buffer[] = [
  Buffer.from([0xef, 0xbb, 0xbf]),
  Buffer.from([0xff, 0xfe, 0, 0]),
  Buffer.from([0xfe, 0xff]),
  Buffer.from([0, 0, 0xfe, 0xff]),
];

/** Whether more bytes could make a BOM of these, or another than they are. */
function mayBecomeBom(bytes: Buffer): boolean {
  return BOMS.some((bom) => bytes.length < bom.length && bom.subarray(0, bytes.length).equals(bytes));
}
