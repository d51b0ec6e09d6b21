/** Something between a session and its adapters: a double, a recorder, a tracer. */
import type { Adapter, AroundAttempt, SendSettings } from "../adapters/adapter.js";
import { HTTPAdapter } from "../adapters/http.js";
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import type { Retry } from "../policy/retry.js";
import type { Session } from "./session.js";

/** The adapter to use in place of the one that is mounted; may be that one. Called once for each. */
export type Interposer = (adapter: Adapter) => Adapter;

/** An adapter in front of another. It heeds `settings.aroundAttempt`, as HTTPAdapter does. @internal */
export class InterposedAdapter implements Adapter {
  readonly #inner: Adapter;
  readonly #send: Adapter["send"];

  constructor(inner: Adapter, send: Adapter["send"]) {
    this.#inner = inner;
    this.#send = send;
  }

  /** The retries of the adapter that sends, where it has any. */
  get ownRetries(): Retry | null | undefined {
    return (this.#inner as Partial<Pick<HTTPAdapter, "ownRetries">>).ownRetries;
  }

  async send(request: PreparedRequest, settings: SendSettings): Promise<Response> {
    const response = await this.#send(request, settings);
    response.connection ??= this.#inner;
    return response;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/**
 * An adapter that does something around each attempt of the inner one. What others want around it stays outside.
 *
 * @internal
 */
export function aroundAttempts(inner: Adapter, around: (settings: SendSettings) => AroundAttempt): Adapter {
  const heeds = inner instanceof HTTPAdapter || inner instanceof InterposedAdapter;
  return new InterposedAdapter(inner, (request, settings) => {
    const { aroundAttempt: outer } = settings;
    const own = around(settings);
    const aroundAttempt: AroundAttempt =
      outer === undefined ? own : (given, attempt, send) => outer(given, attempt, (one) => own(one, attempt, send));
    if (heeds) return inner.send(request, { ...settings, aroundAttempt });
    // To an adapter that knows nothing of attempts, its exchange is one.
    return aroundAttempt(request, 1, (one) => inner.send(one, settings));
  });
}

interface Interposed {
  readonly around: Interposer;
  /** Adapters that were made before, by what they stand in front of. */
  readonly made: WeakMap<Adapter, Adapter>;
  active: boolean;
}

/** In front of the functions of the module, the last one outermost. */
const forAll: Interposed[] = [];

/**
 * Puts adapters in front of those of a session, whatever is mounted there before or afterwards; of the functions of the
 * module for null.
 *
 * @returns What takes them away again, in any order.
 * @internal
 */
export function interpose(session: Session | null, around: Interposer): () => void {
  const interposed: Interposed = { around, made: new WeakMap(), active: true };
  if (session === null) forAll.push(interposed);
  const takeBack = session === null ? removeFromAll.bind(null, interposed) : interposeIn(session, interposed);
  return () => {
    if (!interposed.active) return;
    interposed.active = false;
    takeBack();
  };
}

/** Whether something stands in front of the functions of the module. @internal */
export function isInterposed(): boolean {
  return forAll.length > 0;
}

/** Does for the session of one call what was asked for all of them. @internal */
export function interposeForAll(session: Session): void {
  for (const interposed of forAll) interposeIn(session, interposed);
}

function removeFromAll(interposed: Interposed): void {
  forAll.splice(forAll.indexOf(interposed), 1);
}

function interposeIn(session: Session, interposed: Interposed): () => void {
  const isOwn = Object.hasOwn(session, "getAdapter");
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its session
  const before = session.getAdapter;
  const getAdapter = (url: string): Adapter => {
    const adapter = before.call(session, url);
    return interposed.active ? outer(interposed, adapter) : adapter;
  };
  session.getAdapter = getAdapter;
  return () => {
    // Whoever came later still looks at this one, which is no longer active.
    if ((session.getAdapter as unknown) !== getAdapter) return;
    if (isOwn) session.getAdapter = before;
    else delete (session as Partial<Pick<Session, "getAdapter">>).getAdapter;
  };
}

function outer({ around, made }: Interposed, adapter: Adapter): Adapter {
  let found = made.get(adapter);
  if (found === undefined) {
    found = around(adapter);
    made.set(adapter, found);
  }
  return found;
}
