/** Strings that come again and again, such as the names of fields and most of their values. */

/** A power of two. */
const SLOTS = 128;
const LONGEST = 64;

/**
 * Turns bytes into text. The last text of each slot is remembered: to compare it costs less than to make a string, and
 * the same string is found faster in a map.
 */
export class RepeatedTexts {
  readonly #texts = new Array<string>(SLOTS).fill("");

  /** Bytes `start` to `end` as Latin-1 text. */
  text(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0 || length > LONGEST) return bytes.latin1Slice(start, end);
    const middle = bytes[start + (length >>> 1)];
    const slot = (length + bytes[start] * 3 + middle * 5 + bytes[end - 1] * 7) & (SLOTS - 1);
    const known = this.#texts[slot];
    if (known.length === length && isSame(known, bytes, start)) return known;
    const text = bytes.latin1Slice(start, end);
    this.#texts[slot] = text;
    return text;
  }
}

function isSame(text: string, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
