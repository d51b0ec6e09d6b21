/** The static and the dynamic table of HPACK. @see RFC 7541 §2.3 */

/** A field in a table. */
export interface TableEntry {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  /** Its size in bytes, as the table counts it (RFC 7541 §4.1). */
  readonly size: number;
  /** Why a response that has the field is malformed: bits of text-faults.ts, 0 for none. */
  readonly faults: number;
}

/** Bytes that each field counts in addition to its text (RFC 7541 §4.1, RFC 9113 §6.5.2). */
export const ENTRY_OVERHEAD = 32;

/** The size of the dynamic table that both sides begin with (RFC 9113 §6.5.2). */
export const DEFAULT_TABLE_SIZE = 4096;

/** RFC 7541 Appendix A, from index 1 on: name, value, name, value … */
const STATIC_FIELDS: readonly string[] = [
  ":authority", "", ":method", "GET", ":method", "POST", ":path", "/", ":path", "/index.html", ":scheme", "http",
  ":scheme", "https", ":status", "200", ":status", "204", ":status", "206", ":status", "304", ":status", "400",
  ":status", "404", ":status", "500", "accept-charset", "", "accept-encoding", "gzip, deflate",
  "accept-language", "", "accept-ranges", "", "accept", "", "access-control-allow-origin", "", "age", "",
  "allow", "", "authorization", "", "cache-control", "", "content-disposition", "", "content-encoding", "",
  "content-language", "", "content-length", "", "content-location", "", "content-range", "", "content-type", "",
  "cookie", "", "date", "", "etag", "", "expect", "", "expires", "", "from", "", "host", "", "if-match", "",
  "if-modified-since", "", "if-none-match", "", "if-range", "", "if-unmodified-since", "", "last-modified", "",
  "link", "", "location", "", "max-forwards", "", "proxy-authenticate", "", "proxy-authorization", "", "range", "",
  "referer", "", "refresh", "", "retry-after", "", "server", "", "set-cookie", "", "strict-transport-security", "",
  "transfer-encoding", "", "user-agent", "", "vary", "", "via", "", "www-authenticate", "",
]; // prettier-ignore

/** The static table. Index 0 is not used. */
export const STATIC_TABLE: readonly TableEntry[] = (() => {
  const table = [entryOf("", "")];
  for (let at = 0; at < STATIC_FIELDS.length; at += 2) table.push(entryOf(STATIC_FIELDS[at], STATIC_FIELDS[at + 1]));
  return table;
})();

/** The number of entries of the static table: index 62 is the newest entry of the dynamic table. */
export const STATIC_COUNT = STATIC_TABLE.length - 1;

function entryOf(name: string, value: string): TableEntry {
  return { name, value, size: name.length + value.length + ENTRY_OVERHEAD, faults: 0 };
}

/** The entries that were inserted last, within a size. */
export class DynamicTable {
  /** A ring. Its length is a power of two. */
  #entries: (TableEntry | undefined)[] = new Array<undefined>(16).fill(undefined);
  /** Where the newest entry stands in the ring. */
  #newest = 0;
  #maxSize: number;
  /** The sum of the sizes of the entries. */
  size = 0;
  /** The number of entries. */
  count = 0;
  /** The number of entries that were inserted so far, those without room included. */
  inserted = 0;
  /** Changes whenever the entries do: an encoded block means the same as long as this does not change. */
  epoch = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** The most that {@link size} can be. A lower one evicts entries at once (RFC 7541 §4.3). */
  get maxSize(): number {
    return this.#maxSize;
  }

  set maxSize(maxSize: number) {
    this.#maxSize = maxSize;
    this.#evict(maxSize);
  }

  /** The entry at this place, from 1 for the newest up to `count`. */
  at(place: number): TableEntry {
    return this.#entries[(this.#newest - place + 1) & (this.#entries.length - 1)]!;
  }

  /** Inserts an entry. One that is larger than the table empties it, and is not inserted (RFC 7541 §4.4). */
  insert(entry: TableEntry): void {
    this.inserted += 1;
    this.#evict(this.#maxSize - entry.size);
    if (entry.size > this.#maxSize) return;
    if (this.count === this.#entries.length) this.#grow();
    this.#newest = (this.#newest + 1) & (this.#entries.length - 1);
    this.#entries[this.#newest] = entry;
    this.count += 1;
    this.size += entry.size;
    this.epoch += 1;
  }

  #evict(size: number): void {
    if (this.size <= size || this.count === 0) return;
    this.epoch += 1;
    do {
      const oldest = (this.#newest - this.count + 1) & (this.#entries.length - 1);
      this.size -= this.#entries[oldest]!.size;
      this.#entries[oldest] = undefined;
      this.count -= 1;
    } while (this.size > size && this.count > 0);
  }

  #grow(): void {
    const larger = new Array<TableEntry | undefined>(this.#entries.length * 2).fill(undefined);
    for (let place = this.count; place > 0; place -= 1) larger[this.count - place] = this.at(place);
    this.#newest = this.count - 1;
    this.#entries = larger;
  }
}
