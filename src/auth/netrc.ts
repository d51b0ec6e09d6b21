/** The file netrc: user names and passwords by host. The environment reads the file. */

/** One `machine` or `default` entry. Missing fields are "". */
export interface NetrcEntry {
  /** The host name as written; null for `default`. */
  readonly machine: string | null;
  /** The user name (`login` or `user`). */
  readonly login: string;
  /** The account: stands in for a missing login. */
  readonly account: string;
  /** The password. */
  readonly password: string;
}

/** The text is not netrc. The message names only the line: the words around it may be passwords. */
export class NetrcError extends Error {
  static {
    this.prototype.name = "NetrcError";
  }
  /** The line of the mistake, counted from 1. */
  readonly line: number;

  constructor(message: string, line: number) {
    super(`netrc, line ${line}: ${message}`);
    this.line = line;
  }
}

/** An entry while it is read. */
type OpenEntry = { -readonly [K in keyof NetrcEntry]: NetrcEntry[K] };

/**
 * Parses netrc text: words separated by white space, `"quoted words"`, `\` before any character, and `#` in place of a
 * keyword for a comment. Keywords may be in any case. Takes linear time.
 *
 * - An unknown word is skipped with its value (Heroku writes `method interactive`), as curl does; the word alone
 *   where a keyword follows it. In requests it disables the whole file.
 * - The body of a `macdef` ends at an empty line or at the end of the file.
 *
 * @param text - The content of the file.
 * @returns The entries in the order of the file.
 * @throws NetrcError for `machine` or `macdef` without a name.
 * @see Python's `netrc`; curl's `--netrc`
 */
export function parseNetrc(text: string): NetrcEntry[] {
  const words = new NetrcWords(text);
  const entries: OpenEntry[] = [];
  let entry: OpenEntry | null = null;
  for (let word = words.keyword(); word !== null; word = words.keyword()) {
    const keyword = word.toLowerCase();
    const field = FIELDS.get(keyword);
    if (field !== undefined) {
      const value = words.value();
      if (entry !== null) entry[field] = value;
    } else if (keyword === "machine" || keyword === "default") {
      const machine = keyword === "default" ? null : words.value();
      if (machine === "") throw new NetrcError("machine without a name", words.line);
      entry = { machine, login: "", account: "", password: "" };
      entries.push(entry);
    } else if (keyword === "macdef") {
      if (words.value() === "") throw new NetrcError("macdef without a name", words.line);
      words.skipMacro();
      entry = null;
    } else words.skipUnknownValue();
  }
  return entries;
}

/**
 * The credentials for a host.
 *
 * The last entry for the host counts, else the last `default`. An entry without login gives its account as user. An
 * entry with nothing in it means no credentials, also where a `default` follows.
 *
 * @param entries - what {@link parseNetrc} gave.
 * @param host - the URL's host without port. Compared without regard to case, unlike Python's, where a machine name in
 * capitals never matches; brackets of an IPv6 address are optional.
 * @returns user and password, either may be ""; null when there are none.
 * @see requests' `get_netrc_auth`
 */
export function netrcAuth(entries: readonly NetrcEntry[], host: string): [login: string, password: string] | null {
  if (entries.length === 0) return null;
  const wanted = comparableHost(host);
  const entry =
    entries.findLast(({ machine }) => machine !== null && comparableHost(machine) === wanted) ??
    entries.findLast(({ machine }) => machine === null);
  if (entry === undefined) return null;
  const { login, account, password } = entry;
  if (login === "" && account === "" && password === "") return null;
  return [login === "" ? account : login, password];
}

/** Keywords that are followed by a value, and the field of an entry that it goes into. */
const FIELDS: ReadonlyMap<string, "login" | "account" | "password"> = new Map([
  ["login", "login"],
  ["user", "login"],
  ["account", "account"],
  ["password", "password"],
]);

function isKeyword(word: string): boolean {
  const lower = word.toLowerCase();
  return FIELDS.has(lower) || lower === "machine" || lower === "default" || lower === "macdef";
}

function comparableHost(host: string): string {
  const lower = host.toLowerCase();
  return lower.startsWith("[") && lower.endsWith("]") ? lower.slice(1, -1) : lower;
}

/** The words of the text, read once from front to back. */
class NetrcWords {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    // A byte order mark would be part of the first word.
    this.#text = text.startsWith("\uFEFF") ? text.slice(1) : text;
  }

  /** The next word that is not a comment, or null at the end. */
  keyword(): string | null {
    for (;;) {
      this.#skipSpace();
      if (this.#at >= this.#text.length) return null;
      if (this.#text[this.#at] !== "#") return this.#word();
      this.#skipLine();
    }
  }

  /** The next word whatever it is ("#" may begin a password), or "" at the end. */
  value(): string {
    this.#skipSpace();
    return this.#word();
  }

  /** Skips the value of an unknown word, unless the next word is a keyword. */
  skipUnknownValue(): void {
    const at = this.#at;
    const { line } = this;
    const word = this.keyword();
    if (word === null || !isKeyword(word)) return;
    this.#at = at;
    this.line = line;
  }

  /** Skips the rest of the line and the body of a macro: up to an empty line, or the end of the text. */
  skipMacro(): void {
    this.#skipLine();
    while (this.#at < this.#text.length) {
      const start = this.#at;
      this.#skipLine();
      const line = this.#text.slice(start, this.#at);
      if (line === "\n" || line === "\r\n") return;
    }
  }

  #skipSpace(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at];
      if (!isSpace(character)) return;
      if (character === "\n") this.line += 1;
    }
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end === -1 ? this.#text.length : end + 1;
    if (end !== -1) this.line += 1;
  }

  #word(): string {
    const text = this.#text;
    const quoted = text[this.#at] === '"';
    if (quoted) this.#at += 1;
    let word = "";
    for (; this.#at < text.length; this.#at += 1) {
      let character = text[this.#at];
      if (quoted ? character === '"' : isSpace(character)) break;
      if (character === "\\") {
        this.#at += 1;
        character = text[this.#at] ?? "";
      }
      if (character === "\n") this.line += 1;
      word += character;
    }
    if (quoted) this.#at += 1;
    return word;
  }
}

function isSpace(character: string): boolean {
  return character === " " || character === "\n" || character === "\t" || character === "\r";
}
