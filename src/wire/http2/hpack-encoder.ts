/** Fields → header blocks. Fields that repeat are indexed; secrets never are. */
import { isCredentialHeader, isSecretParameter } from "../../http/redaction/redaction.js";
import { huffmanLength, writeHuffman } from "./huffman.js";
import { DEFAULT_TABLE_SIZE, DynamicTable, ENTRY_OVERHEAD, STATIC_COUNT, STATIC_TABLE } from "./hpack-table.js";

/** How the fields of a name are encoded. */
export type FieldKind =
  /** It enters the dynamic table once it has been sent twice with the same value. */
  | "repeated"
  /** It stays out of the table: its value is not expected again. */
  | "unique"
  /** It stays out of every table on the way, because guessing its value must not be made easier (RFC 7541 §7.1.3). */
  | "secret";

// The first byte of each representation (RFC 7541 §6).
const INDEXED = 0x80;
const INCREMENTAL = 0x40;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const WITHOUT_INDEXING = 0x00;
const HUFFMAN = 0x80;

/** The most names whose last value is remembered. */
const MAX_KNOWN = 200;

/** The state of the encoder for one name. */
interface KnownName {
  readonly kind: FieldKind;
  /** The first entry of the static table with this name, or 0. */
  readonly staticIndex: number;
  /** The value that was sent last, or null. */
  value: string | null;
  /** The entry of the static table with this name and value, or 0. */
  exactIndex: number;
  /** The number of the insertion into the dynamic table that has this name and value, or 0. */
  inserted: number;
}

const STATIC_NAMES = new Map<string, number>();
const STATIC_VALUES = new Map<string, Map<string, number>>();
for (let index = STATIC_COUNT; index > 0; index -= 1) {
  const { name, value } = STATIC_TABLE[index];
  STATIC_NAMES.set(name, index);
  if (value === "") continue;
  const values = STATIC_VALUES.get(name) ?? new Map<string, number>();
  values.set(value, index);
  STATIC_VALUES.set(name, values);
}

/** The entry `:path: /`. */
const ROOT_PATH_INDEX = 4;

const SECRET_NAMES: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);
/** Names whose values differ from request to request, or belong to one resource. */
const UNIQUE_NAMES: ReadonlySet<string> = new Set([
  "content-length",
  "content-range",
  "range",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
]);

/** Cookies, and the names that are masked when a request is shown. */
function isUsualSecret(lowerName: string): boolean {
  return SECRET_NAMES.has(lowerName) || isCredentialHeader(lowerName) || isSecretParameter(lowerName);
}

/** Encodes the header blocks of one connection, in the order in which they are sent. */
export class HpackEncoder {
  readonly #table = new DynamicTable(DEFAULT_TABLE_SIZE);
  readonly #known = new Map<string, KnownName>();
  readonly #isCredential: (lowerName: string) => boolean;
  #block = Buffer.allocUnsafeSlow(1024);
  #length = 0;
  #isSettled = true;
  /** The lowest limit since the last block, when the limit changed; otherwise null. */
  #lowestSize: number | null = null;

  /** @param isCredential - Tells the names of fields that are secrets in addition to the usual ones. */
  constructor(isCredential: (lowerName: string) => boolean = () => false) {
    this.#isCredential = isCredential;
  }

