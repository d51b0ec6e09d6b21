/** Lines of a stream. Both classes give the same lines however the input is cut, in time linear to its length. */

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);
/** A buffer larger than this is given back once the line that needed it is complete, in bytes. */
const KEPT_BUFFER = 64 * 1024;

/** The lines of a stream of bytes. */
export class ByteLines {
  /** null splits at line ends. */
  readonly #delimiter: Buffer | null;
  /** The line that is not at its end yet: the first `#heldLength` bytes. Grows by doubling, however small the chunks. */
  #held: Buffer = NOTHING;
  #heldLength = 0;
  /** The last chunk ended in CR: an LF that begins the next one belongs to the same line end. */
  #afterReturn = false;

  /**
   * @param delimiter - What ends a line, in place of `\n`, `\r\n` and `\r`; text is taken as UTF-8. null, undefined and
   * an empty one mean line ends.
   */
  constructor(delimiter?: Uint8Array | string | null) {
    const bytes = typeof delimiter === "string" ? Buffer.from(delimiter, "utf8") : delimiter;
    this.#delimiter = bytes == null || bytes.length === 0 ? null : Buffer.from(bytes);
  }

  /**
   * Takes the next bytes.
   *
   * @param chunk - May be cut anywhere. The lines share its memory, so it must not be overwritten as long as they are used.
   * @returns The lines that ended in it, without their ends.
   */
  push(chunk: Buffer): Buffer[] {
    return this.#delimiter === null ? this.#pushLines(chunk) : this.#pushDelimited(chunk, this.#delimiter);
  }

  /** Bytes of the line that is not at its end yet. */
  get heldLength(): number {
    return this.#heldLength;
  }

  /** The last line, when the stream did not end with a line end; none or one item. */
  end(): Buffer[] {
    const rest = this.#heldLength === 0 ? [] : [this.#take(NOTHING)];
    this.#afterReturn = false;
    return rest;
  }

  #pushLines(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    if (chunk.length === 0) return lines;
    let start = this.#afterReturn && chunk[0] === LF ? 1 : 0;
    this.#afterReturn = chunk[chunk.length - 1] === CR;
    // Each is looked for again only once it is passed: twice over the chunk in all.
    let feed = chunk.indexOf(LF, start);
    let carriage = chunk.indexOf(CR, start);
    while (feed !== -1 || carriage !== -1) {
      const isFeed = carriage === -1 || (feed !== -1 && feed < carriage);
      const at = isFeed ? feed : carriage;
      lines.push(this.#take(chunk.subarray(start, at)));
      start = !isFeed && feed === at + 1 ? at + 2 : at + 1;
      if (feed !== -1 && feed < start) feed = chunk.indexOf(LF, start);
      if (carriage !== -1 && carriage < start) carriage = chunk.indexOf(CR, start);
    }
    this.#hold(chunk.subarray(start));
    return lines;
  }

  #pushDelimited(chunk: Buffer, delimiter: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = 0;
    // The delimiter may have begun in what is held: look at its last bytes once more, together with the first new ones.
    const overlap = Math.min(this.#heldLength, delimiter.length - 1);
    if (overlap > 0) {
      const tail = this.#held.subarray(this.#heldLength - overlap, this.#heldLength);
      const seam = Buffer.concat([tail, chunk.subarray(0, delimiter.length - 1)]);
      const at = seam.indexOf(delimiter);
      if (at !== -1) {
        this.#heldLength -= overlap - at;
        lines.push(this.#take(NOTHING));
        start = at + delimiter.length - overlap;
      }
    }
    for (let at = chunk.indexOf(delimiter, start); at !== -1; at = chunk.indexOf(delimiter, start)) {
      lines.push(this.#take(chunk.subarray(start, at)));
      start = at + delimiter.length;
    }
    this.#hold(chunk.subarray(start));
    return lines;
  }

  /** The held bytes and those after them, as a line. */
  #take(bytes: Buffer): Buffer {
    if (this.#heldLength === 0) return bytes;
    const line = Buffer.concat([this.#held.subarray(0, this.#heldLength), bytes]);
    this.#heldLength = 0;
    if (this.#held.length > KEPT_BUFFER) this.#held = NOTHING;
    return line;
  }

  #hold(bytes: Buffer): void {
    const length = this.#heldLength + bytes.length;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldLength);
    this.#heldLength = length;
  }
}

/** The line ends of Python's `str.splitlines`. */
const TEXT_LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

/** The lines of a stream of text. */
export class TextLines {
  /** null splits at line ends. */
  readonly #delimiter: string | null;
  /** The line that is not at its end yet, but for `#tail`. Only ever appended to, so that it stays linear. */
  #held = "";
  /** The last characters of that line, as many as may be the begin of a delimiter. */
  #tail = "";
  #afterReturn = false;

  /**
   * @param delimiter - What ends a line, in place of the line ends of Python's `str.splitlines` (`\n`, `\r\n`, `\r`, `\v`,
   * `\f`, U+001C to U+001E, U+0085, U+2028, U+2029). null, undefined and "" mean these.
   */
  constructor(delimiter?: string | null) {
    this.#delimiter = delimiter || null;
  }

  /**
   * Takes the next text.
   *
   * @param chunk - May be cut anywhere.
   * @returns The lines that ended in it, without their ends.
   */
  push(chunk: string): string[] {
    return this.#delimiter === null ? this.#pushLines(chunk) : this.#pushDelimited(chunk, this.#delimiter);
  }

  /** The last line, when the stream did not end with a line end; none or one item. */
  end(): string[] {
    const rest = this.#held + this.#tail;
    this.#held = "";
    this.#tail = "";
    this.#afterReturn = false;
    return rest === "" ? [] : [rest];
  }

  #pushLines(chunk: string): string[] {
    const lines: string[] = [];
    if (chunk === "") return lines;
    let start = this.#afterReturn && chunk.startsWith("\n") ? 1 : 0;
    this.#afterReturn = chunk.endsWith("\r");
    TEXT_LINE_END.lastIndex = start;
    for (let end = TEXT_LINE_END.exec(chunk); end !== null; end = TEXT_LINE_END.exec(chunk)) {
      lines.push(this.#held + chunk.slice(start, end.index));
      this.#held = "";
      start = TEXT_LINE_END.lastIndex;
    }
    this.#held += chunk.slice(start);
    return lines;
  }

  #pushDelimited(chunk: string, delimiter: string): string[] {
    const lines: string[] = [];
    const text = this.#tail + chunk;
    let start = 0;
    for (let at = text.indexOf(delimiter); at !== -1; at = text.indexOf(delimiter, start)) {
      lines.push(this.#held + text.slice(start, at));
      this.#held = "";
      start = at + delimiter.length;
    }
    const tailStart = Math.max(start, text.length - delimiter.length + 1);
    this.#held += text.slice(start, tailStart);
    this.#tail = text.slice(tailStart);
    return lines;
  }
}
