/** Authentication challenges: WWW-Authenticate and Proxy-Authenticate. */
import { quotedString } from "./content-type.js";

/** One challenge of an authentication scheme. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** The opaque text that some schemes have in place of parameters; null when there is none. */
  readonly token68: string | null;
  /** Values by lower-case name, unquoted; of a name that comes twice the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Challenges beyond this many are not read. */
const MAX_CHALLENGES = 100;
/** Parameters of one challenge beyond this many are not read. */
const MAX_CHALLENGE_PARAMETERS = 100;

const TOKEN = 1;
const TOKEN68 = 2;
/** For each ASCII character whether it may stand in a token (RFC 9110 §5.6.2) and in a token68 (§11.2). */
const SETS = characterSets();

function characterSets(): Uint8Array {
  const sets = new Uint8Array(128);
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const character of `${letters}!#$%&'*+-.^_\`|~`) sets[character.charCodeAt(0)] |= TOKEN;
  for (const character of `${letters}-._~+/`) sets[character.charCodeAt(0)] |= TOKEN68;
  return sets;
}

/**
 * The challenges of a field, in order. Never throws: what cannot be read is skipped up to the next comma.
 *
 * Several challenges may stand in one field, where commas separate both challenges and their parameters:
 *
 * - A word with "=" after it is a parameter; blanks may stand in place of the comma before it, as in curl.
 * - A word with a parameter or a token68 after white space is a scheme. So is a word alone, unless a parameter follows
 *   its comma: `qop=auth,auth-int, nonce="n"` is one list without its quotes, and `auth-int` a part of it.
 *
 * @param value - The field's value; several fields joined by ", " are one.
 * @see RFC 9110 §11.6.1 and §11.2
 */
export function parseChallenges(value: string): Challenge[] {
  const challenges: Challenge[] = [];
  let parameters: Parameters | null = null;
  let at = 0;
  for (;;) {
    while (value[at] === "," || isSpace(value[at])) at += 1;
    if (at >= value.length) return challenges;
    const end = runEnd(value, at, TOKEN);
    if (end === at) {
      at = nextComma(value, at);
      continue;
    }
    const next = skipSpaces(value, end);
    if (value[next] === "=") {
      // Without a challenge before it this is garbage, and is read only to find its end.
      at = readParameter(value, { start: at, end, equals: next }, parameters);
      continue;
    }
    const opaque: string | null = next > end ? token68At(value, next) : null;
    const hasParameter = opaque === null && next > end && startsParameter(value, next);
    if (opaque === null && !hasParameter && parameters !== null && parameters.values.size > 0) {
      const isListed = parameters.addToList(value.slice(at, end));
      if (isListed || parameterFollows(value, next)) {
        at = nextComma(value, next);
        continue;
      }
    }
    if (challenges.length === MAX_CHALLENGES) return challenges;
    parameters = new Parameters();
    challenges.push({ scheme: value.slice(at, end).toLowerCase(), token68: opaque, parameters: parameters.values });
    if (opaque !== null) at = next + opaque.length;
    else at = hasParameter ? next : nextComma(value, next);
  }
}

/** Members of the only parameter that is a list. */
const QOPS: ReadonlySet<string> = new Set(["auth", "auth-int", "auth-conf"]);

/** The parameters of one challenge, while they are read. */
class Parameters {
  readonly values = new Map<string, string>();
  /** The last one is a qop without quotes. */
  #endsInQop = false;

  set(name: string, content: string, isQuoted: boolean): void {
    this.#endsInQop = name === "qop" && !isQuoted;
    if (!this.values.has(name) && this.values.size < MAX_CHALLENGE_PARAMETERS) this.values.set(name, content);
  }

  /** Adds a word alone to the list that it is a member of; false when there is none. */
  addToList(word: string): boolean {
    if (!this.#endsInQop || !QOPS.has(word.toLowerCase())) return false;
    this.values.set("qop", `${this.values.get("qop") ?? ""},${word}`);
    return true;
  }
}

/** Whether a comma and a parameter come at an index: then the word before is not a scheme, because the parameter would belong to it. */
function parameterFollows(value: string, at: number): boolean {
  let next = at;
  while (value[next] === "," || isSpace(value[next])) next += 1;
  return next > at && startsParameter(value, next);
}

/** The token68 at an index; null when what stands there is a parameter, or does not reach to a comma or the end. */
function token68At(value: string, at: number): string | null {
  const run = runEnd(value, at, TOKEN68);
  if (run === at) return null;
  let end = run;
  while (value[end] === "=") end += 1;
  const after = skipSpaces(value, end);
  return after === value.length || value[after] === "," ? value.slice(at, end) : null;
}

function startsParameter(value: string, at: number): boolean {
  const end = runEnd(value, at, TOKEN);
  return end > at && value[skipSpaces(value, end)] === "=";
}

/** Whether a parameter, or a scheme with one, begins at an index: then it needs no comma before it. */
function startsNext(value: string, at: number): boolean {
  if (startsParameter(value, at)) return true;
  const end = runEnd(value, at, TOKEN);
  return end > at && isSpace(value[end]) && startsParameter(value, skipSpaces(value, end));
}

/** The positions of a parameter's name and of its "=". */
interface ParameterName {
  readonly start: number;
  readonly end: number;
  readonly equals: number;
}

/** Reads one parameter; returns the index of the comma or parameter after it, or the end. */
function readParameter(value: string, { start, end, equals }: ParameterName, parameters: Parameters | null): number {
  const name = value.slice(start, end).toLowerCase();
  let at = skipSpaces(value, equals + 1);
  if (value[at] === '"') {
    const [content, close] = quotedString(value, at);
    parameters?.set(name, content, true);
    at = skipSpaces(value, close);
    return startsNext(value, at) ? at : nextComma(value, at);
  }
  const stop = bareEnd(value, at);
  parameters?.set(name, value.slice(at, stop).trim(), false);
  return stop;
}

/**
 * The end of a value without quotes: at a comma, or where a parameter follows a blank. A value that should have been
 * quoted (`realm=My Site`) is taken whole.
 */
function bareEnd(value: string, start: number): number {
  let at = start;
  while (at < value.length && value[at] !== ",") {
    if (!isSpace(value[at])) {
      at += 1;
      continue;
    }
    const next = skipSpaces(value, at);
    if (startsParameter(value, next)) return at;
    at = Math.max(next, runEnd(value, next, TOKEN));
  }
  return at;
}

function runEnd(value: string, at: number, set: number): number {
  for (; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code >= 128 || (SETS[code] & set) === 0) break;
  }
  return at;
}

function skipSpaces(value: string, at: number): number {
  while (isSpace(value[at])) at += 1;
  return at;
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function nextComma(value: string, at: number): number {
  const comma = value.indexOf(",", at);
  return comma === -1 ? value.length : comma;
}
