/** Reading from an iterable by numbers of bytes, as from a file. */
import { numberOrKind } from "../extend/index.js";

/** Gives the bytes of an iterable in pieces of the size that is asked for. */
export class ByteReader {
  readonly #items: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);
  #isEnded = false;
  /** Reads happen one after the other, also when they are not awaited. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(items: AsyncIterable<Uint8Array>) {
    this.#items = items[Symbol.asyncIterator]();
  }

  /** Exactly `size` bytes while there are that many, then what is left, then none. */
  read(size: number): Promise<Buffer> {
    const reading = this.#last.then(() => this.#read(size));
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    this.#rest = Buffer.alloc(0);
    await this.#items.return?.();
  }

  async #read(size: number): Promise<Buffer> {
    const pieces = [this.#rest];
    let length = this.#rest.length;
    while (length < size && !this.#isEnded) {
      const step = await this.#items.next();
      if (step.done === true) this.#isEnded = true;
      else {
        const { buffer, byteOffset, byteLength } = step.value;
        pieces.push(Buffer.from(buffer, byteOffset, byteLength));
        length += byteLength;
      }
    }
    const all = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, length);
    this.#rest = all.subarray(Math.min(size, length));
    return all.subarray(0, Math.min(size, length));
  }
}

/** @throws RangeError for a size that is not a whole number of bytes, 0 or greater. */
export function checkSize(size: number | null | undefined): number {
  if (size === undefined || size === null || size === -1 || size === Infinity) return Infinity;
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new RangeError(
    `read(size) takes a number of bytes, 0 or greater, or nothing for all of them, not ${numberOrKind(size)}`,
  );
}
