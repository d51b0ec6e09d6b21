/**
 * Incremental decoders. Each gives the same text however its input is cut, and one U+FFFD for each malformed sequence, as
 * the Encoding Standard says. Where Node's TextDecoder does both it is used; where it does not, there is one of our own.
 */

/** Turns the bytes of one stream into text. */
export interface Decoder {
  /** The text of the bytes. The possible beginning of a character is held back. */
  write(bytes: Buffer): string;
  /** The text of the bytes that were held back: a character that was cut is U+FFFD. */
  end(): string;
}

const REPLACEMENT = "\ufffd";
const NOTHING = Buffer.alloc(0);

/** A decoder by the canonical name of {@link canonicalEncoding}. */
export function decoderFor(encoding: string): Decoder {
  switch (encoding) {
    case "utf-8":
      return new Utf8Decoder();
    case "windows-1252":
    case "iso-8859-16":
    case "x-user-defined":
      return new TableDecoder(UPPER_HALVES[encoding]);
    case "utf-16le":
    case "utf-16be":
      return new Utf16Decoder(encoding === "utf-16be");
    case "utf-32le":
    case "utf-32be":
      return new Utf32Decoder(encoding === "utf-32be");
    default:
      return new PlatformDecoder(encoding);
  }
}

/** UTF-8 by `buffer.toString`, which treats malformed sequences as the Encoding Standard does. */
class Utf8Decoder implements Decoder {
  #held: Buffer = NOTHING;

