/** The file netrc: user names and passwords by host. Reading the file is the environment's work, not done here. */

/** One `machine` or `default` entry. Fields that are not there are "". */
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

/** The text is not netrc. Only the line is told: the words around it may be passwords. */
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

/**
 * Parses netrc text as Python's `netrc` does: words between white space, `"quoted words"`, `\` before any character,
 * `macdef` bodies skipped up to an empty line. A `#` where a keyword may stand begins a comment up to the end of its
 * line, always; Python takes some comments for mistakes. Takes linear time.
 *
 * @param text - the file's content.
 * @returns the entries in the order of the file.
 * @throws NetrcError for an unknown keyword, a machine without a name, or a macro without its empty line. Requests
 * ignores such a file, and so may the caller.
 */
export function parseNetrc(text: string): NetrcEntry[] {
  const words = new NetrcWords(text);
  const entries: NetrcEntry[] = [];
  let word = words.keyword();
  while (word !== null) {
    if (word === "macdef") {
      if (words.value() === "") throw new NetrcError("macdef without a name", words.line);
      words.skipMacro();
      word = words.keyword();
      continue;
    }
    if (word !== "machine" && word !== "default")
      throw new NetrcError('expected "machine", "default" or "macdef"', words.line);
    const machine = word === "machine" ? words.value() : null;
    if (machine === "") throw new NetrcError("machine without a name", words.line);
    const fields = { login: "", account: "", password: "" };
    for (word = words.keyword(); word !== null && !OPENERS.has(word); word = words.keyword()) {
      if (word === "login" || word === "user") fields.login = words.value();
      else if (word === "account") fields.account = words.value();
      else if (word === "password") fields.password = words.value();
      else throw new NetrcError('expected "login", "account" or "password"', words.line);
    }
    entries.push({ machine, ...fields });
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

const OPENERS: ReadonlySet<string> = new Set(["machine", "default", "macdef"]);

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

  /** Skips the rest of the line and a macro's body, up to an empty line. */
  skipMacro(): void {
    const begun = this.line;
    this.#skipLine();
    while (this.#at < this.#text.length) {
      const start = this.#at;
      this.#skipLine();
      const line = this.#text.slice(start, this.#at);
      if (line === "\n" || line === "\r\n") return;
    }
    throw new NetrcError("the macro does not end in an empty line", begun);
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
