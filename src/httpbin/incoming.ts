import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import * as timers from "node:timers/promises";
import { parseCookies } from "./cookies.js";
import { parseFields, percentDecode, utf8FromLatin1, type Fields } from "./fields.js";

// Copied: fake timers of a test runner replace the member, and would stop the server.
const { setTimeout: wait } = timers;

/** Shown by Python as part of the server's surroundings rather than of the request; hidden unless `?show_env`. */
const ENVIRONMENT_HEADERS = new Set([
  "X-Varnish",
  "X-Request-Start",
  "X-Heroku-Queue-Depth",
  "X-Real-Ip",
  "X-Forwarded-Proto",
  "X-Forwarded-Protocol",
  "X-Forwarded-Ssl",
  "X-Heroku-Queue-Wait-Time",
  "X-Forwarded-For",
  "X-Heroku-Dynos-In-Use",
  "X-Forwarded-Port",
  "X-Request-Id",
  "Via",
  "Total-Route-Time",
  "Connect-Time",
]);

/** One request, as a route looks at it. */
export class Incoming {
  /** Node's own view, for the routes that misbehave on purpose. */
  readonly raw: IncomingMessage;
  /** Upper case, as sent. */
  readonly method: string;
  /** Decoded, with one slash at the front. */
  readonly path: string;
  /** The query as it was sent, without the `?`. */
  readonly query: string;
  /** The parsed query. */
  readonly args: Fields;
  /** Names in Title-Case, values of repeated ones joined with a comma; in the order of arrival. */
  readonly headers: ReadonlyMap<string, string>;
  /** Fires when the client has gone or the server is closing: waits end with it. */
  readonly signal: AbortSignal;
  /** The parts of the path that the route names. Set by the router. */
  params: ReadonlyMap<string, string> = new Map();

  /** When the `100 Continue` went out; undefined while the client still waits for it or never asked. */
  continuedAt: number | undefined;
  #owesContinue: boolean;
  readonly #response: ServerResponse;
  #body: Promise<Buffer> | undefined;

  /** @param expectsContinue - whether the client holds its body back until a `100 Continue`. */
  constructor(raw: IncomingMessage, response: ServerResponse, expectsContinue: boolean) {
    this.raw = raw;
    this.method = raw.method ?? "GET";
    // An absolute target is how a client talks to a proxy (RFC 9112 section 3.2.2): take the path out of it.
    const target = this.target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").replace(/#.*$/s, "");
    const mark = target.indexOf("?");
    this.path = utf8FromLatin1(percentDecode(mark < 0 ? target : target.slice(0, mark))).replace(/^\/*/, "/");
    this.query = mark < 0 ? "" : target.slice(mark + 1);
    this.args = parseFields(this.query);
    this.headers = joinHeaders(raw.rawHeaders);
    this.#response = response;
    this.#owesContinue = expectsContinue;
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    this.signal = gone.signal;
  }

  /** The request target exactly as it stands in the request line. */
  get target(): string {
    return this.raw.url ?? "/";
  }

  /** A header by its name, in any case. */
  header(name: string): string | undefined {
    return this.headers.get(titleCase(name));
  }

  /** The headers to show to the client. */
  visibleHeaders(): ReadonlyMap<string, string> {
    if (this.args.has("show_env")) return this.headers;
    return new Map(Array.from(this.headers).filter(([name]) => !ENVIRONMENT_HEADERS.has(name)));
  }

  /** The cookies sent, the first of each name. */
  cookies(): ReadonlyMap<string, string> {
    return parseCookies(this.header("Cookie") ?? "");
  }

  /** The first value of a query option; the name in any case. */
  option(name: string): string | undefined {
    const exact = this.args.get(name)?.[0];
    if (exact !== undefined) return exact;
    for (const [key, values] of this.args) if (key.toLowerCase() === name) return values[0];
    return undefined;
  }

  /** A part of the path that the route names. */
  param(name: string): string {
    const value = this.params.get(name);
    if (value === undefined) throw new Error(`The route has no <${name}>`);
    return value;
  }

  /** The scheme and authority on which the server was reached: `http://127.0.0.1:8080`. */
  get base(): string {
    return this.#baseAs((this.raw.socket as TLSSocket).encrypted === true ? "https" : "http");
  }

  #baseAs(scheme: string): string {
    const { localAddress = "localhost", localPort = 80 } = this.raw.socket;
    const host = this.header("Host") ?? `${localAddress}:${localPort}`;
    const defaultPort = { http: /:80$/, https: /:443$/ }[scheme];
    return `${scheme}://${defaultPort === undefined ? host : host.replace(defaultPort, "")}`;
  }

  /** The absolute URL of the request, with the scheme that a proxy in front says it was reached by. */
  get url(): string {
    const isForwardedTls = this.header("X-Forwarded-Ssl") === "on" ? "https" : undefined;
    const scheme = this.header("X-Forwarded-Proto") ?? this.header("X-Forwarded-Protocol") ?? isForwardedTls;
    const base = scheme === undefined ? this.base : this.#baseAs(scheme);
    return base + readablePath(this.path) + (this.query === "" ? "" : `?${readableQuery(this.query)}`);
  }

  /** The client's address: the one that a proxy in front reports, otherwise that of the peer. */
  get origin(): string {
    return this.header("X-Forwarded-For") ?? (this.raw.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  }

  /** The body to its end, chunked or with a length. */
  body(): Promise<Buffer> {
    this.#body ??= (async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of this.bodyChunks()) chunks.push(chunk);
      return Buffer.concat(chunks);
    })();
    return this.#body;
  }