  /**
   * The server's SETTINGS_HEADER_TABLE_SIZE. The next block begins with what that changes (RFC 7541 §4.2). A table
   * larger than 4,096 bytes is not used.
   */
  set peerTableSize(size: number) {
    const maxSize = Math.min(size, DEFAULT_TABLE_SIZE);
    if (maxSize === this.#table.maxSize) return;
    this.#lowestSize = Math.min(this.#lowestSize ?? maxSize, maxSize);
    this.#table.maxSize = maxSize;
  }

  /** Changes with the dynamic table, and when a block must begin with a size update. */
  get epoch(): number {
    return this.#lowestSize === null ? this.#table.epoch : -1;
  }

  /**
   * Whether the fields since `begin` were encoded as they will be the next time. Their bytes can be sent again as long as
   * `epoch` does not change; the size updates before them cannot.
   */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Bytes of the block so far. */
  get length(): number {
    return this.#length;
  }

  /** Starts a block, with a size update if one is due. */
  begin(): void {
    this.#length = 0;
    this.#isSettled = true;
    if (this.#lowestSize === null) return;
    this.#reserve(16);
    const { maxSize } = this.#table;
    if (this.#lowestSize < maxSize) this.#writeInteger(SIZE_UPDATE, 0x1f, this.#lowestSize);
    this.#writeInteger(SIZE_UPDATE, 0x1f, maxSize);
    this.#lowestSize = null;
  }

  /** The bytes of the block from `start` on; valid until a block is begun or a field is added. */
  bytes(start = 0): Buffer {
    return this.#block.subarray(start, this.#length);
  }

  /** Adds fields that were encoded before, at the same {@link epoch}. */
  append(encoded: Uint8Array): void {
    this.#reserve(encoded.length);
    this.#block.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  /** Adds a field. @param name - In lower case. @param value - Latin-1 text. */
  field(name: string, value: string): void {
    // Three integers of at most five bytes beside the text, which never gets longer.
    this.#reserve(name.length + value.length + 16);
    const known = this.#nameOf(name);
    if (known.kind === "secret") {
      this.#literal(NEVER_INDEXED, this.#nameIndex(known), name, value);
      return;
    }
    if (known.value !== value) {
      // The entry with the older value still serves as a name.
      const nameIndex = this.#nameIndex(known);
      known.value = value;
      known.inserted = 0;
      known.exactIndex = STATIC_VALUES.get(name)?.get(value) ?? 0;
      if (known.exactIndex > 0) this.#writeInteger(INDEXED, 0x7f, known.exactIndex);
      else {
        if (known.kind === "repeated") this.#isSettled = false;
        this.#literal(WITHOUT_INDEXING, nameIndex, name, value);
      }
      return;
    }
    if (known.exactIndex > 0) this.#writeInteger(INDEXED, 0x7f, known.exactIndex);
    else if (known.kind === "unique") this.#literal(WITHOUT_INDEXING, this.#nameIndex(known), name, value);
    else if (this.#isInTable(known)) this.#writeInteger(INDEXED, 0x7f, this.#dynamicIndex(known));
    else this.#insert(known, name, value);
  }

  /** Adds `:path`, which differs from request to request more than any other field. */
  path(value: string): void {
    this.#reserve(value.length + 16);
    if (value === "/") this.#writeInteger(INDEXED, 0x7f, ROOT_PATH_INDEX);
    else {
      this.#writeInteger(WITHOUT_INDEXING, 0x0f, ROOT_PATH_INDEX);
      this.#writeString(value);
    }
  }

  #nameOf(name: string): KnownName {
    let known = this.#known.get(name);
    if (known !== undefined) return known;
    const isSecret = isUsualSecret(name) || this.#isCredential(name);
    const kind = isSecret ? "secret" : UNIQUE_NAMES.has(name) ? "unique" : "repeated";
    known = { kind, staticIndex: STATIC_NAMES.get(name) ?? 0, value: null, exactIndex: 0, inserted: 0 };
    if (this.#known.size < MAX_KNOWN) this.#known.set(name, known);
    return known;
  }

  #isInTable({ inserted }: KnownName): boolean {
    return inserted > this.#table.inserted - this.#table.count;
  }

  /** Only for a name whose insertion is still in the table. */
  #dynamicIndex({ inserted }: KnownName): number {
    return STATIC_COUNT + this.#table.inserted - inserted + 1;
  }

  #nameIndex(known: KnownName): number {
    if (known.staticIndex > 0) return known.staticIndex;
    return this.#isInTable(known) ? this.#dynamicIndex(known) : 0;
  }

  /** The second time that the field is sent. */
  #insert(known: KnownName, name: string, value: string): void {
    const size = name.length + value.length + ENTRY_OVERHEAD;
    // A field that fills most of the table would evict all others.
    if (size > this.#table.maxSize * 0.75) {
      this.#literal(WITHOUT_INDEXING, this.#nameIndex(known), name, value);
      return;
    }
    this.#isSettled = false;
    this.#literal(INCREMENTAL, this.#nameIndex(known), name, value);
    this.#table.insert({ name, value, size, faults: 0 });
    known.inserted = this.#table.inserted;
  }

  #literal(representation: number, nameIndex: number, name: string, value: string): void {
    this.#writeInteger(representation, representation === INCREMENTAL ? 0x3f : 0x0f, nameIndex);
    if (nameIndex === 0) this.#writeString(name);
    this.#writeString(value);
  }

  #writeString(text: string): void {
    const length = huffmanLength(text);
    if (length < text.length) {
      this.#writeInteger(HUFFMAN, 0x7f, length);
      this.#length = writeHuffman(text, this.#block, this.#length);
      return;
    }
    this.#writeInteger(0, 0x7f, text.length);
    this.#length += this.#block.latin1Write(text, this.#length);
  }

  /** RFC 7541 §5.1. @param mask - The bits of the prefix. */
  #writeInteger(representation: number, mask: number, value: number): void {
    const block = this.#block;
    let at = this.#length;
    if (value < mask) block[at] = representation | value;
    else {
      block[at] = representation | mask;
      at += 1;
      let rest = value - mask;
      for (; rest >= 0x80; rest >>>= 7) {
        block[at] = (rest & 0x7f) | 0x80;
        at += 1;
      }
      block[at] = rest;
    }
    this.#length = at + 1;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#block.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#block.length * 2));
    this.#block.copy(larger, 0, 0, this.#length);
    this.#block = larger;
  }
}
