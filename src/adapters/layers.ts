/** Layers: functions around each attempt of a request. */
import { PreparedRequest } from "../message/prepared.js";
import { Response } from "../message/response.js";
import type { Adapter, CallSettings, SendSettings } from "./adapter.js";

const NO_RESPONSES: readonly Response[] = Object.freeze([]);

/** The attempt that a layer wraps. */
export interface LayerAttempt {
  /** 1, and more for a retry. */
  readonly number: number;
  /** The responses that led to this request in the same call, by redirects or authentication, the oldest first. */
  readonly previous: readonly Response[];
  /** The settings of the request: the call's, the session's and the environment's in one. */
  readonly settings: SendSettings;
  /** Aborted when the call is stopped, by its `signal` or its total timeout. A layer that waits should end with it. */
  readonly signal: AbortSignal;
}

/** An attempt without its signal, which is made when a layer reads it. */
export type AttemptParts = Omit<LayerAttempt, "signal">;

class Attempted implements LayerAttempt {
  readonly number: number;
  readonly previous: readonly Response[];
  readonly settings: CallSettings;

  constructor({ number, previous, settings }: AttemptParts) {
    this.number = number;
    this.previous = previous;
    this.settings = settings;
  }

  get signal(): AbortSignal {
    return this.settings.cancellation?.signal ?? this.settings.signal ?? new AbortController().signal;
  }
}

/**
 * Wraps each attempt to send a request: inside retries, below redirects, authentication, cookies and hooks.
 *
 * A layer calls `next` with the request, or with a changed copy of it, and returns the response or another one. It may
 * also answer without calling `next`, or call it again. It must not modify the request that it was given, because the
 * same one is sent again by a retry. What it throws counts as the outcome of the attempt: a ConnectionError or a timeout
 * is retried, other errors end the call.
 *
 * @example
 * ```ts
 * const session = new Session();
 * const remove = session.use(async (request, attempt, next) => {
 *   const signed = request.copy();
 *   signed.headers["X-Attempt"] = String(attempt.number);
 *   return next(signed);
 * });
 * const response = await session.get("https://httpbin.org/headers");
 * response.json<{ headers: Record<string, string> }>().headers["X-Attempt"]; //=> "1"
 * remove();
 * ```
 */
export interface Layer {
  (
    request: PreparedRequest,
    attempt: LayerAttempt,
    next: (request: PreparedRequest) => Promise<Response>,
  ): Promise<Response>;
  /**
   * Keeps the layer closer to the adapter than all layers without this property, also those that are added later. The
   * last one added is called first. For layers that answer in place of a server, such as mocks.
   *
   * @defaultValue false
   */
  readonly innermost?: boolean | undefined;
}

const final = new WeakSet<object>();

/**
 * Marks the outcome of an attempt as final: HTTPAdapter does not retry it, whatever its policy says.
 *
 * @param outcome - The error that a layer throws, or the response that it returns.
 * @returns The same.
 */
export function withoutRetry<T>(outcome: T): T {
  if (typeof outcome === "object" && outcome !== null) final.add(outcome);
  return outcome;
}

/** Whether an outcome was marked by `withoutRetry`. */
export function isFinal(outcome: unknown): boolean {
  return typeof outcome === "object" && outcome !== null && final.has(outcome);
}

const NONE: readonly Layer[] = Object.freeze([]);
/** The layers of a session, the outermost first. */
export class Layers {
  /** Replaced when a layer is added or removed, so that requests under way keep what they began with. */
  list: readonly Layer[] = NONE;

  /**
   * Adds a layer.
   *
   * @returns Removes it again; it may be called more than once.
   * @throws TypeError for anything but a function.
   */
  add(layer: Layer): () => void {
    if (typeof layer !== "function")
      throw new TypeError(
        `use(layer) takes a function (request, attempt, next) => next(request), not ${layer === null ? "null" : typeof layer}`,
      );
    // The same function may be added twice.
    const entry: Layer = Object.assign((...given: Parameters<Layer>) => layer(...given), {
      innermost: layer.innermost === true,
    });
    const before = this.list.filter(({ innermost }) => innermost !== true);
    const inner = this.list.filter(({ innermost }) => innermost === true);
    this.list = [...before, entry, ...inner];
    return () => {
      this.list = this.list.filter((other) => other !== entry);
    };
  }
}

/**
 * Sends a request through layers. If the call is stopped, the promise rejects with the reason, even while a layer waits.
 *
 * @param send - Sends the request after the last layer.
 */
export function throughLayers(
  layers: readonly Layer[],
  request: PreparedRequest,
  attempt: AttemptParts,
  send: (request: PreparedRequest) => Promise<Response>,
): Promise<Response> {
  const sent = passLayers(layers, request, new Attempted(attempt), send);
  const { cancellation } = attempt.settings as CallSettings;
  return cancellation === undefined ? sent : cancellation.race(sent);
}

async function passLayers(
  layers: readonly Layer[],
  request: PreparedRequest,
  attempt: LayerAttempt,
  send: (request: PreparedRequest) => Promise<Response>,
): Promise<Response> {
  const enter = async (at: number, given: PreparedRequest): Promise<Response> => {
    if (!(given instanceof PreparedRequest))
      throw new TypeError(
        "A layer must call next(request) with the PreparedRequest that it was given, or a copy of it",
      );
    if (at === layers.length) return send(given);
    const response: unknown = await layers[at](given, attempt, (next) => enter(at + 1, next));
    if (response instanceof Response) return response;
    throw new TypeError("A layer must return a Response: return next(request), or new Response({ … })");
  };
  return enter(0, request);
}

/**
 * Sends a request by an adapter, through the layers of the settings: around each attempt of an adapter that repeats
 * requests, otherwise around the adapter.
 */
export async function sendByAdapter(
  adapter: Adapter,
  request: PreparedRequest,
  settings: SendSettings,
): Promise<Response> {
  const { layers = NONE } = settings;
  const started = performance.now();
  const alone = layers.length === 0 ? settings : { ...settings, layers: NONE };
  const attempt = { number: 1, previous: settings.previous ?? NO_RESPONSES, settings };
  const send = (given: PreparedRequest): Promise<Response> => adapter.send(given, alone);
  const response = await (layers.length === 0 ? send(request) : throughLayers(layers, request, attempt, send));
  // The adapter may not know how long the exchange took.
  if (response.elapsed === 0) response.elapsed = (performance.now() - started) / 1000;
  return response;
}