  /** The body as it arrives. Asks for it first, if the client waits for a `100 Continue`. */
  bodyChunks(): AsyncIterable<Uint8Array> {
    if (this.#owesContinue) {
      this.#owesContinue = false;
      this.continuedAt = Date.now();
      this.#response.writeContinue();
    }
    return this.raw;
  }

  /** Whether the client holds its body back, and was not asked for it. */
  get isHeldBack(): boolean {
    return this.#owesContinue;
  }

  /** Waits, unless the client goes away. */
  async sleep(seconds: number): Promise<void> {
    if (Number.isNaN(seconds) || seconds < 0) throw new Error("sleep length must be non-negative");
    if (seconds > 0) await wait(seconds * 1000, undefined, { signal: this.signal });
  }
}

/** `x-forwarded-for` → `X-Forwarded-For`; as Python's `str.title`, a letter after a digit is a capital too. */
export function titleCase(name: string): string {
  return name.toLowerCase().replace(/(^|[^a-z])([a-z])/g, (_, before: string, letter: string) => {
    return before + letter.toUpperCase();
  });
}

function joinHeaders(raw: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = titleCase((raw[i] ?? "").replaceAll("_", "-"));
    const value = raw[i + 1] ?? "";
    const before = headers.get(name);
    // Cookies are joined as RFC 6265 section 5.4 would have sent them.
    headers.set(name, before === undefined ? value : before + (name === "Cookie" ? "; " : ",") + value);
  }
  return headers;
}

/** The path as Werkzeug shows it: letters of any script readable, other ASCII quoted. */
function readablePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~$!'()*+,;/:@&=\u0080-\uffff]/g, percentEncode);
}

/** The query as it was sent, but with letters of any script, and ASCII that needs no quoting, readable. */
function readableQuery(query: string): string {
  return query.replace(/(?:%[0-9a-fA-F]{2}|[\u0080-\u00ff])+/g, (run) => {
    const bytes = Buffer.from(percentDecode(run), "latin1");
    const text = bytes.toString("utf8");
    if (text.includes("\ufffd")) return run;
    return text.replace(/[^A-Za-z0-9\-._~$!'()*,;\u0080-\uffff]/g, percentEncode);
  });
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
