/** What may differ between two libraries without being a difference, and what differs beyond that. */
import { isDeepStrictEqual } from "node:util";

import type { Json, Played } from "./calls.js";

/** One difference between a recording and our replay. */
export interface Difference {
  /** Where: `sent.0`, `results.1.response.text` … */
  readonly at: string;
  /** Of requests as sent: only the lines that differ. `undefined` where there is nothing. */
  readonly theirs: Json | undefined;
  readonly ours: Json | undefined;
}

type Fields = { readonly [name: string]: Json };

interface Normalisation {
  /** The texts that it replaces, and why that hides no difference. */
  readonly name: string;
  readonly text: (text: string) => string;
}

/**
 * Levelled in every text of both sides, beside the addresses of the run, which the servers replace by placeholders
 * (`127.0.0.1:PORT` is `{host}` or `{otherhost}`). Nothing else is: names, order and case of headers count, and so does
 * every byte of a body.
 */
export const NORMALISATIONS: readonly Normalisation[] = [
  {
    name: "the product and version of User-Agent",
    text: (text) => text.replace(/(?:python-requests|requests-ts)\/[0-9A-Za-z.+-]+/g, "{product}"),
  },
  {
    name: "the default codings of Accept-Encoding, which depend on what the runtime can decode",
    text: (text) => text.replace(/gzip, deflate(?:, br)?(?:, zstd)?(?=\r?$)/gm, "{codings}"),
  },
  {
    name: "the boundary of multipart bodies: 32 random hex digits on both sides",
    text: (text) => {
      const found = /(?:boundary=|(?:^|\n)--)([0-9a-f]{32})(?=\r\n|$)/.exec(text);
      return found === null ? text : text.replaceAll(found[1], "{boundary}");
    },
  },
  {
    name: "cnonce of Digest, and the response that follows from it; its length, hence its algorithm, counts",
    text: (text) =>
      /cnonce="[0-9a-f]{16,}"/.test(text)
        ? text
            .replace(/cnonce="[0-9a-f]+"/g, 'cnonce="{cnonce}"')
            .replace(/response="([0-9a-f]+)"/g, (_, hex: string) => `response="{${hex.length} hex digits}"`)
        : text,
  },
];

/** Exceptions of the wire: their classes count; the messages name sockets, pools and phases, each library its own. */
const WIRE_EXCEPTIONS: ReadonlySet<string> = new Set([
  "ConnectionError",
  "ConnectTimeout",
  "ReadTimeout",
  "ProxyError",
  "ChunkedEncodingError",
  "ContentDecodingError",
  "StreamConsumedError",
]);

/** Everything that is not the same. */
export function differences(theirs: Played, ours: Played): Difference[] {
  const found: Difference[] = [];
  compare("", levelled(theirs as unknown as Json), levelled(ours as unknown as Json), found);
  return found;
}

function levelled(value: Json): Json {
  if (typeof value === "string") return NORMALISATIONS.reduce((text, { text: level }) => level(text), value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => levelled(item));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === "raised" ? raised(item as Fields) : levelled(item)]),
  );
}

function raised(exception: Fields): Json {
  // Python's ValueError, TypeError, AttributeError … and our TypeError and RangeError: the caller made a mistake.
  if (exception["builtin"] === true) return { type: "a mistake of the caller" };
  const { message, ...rest } = exception;
  if (WIRE_EXCEPTIONS.has(rest["type"] as string)) return rest;
  const words = levelled(message) as string;
  return {
    ...rest,
    message: rest["type"] === "JSONDecodeError" ? words.replace(/^.*: (?=line \d+ column)/s, "") : words,
  };
}

function compare(at: string, theirs: Json | undefined, ours: Json | undefined, found: Difference[]): void {
  if (isDeepStrictEqual(theirs, ours)) return;
  const below = (name: string | number): string => (at === "" ? String(name) : `${at}.${name}`);
  // The words of requests come first in ours, and more may follow. Ours may know a response where theirs knows none.
  if (at.endsWith("raised.message") && isText(theirs) && isText(ours) && ours.startsWith(theirs)) return;
  if (at.endsWith("raised.status") && theirs === undefined) return;
  if (/^sent\.\d+\.bytes$/.test(at)) {
    const [their, our] = differingLines(theirs as string, ours as string);
    found.push({ at: at.replace(".bytes", ""), theirs: their, ours: our });
  } else if (isFields(theirs) && isFields(ours)) {
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)]))
      compare(below(name), theirs[name], ours[name], found);
  } else if (/^(sent|results|hooked)$/.test(at)) {
    const [their, our] = [theirs ?? [], ours ?? []] as [Json[], Json[]];
    for (let index = 0; index < Math.max(their.length, our.length); index += 1)
      compare(below(index), their[index], our[index], found);
  } else found.push({ at, theirs, ours });
}

/** Both requests without the equal lines at their beginnings and ends. */
function differingLines(theirs: string, ours: string): [string, string] {
  const [their, our] = [theirs.split(/(?<=\n)/), ours.split(/(?<=\n)/)];
  const least = Math.min(their.length, our.length);
  let from = 0;
  while (from < least && their[from] === our[from]) from += 1;
  let tail = 0;
  while (tail < least - from && their.at(-1 - tail) === our.at(-1 - tail)) tail += 1;
  const middle = (lines: readonly string[]): string => lines.slice(from, lines.length - tail).join("");
  return [middle(their), middle(our)];
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string";
}

function isFields(value: Json | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
