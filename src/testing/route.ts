/** A route: which requests it answers, with what, and what came of it. */
import { isDeepStrictEqual } from "node:util";

import { isCredentialHeader, isSecretParameter, redactedBody, redactedUrl } from "../extend/index.js";
import { insideCall, type MockCall } from "./call.js";
import { checkReply, type ReplyInit } from "./reply.js";
import { compileUrl, type CompiledUrl, type UrlPattern } from "./url-pattern.js";

/** The value that a parameter or header must have. null: it must be absent; an array: all the values, in order. */
export type Expected = string | number | boolean | RegExp | null | readonly (string | number | boolean)[];

/** Conditions of a route on a request, in addition to method and URL. A part that is not named may have any value. */
export interface Match {
  /** Parameters of the query; others may be there. */
  readonly params?: Readonly<Record<string, Expected>> | undefined;
  /** Header fields; others may be there. */
  readonly headers?: Readonly<Record<string, Expected>> | undefined;
  /** The body as JSON, deeply equal. */
  readonly json?: unknown;
  /** Fields of the body as a form; others may be there. */
  readonly form?: Readonly<Record<string, Expected>> | undefined;
  /** The body as text: equal, or matched. */
  readonly text?: string | RegExp | undefined;
  /** The body as bytes. */
  readonly body?: Uint8Array | undefined;
  /** Whatever else there is to say. */
  readonly when?: ((call: MockCall) => boolean) | undefined;
  /** The most calls that the route answers. Afterwards the next matching route answers. */
  readonly times?: number | undefined;
}

/** The difference between a request and a route. */
export interface Distance {
  readonly differences: readonly string[];
  readonly weight: number;
}

/** Access for the mock itself, as a friend of the class. */
export let insideRoute: {
  shownUrl(route: MockRoute): string;
  reset(route: MockRoute): void;
  needsBody(route: MockRoute): boolean;
  take(route: MockRoute, call: MockCall): ReplyInit;
  distance(route: MockRoute, call: MockCall, bodyKnown: boolean): Distance;
};

/** The result of `mock.get` and the other methods: a route with its calls, for the assertions of a test. */
export class MockRoute {
  /** In upper case; empty for any. */
  readonly methods: readonly string[];
  readonly #url: CompiledUrl;
  readonly #match: Match;
  readonly #replies: readonly ReplyInit[];
  readonly #calls: MockCall[] = [];
  #next = 0;

  static {
    insideRoute = {
      shownUrl: (route) => route.#url.shown,
      reset: (route) => route.#reset(),
      needsBody: (route) => route.#needsBody,
      take: (route, call) => route.#take(call),
      distance: (route, call, bodyKnown) => route.#distance(call, bodyKnown),
    };
  }

  constructor(methods: readonly string[], url: UrlPattern, replies: ReplyInit | readonly ReplyInit[], match: Match) {
    this.methods = methods.map((method) => method.toUpperCase());
    this.#url = compileUrl(url);
    this.#match = match;
    this.#replies = Array.isArray(replies) ? (replies as readonly ReplyInit[]) : [replies as ReplyInit];
    if (this.#replies.length === 0) throw new TypeError("A sequence of replies must contain at least one reply");
    for (const reply of this.#replies)
      if (typeof reply !== "function" && reply !== "passthrough" && !(reply instanceof Error)) checkReply(reply);
    if (match.times !== undefined && !(Number.isInteger(match.times) && match.times > 0))
      throw new RangeError(`times must be a whole number, 1 or greater, not ${String(match.times)}`);
  }

  /** The calls that it answered, the oldest first. */
  get calls(): readonly MockCall[] {
    return this.#calls;
  }

  /** The number of its calls. */
  get callCount(): number {
    return this.#calls.length;
  }

  /** Whether it was called at all. */
  get called(): boolean {
    return this.#calls.length > 0;
  }

  /** Such as `GET https://api.example.com/users/{id}`. */
  toString(): string {
    const { times } = this.#match;
    const wanted = Object.keys(this.#match).filter((name) => name !== "times");
    const method = this.methods.length === 0 ? "any method" : this.methods.join(" or ");
    return `${method} ${redactedUrl(this.#url.shown)}${wanted.length === 0 ? "" : ` with ${wanted.join(", ")}`}${times === undefined ? "" : ` (at most ${times} times)`}`;
  }

  /** Forgets the calls, and starts the replies again. */
  #reset(): void {
    this.#calls.length = 0;
    this.#next = 0;
  }

  /** Whether the body is needed to choose the route. */
  get #needsBody(): boolean {
    const { json, form, text, body, when } = this.#match;
    return json !== undefined || form !== undefined || text !== undefined || body !== undefined || when !== undefined;
  }

  /** The reply to a call that fits. The last one repeats. */
  #take(call: MockCall): ReplyInit {
    this.#calls.push(call);
    const verdict = this.#url.test(insideCall.url(call));
    call.params = "params" in verdict ? verdict.params : {};
    call.route = this;
    const reply = this.#replies[Math.min(this.#next, this.#replies.length - 1)];
    this.#next += 1;
    return reply;
  }

