/** One request that reached the double, as the double saw it. */
import { inspect } from "node:util";

import type { CaseInsensitiveDict, PreparedRequest, Response } from "../index.js";
import { redactedUrl } from "../extend/index.js";
import type { MockRoute } from "./route.js";

const EMPTY = Buffer.alloc(0);

/** Access for the mock itself, as a friend of the class. */
export let insideCall: {
  url(call: MockCall): URL;
  useBody(call: MockCall, body: Buffer): void;
};

/** A request that was sent, what it brought, and what came of it. A retry is a call of its own. */
export class MockCall {
  /** As it was sent. */
  readonly request: PreparedRequest;
  /** 1, and more for a retry. */
  readonly attempt: number;
  /** Parts of the URL by the names in the route's pattern, escapes undone. */
  params: Readonly<Record<string, string>> = {};
  /** The route that answered; null when there was none, or before it was found. */
  route: MockRoute | null = null;
  /** The response; undefined before it has arrived, and for a call that failed. */
  response: Response | undefined = undefined;
  /** The error of a call that failed. */
  error: unknown = undefined;
  #body: Buffer = EMPTY;
  #url: URL | null = null;

  static {
    insideCall = {
      url: (call) => (call.#url ??= new URL(call.url)),
      useBody: (call, body) => {
        call.#body = body;
      },
    };
  }

  constructor(request: PreparedRequest, attempt: number) {
    this.request = request;
    this.attempt = attempt;
  }

  /** The method, in capitals. */
  get method(): string {
    return this.request.method;
  }

  /** As it was sent, with its query. */
  get url(): string {
    return this.request.url;
  }

  /** The parameters of the URL's query. */
  get query(): URLSearchParams {
    return insideCall.url(this).searchParams;
  }

  /** The headers, as they were sent. */
  get headers(): CaseInsensitiveDict {
    return this.request.headers;
  }

  /** The body as it went out, without the framing of the transfer; empty for none, and until it was sent. */
  get body(): Buffer {
    return this.#body;
  }

  /** The body as UTF-8. */
  get text(): string {
    return this.#body.toString("utf8");
  }

  /**
   * The body as JSON.
   *
   * @throws SyntaxError when it is none.
   */
  json<T = unknown>(): T {
    return JSON.parse(this.text) as T;
  }

  /** The body as a form of `application/x-www-form-urlencoded`. */
  get form(): URLSearchParams {
    return new URLSearchParams(this.text);
  }

  [inspect.custom](): string {
    return `<MockCall [${this.method} ${redactedUrl(this.url)}]>`;
  }
}
