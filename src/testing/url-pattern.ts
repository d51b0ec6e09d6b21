/** Which URLs a route answers. */
import { inspect } from "node:util";

/**
 * A URL without its query matches whatever the query is; one with a query wants those parameters, and allows others.
 *
 * - `"https://api.example.com/users"`: this URL.
 * - `"https://api.example.com/users/{id}"`: anything but a slash in place of `{id}`, given as `call.params.id`.
 * - `"https://api.example.com/*"`: everything that begins so; a `*` further ahead stands for anything but a slash.
 * - `"/users"`: this path on any host.
 * - `"*"`: everything.
 * - a RegExp, tested against the whole URL without its fragment; its named groups are `call.params`.
 * - a function of the URL.
 */
export type UrlPattern = string | URL | RegExp | ((url: URL) => boolean);

/** The result of matching a URL: the parts that the pattern extracts, or the difference. */
export type UrlVerdict =
  { readonly params: Readonly<Record<string, string>> } | { readonly difference: string; readonly weight: number };

/** A pattern, ready to be asked. */
export interface CompiledUrl {
  readonly shown: string;
  /** Parameters that the pattern's query asks for. */
  readonly query: readonly (readonly [string, string])[];
  test(url: URL): UrlVerdict;
}

const PLACE = /\{([A-Za-z_][A-Za-z0-9_]*)\}|\*/g;
const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

/** @throws TypeError for a text that is neither a URL nor a path. */
export function compileUrl(pattern: UrlPattern): CompiledUrl {
  if (typeof pattern === "function")
    return {
      shown: `a URL of which ${pattern.name || "the function"} is true`,
      query: [],
      test: (url) => (pattern(url) ? { params: NO_PARAMS } : { difference: "the function says no", weight: 2 }),
    };
  if (pattern instanceof RegExp) return compileRegExp(pattern);
  if (typeof pattern === "string" || pattern instanceof URL) return compileText(String(pattern));
  throw new TypeError(`A route takes a URL, a path, a RegExp or a function, not ${inspect(pattern)}`);
}

function compileRegExp(pattern: RegExp): CompiledUrl {
  // Without the state that a global expression keeps from test to test.
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
  return {
    shown: String(pattern),
    query: [],
    test: (url) => {
      const found = stateless.exec(whole(url));
      if (found === null) return { difference: "the URL does not match", weight: 2 };
      return {
        params: Object.fromEntries(Object.entries(found.groups ?? {}).filter(([, text]) => text !== undefined)),
      };
    },
  };
}

function compileText(text: string): CompiledUrl {
  if (text === "*") return { shown: "*", query: [], test: () => ({ params: NO_PARAMS }) };
  const anyHost = text.startsWith("/");
  if (!anyHost && !/^[a-z][a-z0-9+.-]*:\/\/./i.test(text))
    throw new TypeError(
      `A route takes a URL ("https://host/path"), a path ("/path") or "*", not ${JSON.stringify(text)}; put the baseUrl of the session before it`,
    );
  const names: (string | null)[] = [];
  // The places stand through the URL parser as letters that it leaves alone.
  const marked = text.replace(PLACE, (_place, name: string | undefined) => `xplacex${names.push(name ?? null) - 1}x`);
  const url = new URL(anyHost ? `http://any.invalid${marked}` : marked);
  const { origin, path } = split(url);
  const matchesOrigin = expression(origin, names, false);
  const matchesPath = expression(path, names, text.endsWith("*"));
  return {
    shown: text,
    query: [...url.searchParams].map(([name, value]) => [restored(name, names), restored(value, names)]),
    test: (asked) => {
      const parts = split(asked);
      const host = anyHost ? null : matchesOrigin.exec(parts.origin);
      if (!anyHost && host === null) return { difference: `the host is ${parts.origin}`, weight: 3 };
      const found = matchesPath.exec(parts.path);
      if (found === null) return { difference: `the path is ${parts.path}`, weight: 2 };
      return { params: decodedGroups({ ...host?.groups, ...found.groups }) };
    },
  };
}

function split(url: URL): { readonly origin: string; readonly path: string } {
  return { origin: `${url.protocol}//${url.host}`, path: url.pathname };
}

function whole(url: URL): string {
  const hash = url.href.indexOf("#");
  return hash === -1 ? url.href : url.href.slice(0, hash);
}

/** @param open - Whether a place at the end stands for slashes, too. */
function expression(marked: string, names: readonly (string | null)[], open: boolean): RegExp {
  const pieces = marked.split(/xplacex(\d+)x/);
  let source = "";
  for (const [at, piece] of pieces.entries()) {
    if (at % 2 === 0) source += piece.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    else {
      const name = names[Number(piece)];
      const last = at === pieces.length - 2 && pieces[at + 1] === "";
      source += name === null ? (open && last ? ".*" : "[^/]*") : `(?<${name}>[^/]+)`;
    }
  }
  return new RegExp(`^${source}$`);
}

function restored(text: string, names: readonly (string | null)[]): string {
  return text.replace(/xplacex(\d+)x/g, (_mark, at: string) => {
    const name = names[Number(at)];
    return name === null ? "*" : `{${name}}`;
  });
}

function decodedGroups(groups: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, text] of Object.entries(groups)) {
    if (text === undefined) continue;
    try {
      found[name] = decodeURIComponent(text);
    } catch {
      found[name] = text;
    }
  }
  return found;
}
