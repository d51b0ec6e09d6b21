/** Makes a call with requests-ts, and writes down what record.py writes down of Python's. */
import requests, {
  CookieConflictError,
  Request,
  RequestException,
  Session,
  type PreparedRequest,
  type RequestOptions,
  type RequestsCookieJar,
  type Response,
} from "requests-ts";

import type { Call, Json, Played, Step } from "./calls.js";
import { ScriptServer } from "./script-server.js";
import { Values } from "./values.js";

type Options = Record<string, unknown>;
type Verb = (...given: unknown[]) => Promise<Response>;

/** Plays one call from its first step to its last. */
export async function replay(call: Call): Promise<Played> {
  using values = new Values();
  const server = await new ScriptServer(call.server).listen();
  const before = { ...process.env };
  const run = new Run(call, server, values);
  try {
    Object.assign(process.env, server.fill(call.env ?? {}));
    if (call.netrc !== undefined) process.env["NETRC"] = values.file("netrc", call.netrc);
    return await run.play();
  } finally {
    await run.session?.close();
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    await server.close();
  }
}

class Run {
  readonly session: Session | null;
  readonly #call: Call;
  readonly #server: ScriptServer;
  readonly #values: Values;
  readonly #hooked: Json[] = [];

  constructor(call: Call, server: ScriptServer, values: Values) {
    this.#call = call;
    this.#server = server;
    this.#values = values;
    this.session = call.session === undefined ? null : new Session();
  }

