/** Request: what the caller wants, before it is prepared. */
import { inspect } from "node:util";

import type { HeadersInit } from "./headers.js";
import { deregisterHook, hooksFrom, registerHook, type Hooks, type HooksInit, type ResponseHook } from "./hooks.js";
import { NO_OPTIONS, ownOptions } from "./own-options.js";
import type { Params } from "./params.js";
import { PreparedRequest } from "./prepared.js";

/** The parts of a request that a caller may give beside method and URL. */
export interface RequestInit {
  readonly headers?: HeadersInit | null | undefined;
  readonly files?: unknown;
  readonly data?: unknown;
  readonly params?: Params | null | undefined;
  readonly auth?: unknown;
  readonly cookies?: unknown;
  readonly hooks?: HooksInit | null | undefined;
  readonly json?: unknown;
}

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
  method: string | undefined;
  url: string | URL | undefined;
  headers: HeadersInit | null | undefined;
  files: unknown;
  data: unknown;
  params: Params | null | undefined;
  /** undefined: the session's, or the URL's; null: none. */
  auth: unknown;
  cookies: unknown;
  json: unknown;
  hooks: Hooks;

  constructor(method?: string, url?: string | URL, init: RequestInit = NO_OPTIONS) {
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
    this.hooks = hooksFrom(init.hooks);
  }

  /** Prepares the request by itself: nothing of a session goes into it. */
  prepare(): PreparedRequest {
    const prepared = new PreparedRequest();
    prepared.prepare(this);
    return prepared;
  }

  /** Adds a function that sees the response. */
  registerHook(event: "response", hook: ResponseHook | readonly ResponseHook[]): void {
    registerHook(this.hooks, event, hook);
  }

  /** @returns False when it was not registered. */
  deregisterHook(event: "response", hook: ResponseHook): boolean {
    return deregisterHook(this.hooks, event, hook);
  }

  [inspect.custom](): string {
    return `<Request [${this.method ?? ""}]>`;
  }
}
