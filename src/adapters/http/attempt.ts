/** One request on its way through the retry loop of an HTTPAdapter. */
import { rawValue, rawValues } from "../../http/fields.js";
import { hooksOfRequest, insideRequest, type PreparedRequest } from "../../message/prepared.js";
import { insideResponse, type Response } from "../../message/response.js";
import { REDIRECT_STATUSES } from "../../policy/redirect.js";
import { isRetryCertain, type Retry } from "../../policy/retry.js";
import type { Timeouts } from "../../policy/timeout.js";
import { isForwarding, type ProxyHop } from "../../wire/connect/proxy-hop.js";
import type { DecodeLimits } from "../../wire/decode/decode.js";
import type { ResponseHead } from "../../wire/transport.js";
import type { CallSettings } from "../adapter.js";
import type { Cancellation } from "../cancellation.js";

/** Requests that answer the challenges of a forwarding proxy: one, and one more for a nonce that was too old. */
const MAX_PROXY_ANSWERS = 2;

/** The state that the attempts of one request share, and the progress of the retry loop. */
export class Attempt {
  readonly request: PreparedRequest;
  readonly settings: CallSettings;
  readonly timeouts: Timeouts;
  readonly limits: DecodeLimits;
  readonly cancellation: Cancellation | undefined;
  /** Counted from 1. */
  number = 0;
  /** The policy for what this attempt ends in. */
  retry: Retry;
  /** The proxy of the request that is under way. */
  proxy: ProxyHop | null = null;
  /** The number of challenges of the proxy that this attempt has answered. */
  proxyAnswers = 0;

  constructor(
    request: PreparedRequest,
    settings: CallSettings,
    limits: { readonly timeouts: Timeouts; readonly decode: DecodeLimits },
    retry: Retry,
  ) {
    this.request = request;
    this.settings = settings;
    this.timeouts = limits.timeouts;
    this.limits = limits.decode;
    this.cancellation = settings.cancellation;
    this.retry = retry;
  }

  /**
   * Whether another request will follow a response with this head, whatever its body is: by a redirect, a retry or the
   * answer to a proxy's challenge. False where a hook or a layer could still decide otherwise.
   */
  goesOnAfter(head: ResponseHead): boolean {
    const { statusCode, rawHeaders } = head;
    if (statusCode < 300) return false;
    if (REDIRECT_STATUSES.has(statusCode))
      return (
        this.settings.followsRedirects === true &&
        hooksOfRequest(this.request, "response").length === 0 &&
        Boolean(rawValue(rawHeaders, "location"))
      );
    return statusCode === 407 ? this.#answersProxy(head) : this.#isRetried(head);
  }

  /** The Proxy-Authorization that answers the challenge of a response, or null. */
  proxyAnswer(response: Response, target: string): string | null {
    const { request, proxy } = this;
    if (!this.#mayAnswerProxy()) return null;
    return proxy!.credentials!.answer(
      insideResponse.headerValues(response, "proxy-authenticate"),
      request.method,
      target,
    );
  }

  #answersProxy({ rawHeaders }: ResponseHead): boolean {
    return this.#mayAnswerProxy() && this.proxy!.credentials!.answers(rawValues(rawHeaders, "proxy-authenticate"));
  }

  #mayAnswerProxy(): boolean {
    const { proxy } = this;
    return (
      this.proxyAnswers < MAX_PROXY_ANSWERS &&
      isForwarding(proxy) &&
      proxy!.credentials !== null &&
      insideRequest.isRepeatable(this.request)
    );
  }

  #isRetried({ statusCode, rawHeaders }: ResponseHead): boolean {
    const { layers } = this.settings;
    // A layer may replace the response, or keep it from being retried.
    if (layers !== undefined && layers.length > 0) return false;
    return (
      isRetryCertain(this.retry, this.request.method, statusCode, Boolean(rawValue(rawHeaders, "retry-after"))) &&
      insideRequest.isRepeatable(this.request)
    );
  }
}
