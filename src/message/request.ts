/** Request: what the caller wants, before it is prepared. */
import { inspect } from "node:util";

import type { HeadersLike } from "./headers.js";
import type { DataInit, FilesInit } from "./body/body-init.js";
import {
  addsHooks,
  deregisterHook,
  hooksFrom,
  registerHook,
  type HookEvent,
  type Hooks,
  type HooksInit,
  type HookTypes,
} from "./hooks.js";
import { maskedRequest } from "./masked.js";
import { NO_OPTIONS, ownOptions } from "../options/own-options.js";
import type { Params } from "../http/params.js";
import { PreparedRequest } from "./prepared.js";

/** The parts of a request that a caller may give beside method and URL. */
export interface RequestParts {
  /** As the option `headers`: an object, pairs, a Map, `Headers` or a CaseInsensitiveDict; null values are left out. */
  readonly headers?: HeadersLike | null | undefined;
  /**
   * As the option `files`: an object or pairs; each value is content or `[filename, content, contentType?, headers?]`.
   */
  readonly files?: FilesInit | null | undefined;
  /** As the option `data`: the body. An object or pairs are a form; text, bytes and streams are sent as they are. */
  readonly data?: DataInit | null | undefined;
  /** As the option `params`: added to the query of the URL. */
  readonly params?: Params | null | undefined;
  /** As the option `auth`: a pair, an auth object, a function; null for none, those of the URL included. */
  readonly auth?: unknown;
  /** As the option `cookies`: an object, pairs or a jar. */
  readonly cookies?: unknown;
  /** As the option `hooks`: functions that see the request and the response. */
  readonly hooks?: HooksInit | null | undefined;
  /**
   * As the option `json`: anything that JSON.stringify takes; undefined for none. Ignored beside `data` and `files`.
   */
  readonly json?: unknown;
}

/** The hooks of a request, or null when it was given none. Reading `request.hooks` would make an empty list. */
export let hooksOf: (request: Request) => Hooks | null;
/** Whether they run after those of the session. */
export let hooksAreAdded: (request: Request) => boolean;

/**
 * A request that has not been prepared yet.
 *
 * @example
 * ```ts
 * const request = new Request("GET", "https://httpbin.org/get", { params: { page: 2 } });
 * request.prepare().url; //=> "https://httpbin.org/get?page=2"
 * ```
 */
export class Request {
  /** The method; written in capitals when the request is prepared. */
  method: string | undefined;
  /** The URL, still without `params`. */
  url: string | URL | undefined;
  /** Headers to send, beside those of the session that prepares the request. */
  headers: HeadersLike | null | undefined;
  /** Files for a multipart body, as the option `files` takes them. */
  files: unknown;
  /** The body, as the option `data` takes it. */
  data: unknown;
  /** Parameters for the query, beside those of the session. */
  params: Params | null | undefined;
  /** undefined: the session's, or the URL's; null: none. */
  auth: unknown;
  /** Cookies for this request alone, beside those of the session. */
  cookies: unknown;
  /** A value to send as JSON; ignored beside `data` and `files`. */
  json: unknown;
  #hooks: Hooks | null;
  #addsHooks: boolean;

  constructor(method?: string, url?: string | URL, init: RequestParts = NO_OPTIONS) {
    init = ownOptions(init);
    this.method = method;
    this.url = url;
    this.headers = init.headers;
    this.files = init.files;
    this.data = init.data;
    this.params = init.params;
    this.auth = init.auth;
    this.cookies = init.cookies;
    this.json = init.json;
    this.#hooks = init.hooks == null ? null : hooksFrom(init.hooks);
    this.#addsHooks = addsHooks(init.hooks);
  }

  /** Functions that see the request before it is sent, and the response. */
  get hooks(): Hooks {
    return (this.#hooks ??= hooksFrom(null));
  }
  set hooks(hooks: HooksInit | null) {
    this.#hooks = hooksFrom(hooks);
    this.#addsHooks = addsHooks(hooks);
  }

  static {
    hooksOf = (request) => request.#hooks;
    hooksAreAdded = (request) => request.#addsHooks;
  }

  /** Prepares the request by itself: nothing of a session goes into it. */
  prepare(): PreparedRequest {
    const prepared = new PreparedRequest();
    prepared.prepare(this);
    return prepared;
  }

  /** Adds one function or several for an event. */
  registerHook<Event extends HookEvent>(event: Event, hook: HookTypes[Event] | readonly HookTypes[Event][]): void {
    registerHook(this.hooks, event, hook);
  }

  /**
   * Removes a hook.
   *
   * @returns False when it was not registered.
   */
  deregisterHook<Event extends HookEvent>(event: Event, hook: HookTypes[Event]): boolean {
    return deregisterHook(this.hooks, event, hook);
  }

  /** The request in plain values, with secrets masked: what `JSON.stringify` writes. */
  toJSON(): Record<string, unknown> {
    return maskedRequest(this);
  }

  [inspect.custom](): string {
    return `<Request [${this.method ?? ""}]>`;
  }
}