  async play(): Promise<Played> {
    if (this.#call.session !== undefined) this.#settle(this.#call.session);
    const results: Json[] = [];
    for (const step of this.#call.steps) {
      try {
        results.push(await this.#step(step));
      } catch (error) {
        results.push({ raised: this.#exception(error) });
      }
    }
    const played = { sent: this.#server.sent, results };
    return this.#hooked.length === 0 ? played : { ...played, hooked: this.#hooked };
  }

  get #owned(): Session {
    if (this.session === null) throw new Error("This step needs a session");
    return this.session;
  }

  async #step([verb, ...given]: Step): Promise<Json> {
    const first = (given[0] ?? {}) as { readonly [name: string]: Json };
    switch (verb) {
      case "prepare":
        return { prepared: this.#prepared(this.#request(first).prepare()) };
      case "prepare_request":
        return { prepared: this.#prepared(this.#owned.prepareRequest(this.#request(first))) };
      case "send":
        return this.#response(await this.#owned.send(this.#owned.prepareRequest(this.#request(first))), []);
      case "set":
        this.#settle(first);
        return {};
      case "jar":
        return { jar: cookies(this.#owned.cookies) };
      case "set_cookie": {
        const [name, value, attributes] = given as [string, string, object];
        this.#owned.cookies.set(name, value, attributes);
        return {};
      }
      case "get_cookie": {
        const [name, scope] = given as [string, { path?: string } | undefined];
        return { value: this.#owned.cookies.get(name, undefined, scope) ?? null };
      }
    }
    const last = given.at(-1);
    const { then = [], ...options } = isObject(last) ? last : {};
    const positional = this.#server.fill(isObject(last) ? given.slice(0, -1) : given);
    const api = (this.session ?? requests) as unknown as Record<string, Verb>;
    const settings = Object.keys(options).length === 0 ? [] : [this.#options(options)];
    return this.#response(await api[verb](...positional, ...settings), then as Step[]);
  }

  #request(given: { readonly [name: string]: Json }): Request {
    const { method, url, ...rest } = this.#options(given) as Options & { method?: string; url?: string };
    return new Request(method, url, rest);
  }

  #settle(settings: { readonly [name: string]: Json }): void {
    const session = this.#owned;
    for (const [name, value] of Object.entries(this.#options(settings))) {
      if (name === "headers") session.headers.update(value as Record<string, string>);
      else if (name === "params") session.params = { ...(session.params as object), ...(value as object) };
      else if (name === "cookies") session.cookies.update(value as Record<string, string>);
      else if (name === "hooks") session.hooks = { response: [...(value as { response: [] }).response] };
      else Object.assign(session, { [name]: value });
    }
  }

  /** Names in our case; what Python takes for None is left out. */
  #options(given: { readonly [name: string]: Json }): Options {
    const options: Options = {};
    for (const [name, value] of Object.entries(this.#server.fill(given))) {
      const ours = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      if (name === "hooks") options[ours] = { response: [(response: Response) => this.#note(response)] };
      else if (value !== null) options[ours] = this.#values.of(value);
    }
    return options satisfies RequestOptions;
  }

  #note(response: Response): void {
    this.#hooked.push(this.#hop(response));
  }

  // ── what is written down ──────────────────────────────────────────────────────────────────────────────────────────

  #exception(error: unknown): Json {
    if (!(error instanceof Error)) throw error;
    const known = error instanceof RequestException || error instanceof CookieConflictError;
    const status = error instanceof RequestException ? error.response?.statusCode : undefined;
    return {
      type: error.name,
      message: this.#server.mask(error.message),
      ...(known ? {} : { builtin: true }),
      ...(status === undefined ? {} : { status }),
    };
  }

  #prepared(request: PreparedRequest): Json {
    const { body } = request;
    const isBytes = body instanceof Uint8Array;
    return {
      method: request.method,
      url: this.#server.mask(request.url),
      path: request.pathUrl,
      headers: [...request.headers],
      body: isBytes
        ? this.#server.mask(Buffer.from(body).toString("latin1"))
        : typeof body === "string"
          ? this.#server.mask(body)
          : null,
    };
  }

  #hop(response: Response): Json {
    return [response.statusCode, this.#server.mask(response.url)];
  }

  async #response(response: Response, then: readonly Step[]): Promise<Json> {
    const mask = (text: string): string => this.#server.mask(text);
    const masked = (map: Iterable<[string, string]>): Json =>
      Object.fromEntries([...map].map(([name, value]) => [name, mask(value)]));
    const raw = response.raw.headers;
    const links = Object.entries(response.links);
    const shown: Record<string, Json> = {
      status: response.statusCode,
      reason: response.reason,
      ok: response.ok,
      url: mask(response.url),
      raw: raw.map(([name, value]) => [name, mask(value)]),
      headers: masked(response.headers),
      encoding: response.encoding,
      redirect: [response.isRedirect, response.isPermanentRedirect],
      history: response.history.map((hop) => this.#hop(hop)),
      cookies: cookies(response.cookies),
      links: Object.fromEntries(links.map(([rel, link]) => [rel, masked(Object.entries(link))])),
      request: [response.request.method, mask(response.request.url)],
    };
    if (isRead(response)) shown["text"] = mask(response.text);
    for (const [what, ...given] of then) {
      try {
        shown[what] = await this.#then(response, what, given);
      } catch (error) {
        shown[what] = { raised: this.#exception(error) };
      }
    }
    response.close();
    return { response: shown };
  }

  async #then(response: Response, what: string, [given = null]: readonly Json[]): Promise<Json> {
    switch (what) {
      case "json":
        return plain(response.json());
      case "raise_for_status":
        response.raiseForStatus();
        return "nothing";
      case "apparent_encoding":
        return response.apparentEncoding;
      case "text_as":
        response.encoding = given as string | null;
        return response.text;
      case "content":
        return (await response.read()).toString("base64");
      case "iter_lines":
        return texts(response.iterLines(this.#options(given as { readonly [name: string]: Json })));
      case "iter_content":
      case "again":
        return texts(response.iterContent(given as number | null));
      case "iter_text":
        return (await texts(response.iterContent(given as number, { decodeUnicode: true }))).join("");
      case "raw":
        return (await response.raw.read(given as number)).toString("latin1");
      case "next":
        return response.next === null ? null : this.#prepared(response.next);
      case "header":
        return response.headers.get(given as string) ?? null;
      default:
        throw new Error(`Calls have no ${what}`);
    }
  }
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRead(response: Response): boolean {
  try {
    return response.content.length >= 0;
  } catch {
    return false;
  }
}

function cookies(jar: RequestsCookieJar): Json {
  const found = [...jar].map(({ name, value, domain, path }) => [name, value, domain, path]);
  return found.sort((one, other) => (one.join("\0") < other.join("\0") ? -1 : 1));
}

async function texts(pieces: AsyncIterable<Buffer | string>): Promise<string[]> {
  const found: string[] = [];
  for await (const piece of pieces) found.push(typeof piece === "string" ? piece : piece.toString("latin1"));
  return found;
}

function plain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
  return value as Json;
}
