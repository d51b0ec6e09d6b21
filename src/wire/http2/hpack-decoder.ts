/** Header blocks → fields. Sans-IO, linear, and bounded: by the length of the block, and by the limits of a section. */
import { quoted } from "../http1/head.js";
import { compressionError, ErrorCode, malformed, streamFault, type StreamFault } from "./errors.js";
import { huffman } from "./huffman.js";
import { DEFAULT_TABLE_SIZE, DynamicTable, ENTRY_OVERHEAD, STATIC_COUNT, STATIC_TABLE } from "./hpack-table.js";
import { RepeatedTexts } from "./repeated-texts.js";
import { FORBIDDEN_IN_VALUE, hasBlankEnd, INVALID_IN_NAME, TEXT_FAULTS } from "./text-faults.js";

/** The fields of one block, as they came. */
export interface FieldSection {
  /** name, value, name, value …, pseudo-fields included; not to be changed, because equal blocks share it. */
  readonly raw: readonly string[];
  /** Why the section cannot be used, or null. `raw` then ends before the fault. */
  readonly fault: StreamFault | null;
}

/** The limits of one section. */
export interface SectionLimits {
  /** Bytes of all names and values with 32 for each field (RFC 9113 §6.5.2). */
  readonly maxHeaderSize: number;
  /** Fields. */
  readonly maxHeaders: number;
}

// The first byte of each representation (RFC 7541 §6).
const INDEXED = 0x80;
const INCREMENTAL = 0x40;
const SIZE_UPDATE = 0x20;
const HUFFMAN = 0x80;

/** The most bytes of an integer after its prefix, and the largest one (RFC 7541 §5.1 asks for limits). */
const MAX_SHIFT = 28;
const MAX_INTEGER = 2 ** 31 - 1;
/** Size updates at the start of one block: the smallest size since the last block, and the size now (RFC 7541 §4.2). */
const MAX_SIZE_UPDATES = 2;
/** A block up to this size is remembered, to recognize the next one if it is equal. */
const REMEMBERED_BLOCK = 1024;

const NO_BYTES: Buffer = Buffer.alloc(0);
/** Decodes the header blocks of one connection, in the order in which they come. */
export class HpackDecoder {
  readonly #limits: SectionLimits;
  readonly #table = new DynamicTable(DEFAULT_TABLE_SIZE);
  readonly #texts = new RepeatedTexts();
  #announcedSize: number;
  #bytes = NO_BYTES;
  #at = 0;
  #end = 0;
  /** Faults of the string that was read last. */
  #faults = 0;
  #raw: string[] = [];
  #size = 0;
  #fault: StreamFault | null = null;
  /** The block that was decoded last, unless it changed the table. */
  readonly #last = Buffer.allocUnsafeSlow(REMEMBERED_BLOCK);
  #lastLength = 0;
  #lastSection: FieldSection | null = null;

  /** @param tableSize - The SETTINGS_HEADER_TABLE_SIZE that was announced. */
  constructor(limits: SectionLimits, tableSize = DEFAULT_TABLE_SIZE) {
    this.#limits = limits;
    this.#announcedSize = tableSize;
  }

  /** The table size that the server has acknowledged: it must use a table that is not larger. */
  set announcedSize(size: number) {
    this.#announcedSize = size;
    // The same block may be an error now.
    this.#lastSection = null;
  }

