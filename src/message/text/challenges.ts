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
 * The challenges of a field, in order. Several challenges may stand in one field and share their commas with the
 * parameters; a token that is followed by "=" is a parameter, any other begins a challenge. Never throws: what cannot be
 * read is skipped up to the next comma.
 *
 * @param value - The field's value; several fields joined by ", " are one.
 * @see RFC 9110 §11.6.1 and §11.2
 */
export function parseChallenges(value: string): Challenge[] {
  const challenges: Challenge[] = [];
  let parameters: Map<string, string> | null = null;
  let at = 0;
  for (;;) {
    while (value[at] === "," || isSpace(value[at])) at += 1;
    if (at >= value.length) return challenges;
    const end = runEnd(value, at, TOKEN);
    if (end === at) {
      at = nextComma(value, at);
      continue;
    }
    const equals = skipSpaces(value, end);
    if (value[equals] === "=") {
      // Without a challenge before it this is garbage, and is read only to be passed by.
      at = readParameter(value, at, end, equals, parameters);
      continue;
    }
    if (challenges.length === MAX_CHALLENGES) return challenges;
    parameters = new Map();
    const opaque: string | null = isSpace(value[end]) ? token68At(value, equals) : null;
    challenges.push({ scheme: value.slice(at, end).toLowerCase(), token68: opaque, parameters });
    if (opaque !== null) at = equals + opaque.length;
    // Behind a scheme comes its first parameter; anything else there belongs to nobody.
    else if (equals === end || startsParameter(value, equals)) at = equals;
    else at = nextComma(value, equals);
  }
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

/** Reads one parameter; returns the index of the comma behind it, or the end. */
function readParameter(
  value: string,
  start: number,
  end: number,
  equals: number,
  parameters: Map<string, string> | null,
): number {
  let at = skipSpaces(value, equals + 1);
  let content: string;
  if (value[at] === '"') {
    [content, at] = quotedString(value, at);
    at = nextComma(value, at);
  } else {
    const stop = nextComma(value, at);
    // A value that should have been quoted (`realm=My Site`) is taken up to the comma.
    content = value.slice(at, stop).trim();
    at = stop;
  }
  const name = value.slice(start, end).toLowerCase();
  if (parameters !== null && !parameters.has(name) && parameters.size < MAX_CHALLENGE_PARAMETERS)
    parameters.set(name, content);
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
