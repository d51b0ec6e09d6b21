/** The routes of a MockAdapter, and the calls that it received. */
import { insideRequest } from "../extend/index.js";
import type { PreparedRequest, Response } from "../index.js";
import type { WireRequest } from "../extend/index.js";
import { MockCall } from "./call.js";
import type { Switchboard } from "./mock-transport.js";
import { PassThrough, unmatched, type UnmatchedRequest } from "./errors.js";
import type { ReplyInit } from "./reply.js";
import { insideRoute, type MockRoute } from "./route.js";

export class Book implements Switchboard {
  readonly routes: MockRoute[] = [];
  readonly calls: MockCall[] = [];
  readonly unmatched: UnmatchedRequest[] = [];
  readonly #passesUnmatched: boolean;
  /** The call whose request is being handed to the engine in this very turn. */
  #current: MockCall | null = null;

  /** @param passesUnmatched - Whether what no route answers is sent for real. */
  constructor(passesUnmatched: boolean) {
    this.#passesUnmatched = passesUnmatched;
  }

  /** Sends, and keeps what comes of it. */
  async record(
    request: PreparedRequest,
    attempt: number,
    send: (request: PreparedRequest) => Promise<Response>,
  ): Promise<Response> {
    const call = this.#begin(request, attempt);
    let sent: Promise<Response>;
    this.#current = call;
    try {
      sent = send(request);
    } finally {
      this.#current = null;
    }
    try {
      call.response = await sent;
      return call.response;
    } catch (error) {
      if (!(error instanceof PassThrough)) call.error = error;
      throw error;
    }
  }

  callFor({ fields }: WireRequest): MockCall {
    if (this.#current !== null) return this.#current;
    // The same request goes out once more within an attempt when a proxy wants credentials.
    const { request, attempt } = this.calls.findLast((call) => insideRequest.fields(call.request) === fields)!;
    return this.#begin(request, attempt);
  }

  answerFor(call: MockCall, bodyKnown: boolean): ReplyInit | null {
    for (const route of this.routes) {
      if (insideRoute.distance(route, call, bodyKnown).differences.length > 0) continue;
      if (!bodyKnown && insideRoute.needsBody(route)) return null;
      return insideRoute.take(route, call);
    }
    if (this.#passesUnmatched) return "passthrough";
    const error = unmatched(call, this.routes);
    this.unmatched.push(error);
    throw error;
  }

  reset(): void {
    this.calls.length = 0;
    this.unmatched.length = 0;
    for (const route of this.routes) insideRoute.reset(route);
  }

  #begin(request: PreparedRequest, attempt: number): MockCall {
    const call = new MockCall(request, attempt);
    this.calls.push(call);
    return call;
  }
}