  write(bytes: Buffer): string {
    if (this.#held.length > 0) bytes = Buffer.concat([this.#held, bytes]);
    const whole = bytes.length - cutSequence(bytes);
    // A copy: three bytes must not keep a large chunk alive, and the chunk may be overwritten.
    this.#held = whole === bytes.length ? NOTHING : Buffer.from(bytes.subarray(whole));
    return bytes.toString("utf8", 0, whole);
  }

  end(): string {
    const rest = this.#held.length === 0 ? "" : REPLACEMENT;
    this.#held = NOTHING;
    return rest;
  }
}

/** The length of a UTF-8 sequence, by its first byte; 0 for a byte that begins none. */
export function utf8Length(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

/** Whether a second byte fits its first: some would make overlong forms, surrogates, or characters beyond U+10FFFF. */
export function isUtf8Second(lead: number, second: number): boolean {
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return second >= lowest && second <= highest;
}

/** The number of bytes at the end that begin a valid UTF-8 sequence: 0 to 3. */
function cutSequence(bytes: Buffer): number {
  const length = bytes.length;
  for (let size = 1; size <= 3 && size <= length; size += 1) {
    const lead = bytes[length - size];
    if (lead < 0x80) return 0;
    if (lead < 0xc0) continue;
    const needed = utf8Length(lead);
    if (size >= needed) return 0;
    return size === 1 || isUtf8Second(lead, bytes[length - size + 1]) ? size : 0;
  }
  return 0;
}

/**
 * The upper halves of encodings of one byte, from 0x80 on. Measured on Node 20: its TextDecoder gives U+0080 to U+009F
 * for windows-1252 at once and the right characters with `stream: true`; the two others it does not have.
 */
const UPPER_HALVES: Readonly<Record<string, string>> = {
  "windows-1252": "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ",
  "iso-8859-16":
    upTo(0x80, 0xa0, 0) +
    "\xa0ĄąŁ€„Š§š©Ș«Ź\xadźŻ°±ČłŽ”¶·žčș»ŒœŸżÀÁÂĂÄĆÆÇÈÉÊËÌÍÎÏĐŃÒÓÔŐÖŚŰÙÚÛÜĘȚßàáâăäćæçèéêëìíîïđńòóôőöśűùúûüęțÿ",
  "x-user-defined": upTo(0x80, 0x100, 0xf700),
};

function upTo(from: number, end: number, offset: number): string {
  return String.fromCharCode(...Array.from({ length: end - from }, (_, at) => from + at + offset));
}

/** latin-1, but for the bytes that a table says. */
class TableDecoder implements Decoder {
  readonly #table: string;

  constructor(table: string) {
    this.#table = table;
  }

  write(bytes: Buffer): string {
    const table = this.#table;
    const text = bytes.toString("latin1");
    // Beyond a table of 32 (windows-1252) the text is latin-1 itself.
    const changed = table.length === 32 ? /[\x80-\x9f]/g : /[\x80-\xff]/g;
    return changed.test(text) ? text.replace(changed, (character) => table[character.charCodeAt(0) - 0x80]) : text;
  }

  end(): string {
    return "";
  }
}

/** UTF-16 of either byte order; half a surrogate pair is U+FFFD. */
class Utf16Decoder implements Decoder {
  readonly #isBigEndian: boolean;
  #held: Buffer = NOTHING;

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian;
  }

  write(bytes: Buffer): string {
    if (this.#held.length > 0) bytes = Buffer.concat([this.#held, bytes]);
    let whole = bytes.length - (bytes.length % 2);
    if (whole > 0) {
      const high = bytes[this.#isBigEndian ? whole - 2 : whole - 1];
      if (high >= 0xd8 && high <= 0xdb) whole -= 2;
    }
    this.#held = whole === bytes.length ? NOTHING : Buffer.from(bytes.subarray(whole));
    if (whole === 0) return "";
    const units = this.#isBigEndian ? Buffer.from(bytes.subarray(0, whole)).swap16() : bytes;
    // In every runtime that we support; the library of ES2024, which declares it, is not.
    return (units.toString("utf16le", 0, whole) as unknown as { toWellFormed(): string }).toWellFormed();
  }

  end(): string {
    const rest = this.#held.length === 0 ? "" : REPLACEMENT;
    this.#held = NOTHING;
    return rest;
  }
}

/** Code units that are made into a string at once: the arguments of a call are limited. */
const UNITS_AT_ONCE = 8192;

/** UTF-32 of either byte order; surrogates and what is beyond U+10FFFF are U+FFFD. Not of the Encoding Standard. */
class Utf32Decoder implements Decoder {
  readonly #isBigEndian: boolean;
  #held: Buffer = NOTHING;

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian;
  }

  write(bytes: Buffer): string {
    if (this.#held.length > 0) bytes = Buffer.concat([this.#held, bytes]);
    const whole = bytes.length - (bytes.length % 4);
    this.#held = whole === bytes.length ? NOTHING : Buffer.from(bytes.subarray(whole));
    let text = "";
    let units: number[] = [];
    for (let at = 0; at < whole; at += 4) {
      const point = this.#isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
      units.push(point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? 0xfffd : point);
      if (units.length === UNITS_AT_ONCE) {
        text += String.fromCodePoint(...units);
        units = [];
      }
    }
    return text + String.fromCodePoint(...units);
  }

  end(): string {
    const rest = this.#held.length === 0 ? "" : REPLACEMENT;
    this.#held = NOTHING;
    return rest;
  }
}

/**
 * Fewest bytes that TextDecoder is given at once but for the last. Measured on Node 20: with less, gb18030, euc-jp and
 * iso-2022-jp throw ERR_ENCODING_INVALID_ENCODED_DATA where a malformed sequence gives more text than they reserve.
 */
const FEWEST_BYTES = 8;

/** Everything else by the runtime's TextDecoder. */
class PlatformDecoder implements Decoder {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  #held: Buffer = NOTHING;

  constructor(encoding: string) {
    this.#decoder = new TextDecoder(encoding);
  }

  write(bytes: Buffer): string {
    if (this.#held.length > 0) bytes = Buffer.concat([this.#held, bytes]);
    if (bytes.length < FEWEST_BYTES) {
      this.#held = Buffer.from(bytes);
      return "";
    }
    this.#held = NOTHING;
    return this.#decoder.decode(bytes, { stream: true });
  }

  end(): string {
    const rest = this.#decoder.decode(this.#held);
    this.#held = NOTHING;
    return rest;
  }
}

/** Names that Python knows and the Encoding Standard does not; and those that TextDecoder is not asked for. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["utf-8", "utf-8"],
  ["utf8", "utf-8"],
  ["u8", "utf-8"],
  ["utf-8-sig", "utf-8"],
  ["cp65001", "utf-8"],
  ["iso-8859-1", "windows-1252"],
  ["latin-1", "windows-1252"],
  ["latin1", "windows-1252"],
  ["ascii", "windows-1252"],
  ["iso-8859-16", "iso-8859-16"],
  ["iso8859-16", "iso-8859-16"],
  ["x-user-defined", "x-user-defined"],
  ["utf-16", "utf-16"],
  ["utf16", "utf-16"],
  ["u16", "utf-16"],
  ["utf-16le", "utf-16le"],
  ["utf-16-le", "utf-16le"],
  ["utf-16be", "utf-16be"],
  ["utf-16-be", "utf-16be"],
  ["utf-32", "utf-32"],
  ["utf32", "utf-32"],
  ["u32", "utf-32"],
  ["utf-32le", "utf-32le"],
  ["utf-32-le", "utf-32le"],
  ["utf-32be", "utf-32be"],
  ["utf-32-be", "utf-32be"],
  ["cp932", "shift_jis"],
  ["cp936", "gbk"],
  ["cp949", "euc-kr"],
  ["cp950", "big5"],
  ["euckr", "euc-kr"],
  ["eucjp", "euc-jp"],
  ["mac-roman", "macintosh"],
  ["macroman", "macintosh"],
]);

/** A label longer than this is not looked up: no encoding has one, and it may come from the network. */
const MAX_LABEL = 64;

/**
 * What a label means: labels of the Encoding Standard as it says, so `iso-8859-1` and `ascii` are windows-1252, and the
 * names of Python's codecs that it does not know, with `_` for `-` as there.
 *
 * @returns A name for {@link decoderFor}, or `utf-16` and `utf-32`, whose byte order a BOM decides; null when unknown.
 * @see https://encoding.spec.whatwg.org/#names-and-labels
 */
export function canonicalEncoding(label: string): string | null {
  if (label.length > MAX_LABEL) return null;
  const name = label.trim().toLowerCase();
  const hyphened = name.replaceAll("_", "-");
  const known = NAMES.get(hyphened) ?? platformEncoding(name);
  return known ?? (hyphened === name ? null : platformEncoding(hyphened));
}

/** The encodings that TextDecoder has for labels. They are cached because asking it is slow. */
const platformLabels = new Map<string, string | null>();
/** Labels come from the network, so they are not kept without limit. */
const MAX_LABELS = 200;

function platformEncoding(label: string): string | null {
  let encoding = platformLabels.get(label);
  if (encoding === undefined) {
    try {
      encoding = new TextDecoder(label).encoding;
    } catch {
      encoding = null;
    }
    if (platformLabels.size >= MAX_LABELS) platformLabels.clear();
    platformLabels.set(label, encoding);
  }
  return encoding;
}