  /** Why the route does not answer a call. @param bodyKnown - Whether the body can be compared. */
  #distance(call: MockCall, bodyKnown: boolean): Distance {
    const differences: string[] = [];
    let weight = 0;
    const differ = (what: string, by = 1): void => {
      differences.push(what);
      weight += by;
    };
    const verdict = this.#url.test(insideCall.url(call));
    if ("difference" in verdict) differ(verdict.difference, verdict.weight);
    if (this.methods.length > 0 && !this.methods.includes(call.method)) differ(`the method is ${call.method}`);
    for (const [name, value] of this.#url.query)
      if (!call.query.getAll(name).includes(value)) differ(different("params", name, call.query.getAll(name), value));
    this.#compareFields("params", this.#match.params, (name) => call.query.getAll(name), differ);
    this.#compareFields("headers", this.#match.headers, (name) => call.headers.getAll(name), differ);
    if (bodyKnown && differences.length === 0) this.#compareBody(call, differ);
    const { times } = this.#match;
    if (times !== undefined && this.#calls.length >= times)
      differ(`it has answered ${times} time${times === 1 ? "" : "s"}, and may not again`, 0.5);
    return { differences, weight };
  }

  #compareFields(
    kind: string,
    wanted: Readonly<Record<string, Expected>> | undefined,
    valuesOf: (name: string) => readonly string[],
    differ: (what: string) => void,
  ): void {
    for (const [name, expected] of Object.entries(wanted ?? {})) {
      const values = valuesOf(name);
      if (!fits(values, expected)) differ(different(kind, name, values, expected));
    }
  }

  #compareBody(call: MockCall, differ: (what: string) => void): void {
    const { json, form, text, body, when } = this.#match;
    if (json !== undefined) {
      const found = jsonOf(call);
      if (found === undefined) differ("the body is not JSON");
      else if (!isDeepStrictEqual(found.value, json))
        differ(`the JSON is ${shown(JSON.stringify(found.value))}, not ${shown(JSON.stringify(json))}`);
    }
    if (form !== undefined) this.#compareFields("form", form, (name) => call.form.getAll(name), differ);
    if (text !== undefined && !(typeof text === "string" ? text === call.text : new RegExp(text).test(call.text)))
      differ(
        `the text is ${JSON.stringify(shown(call.text))}, not ${typeof text === "string" ? JSON.stringify(shown(text)) : String(text)}`,
      );
    if (body !== undefined && !call.body.equals(body))
      differ(`the body is ${call.body.length} other bytes than the ${body.length} wanted`);
    if (when !== undefined && !when(call)) differ("its function says no");
  }
}

function fits(values: readonly string[], expected: Expected): boolean {
  if (expected === null) return values.length === 0;
  if (expected instanceof RegExp) return values.some((value) => new RegExp(expected).test(value));
  if (typeof expected === "object") return isDeepStrictEqual([...values], expected.map(String));
  return values.includes(String(expected));
}

/** Messages of failed tests end up in logs: the values of credentials are left out. */
function different(kind: string, name: string, values: readonly string[], expected: Expected): string {
  const what = `${kind}.${name}`;
  if (kind === "headers" ? isCredentialHeader(name) : isSecretParameter(name))
    return `${what} ${values.length === 0 ? "is missing" : "has another value"}`;
  const wanted =
    expected === null ? "absent" : expected instanceof RegExp ? String(expected) : JSON.stringify(expected);
  if (values.length === 0) return `${what} is missing, not ${wanted}`;
  return `${what} is ${shortened(values.map((value) => JSON.stringify(value)).join(" and "))}, not ${wanted}`;
}

function jsonOf(call: MockCall): { readonly value: unknown } | undefined {
  try {
    return { value: call.json() };
  } catch {
    return undefined;
  }
}

/** A body without its secrets. */
function shown(text: string): string {
  return shortened(redactedBody(text, undefined));
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