  /** The size of the dynamic table and its limit, in bytes. */
  get tableSize(): { readonly size: number; readonly maxSize: number } {
    return { size: this.#table.size, maxSize: this.#table.maxSize };
  }

  /**
   * Decodes a whole block: bytes `start` to `end`. Servers repeat a block as long as its fields are the same, and get
   * the same object then.
   *
   * @throws Http2Error COMPRESSION_ERROR for a block that breaks RFC 7541. The connection is of no more use then.
   */
  decode(bytes: Buffer, start: number, end: number): FieldSection {
    const length = end - start;
    if (this.#isRepeated(bytes, start, length)) return this.#lastSection!;
    const { epoch } = this.#table;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#raw = [];
    this.#size = 0;
    this.#fault = null;
    this.#readSizeUpdates();
    while (this.#at < end) this.#readField();
    const section: FieldSection = { raw: this.#raw, fault: this.#fault };
    this.#lastSection = null;
    if (epoch === this.#table.epoch && length <= REMEMBERED_BLOCK && this.#fault === null) {
      bytes.copy(this.#last, 0, start, end);
      this.#lastLength = length;
      this.#lastSection = section;
    }
    return section;
  }

  #isRepeated(bytes: Buffer, start: number, length: number): boolean {
    if (this.#lastSection === null || length !== this.#lastLength) return false;
    const last = this.#last;
    for (let at = 0; at < length; at += 1) if (bytes[start + at] !== last[at]) return false;
    return true;
  }

  /** RFC 7541 §4.2: size updates stand at the start of a block. */
  #readSizeUpdates(): void {
    let updates = 0;
    while (this.#at < this.#end && (this.#bytes[this.#at] & 0xe0) === SIZE_UPDATE) {
      updates += 1;
      if (updates > MAX_SIZE_UPDATES)
        throw compressionError("more than two table-size updates at the start of a block (RFC 7541 §4.2)");
      const size = this.#readInteger(0x1f);
      if (size > this.#announcedSize)
        throw compressionError(
          `a table-size update to ${size} bytes, and ${this.#announcedSize} were announced (RFC 7541 §6.3)`,
        );
      this.#table.maxSize = size;
    }
    if (this.#table.maxSize > this.#announcedSize)
      throw compressionError(
        `no table-size update to the ${this.#announcedSize} bytes that were announced (RFC 7541 §4.2)`,
      );
  }

  #readField(): void {
    const first = this.#bytes[this.#at];
    if ((first & INDEXED) !== 0) {
      const { name, value, faults } = this.#entryAt(this.#readInteger(0x7f));
      this.#emit(name, value, faults);
      return;
    }
    const isInserted = (first & INCREMENTAL) !== 0;
    if (!isInserted && (first & SIZE_UPDATE) !== 0)
      throw compressionError("a table-size update after the first field of a block (RFC 7541 §4.2)");
    const index = this.#readInteger(isInserted ? 0x3f : 0x0f);
    let name: string;
    let faults = 0;
    if (index === 0) {
      name = this.#readString();
      // A pseudo-field begins with a colon, which is not a token character.
      if ((this.#faults & INVALID_IN_NAME) !== 0 && !isPseudoName(name)) faults = INVALID_IN_NAME;
      else if (name === "") faults = INVALID_IN_NAME;
    } else {
      const entry = this.#entryAt(index);
      name = entry.name;
      faults = entry.faults & INVALID_IN_NAME;
    }
    const value = this.#readString();
    if ((this.#faults & FORBIDDEN_IN_VALUE) !== 0 || hasBlankEnd(value)) faults |= FORBIDDEN_IN_VALUE;
    if (isInserted) this.#table.insert({ name, value, size: name.length + value.length + ENTRY_OVERHEAD, faults });
    this.#emit(name, value, faults);
  }

  #entryAt(index: number): { readonly name: string; readonly value: string; readonly faults: number } {
    if (index <= STATIC_COUNT) {
      if (index === 0) throw compressionError("index 0 (RFC 7541 §6.1)");
      return STATIC_TABLE[index];
    }
    const place = index - STATIC_COUNT;
    if (place > this.#table.count)
      throw compressionError(
        `index ${index}, and the tables have ${STATIC_COUNT + this.#table.count} entries (RFC 7541 §2.3.3)`,
      );
    return this.#table.at(place);
  }

  /** The rest of a faulty section is read for the sake of the table, and not kept. */
  #emit(name: string, value: string, faults: number): void {
    if (this.#fault !== null) return;
    this.#size += name.length + value.length + ENTRY_OVERHEAD;
    if (faults !== 0) this.#fault = textFault(name, faults);
    else if (this.#size > this.#limits.maxHeaderSize)
      this.#fault = tooLarge(`a head or trailers larger than ${this.#limits.maxHeaderSize} bytes (maxHeaderSize`);
    else if (this.#raw.length >= this.#limits.maxHeaders * 2)
      this.#fault = tooLarge(`more than ${this.#limits.maxHeaders} header fields (maxHeaders`);
    else this.#raw.push(name, value);
  }

  /** RFC 7541 §5.1. @param mask - The bits of the prefix. */
  #readInteger(mask: number): number {
    const prefix = this.#bytes[this.#at] & mask;
    this.#at += 1;
    if (prefix < mask) return prefix;
    let value = prefix;
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= this.#end) throw compressionError("the block ends within an integer (RFC 7541 §5.1)");
      if (shift > MAX_SHIFT) throw compressionError("an integer with more than five bytes (RFC 7541 §5.1)");
      const byte = this.#bytes[this.#at];
      this.#at += 1;
      // Not a shift: the last byte may lead beyond 32 bits.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (value > MAX_INTEGER) throw compressionError("an integer beyond 2^31-1 (RFC 7541 §5.1)");
    return value;
  }

  /** RFC 7541 §5.2. Sets `#faults`. */
  #readString(): string {
    if (this.#at >= this.#end) throw compressionError("the block ends within a field (RFC 7541 §6.2)");
    const isHuffman = (this.#bytes[this.#at] & HUFFMAN) !== 0;
    const length = this.#readInteger(0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw compressionError("a string is longer than the rest of its block (RFC 7541 §5.2)");
    this.#at = end;
    if (isHuffman) {
      const decoded = huffman.decode(this.#bytes, start, end);
      this.#faults = huffman.faults;
      return this.#texts.text(huffman.output, 0, decoded);
    }
    let faults = 0;
    for (let at = start; at < end; at += 1) faults |= TEXT_FAULTS[this.#bytes[at]];
    this.#faults = faults;
    return this.#texts.text(this.#bytes, start, end);
  }
}

/** Whether the name is a colon with a valid name after it. Which of them exist is not decided here. */
function isPseudoName(name: string): boolean {
  if (name.length < 2 || name.charCodeAt(0) !== 58) return false;
  for (let at = 1; at < name.length; at += 1)
    if ((TEXT_FAULTS[name.charCodeAt(at)] & INVALID_IN_NAME) !== 0) return false;
  return true;
}

/** The value may be a secret, so the message has the name alone. */
function textFault(name: string, faults: number): StreamFault {
  return malformed(
    (faults & INVALID_IN_NAME) !== 0
      ? `a field name with an upper-case letter or a character that is not allowed: ${quoted(name)} (RFC 9113 §8.2.1)`
      : `a control character, or white space at an end, in the value of the field ${quoted(name)} (RFC 9113 §8.2.1)`,
  );
}

function tooLarge(what: string): StreamFault {
  return streamFault(ErrorCode.ENHANCE_YOUR_CALM, `${what} of HTTPAdapter)`);
}
