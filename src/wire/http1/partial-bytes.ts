/** The beginning of a head or trailer section whose end has not come yet. */

const FIRST = 1024;

/** Grows by doubling, and is searched where it is new: a section that comes byte by byte still takes linear time. */
export class PartialBytes {
  #held: Buffer;
  #length = 0;

  constructor(buffer: Buffer, start: number, end: number) {
    this.#held = Buffer.allocUnsafe(Math.max(FIRST, end - start));
    this.append(buffer, start, end);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes so far; valid until more is appended. */
  get bytes(): Buffer {
    return this.#held.subarray(0, this.#length);
  }

  append(buffer: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    buffer.copy(this.#held, this.#length, start, end);
    this.#length = length;
  }
}
