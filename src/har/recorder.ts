/** HarRecorder: writes down what goes through a session. */
import { inspect } from "node:util";

import {
  use,
  version,
  type Layer,
  type PreparedRequest,
  type Response,
  type ResponseHook,
  type Session,
} from "../index.js";
import { insideRequest, writePrivateFile } from "../extend/index.js";
import { harEntry, harRequest, type Recorded, type Shown } from "./entry.js";
import type { Har } from "./format.js";

/** The options of a recorder. */
export interface HarOptions {
  /** Show credentials as they are; they are masked by default: in URLs, headers, cookies, forms and JSON. */
  readonly credentials?: boolean | undefined;
  /** Bytes up to which a body is kept; 0 keeps none. @defaultValue 1 MiB */
  readonly maxBodySize?: number | undefined;
  /** Entries that are kept; the oldest go. @defaultValue 10000 */
  readonly maxEntries?: number | undefined;
}

const DEFAULT_BODY = 1024 * 1024;
const DEFAULT_ENTRIES = 10_000;

/**
 * Records every request of a session, with redirects, retries and failures, from its making to `stop()`. Responses are
 * kept until then: their bodies, too.
 */
export class HarRecorder {
  readonly #shown: Shown;
  readonly #maxEntries: number;
  readonly #recorded: Recorded[] = [];
  readonly #known = new WeakSet<Response>();
  #remove: () => void = () => undefined;

  /**
   * @param session - null for `requests.get` and the other functions of the module; without one, only what `hook` sees.
   * @throws RangeError for sizes that cannot be.
   */
  constructor(session?: Session | null, options: HarOptions = {}) {
    const { maxBodySize = DEFAULT_BODY, maxEntries = DEFAULT_ENTRIES } = options;
    if (!(maxBodySize >= 0)) throw new RangeError(`maxBodySize must be 0 or greater, not ${String(maxBodySize)}`);
    if (!(maxEntries >= 1)) throw new RangeError(`maxEntries must be 1 or greater, not ${String(maxEntries)}`);
    this.#maxEntries = maxEntries;
    this.#shown = {
      credentials: options.credentials === true,
      maxBodySize,
    };
    if (session !== undefined) this.#remove = session === null ? use(this.layer) : session.use(this.layer);
  }

  /** Records each attempt of the session or module that it is added to: `session.use(recorder.layer)`. */
  readonly layer: Layer = async (request, { number }, next) => {
    const recorded = this.#begin(request, number, Date.now());
    if (recorded === null) return next(request);
    const started = performance.now();
    try {
      const response = await next(request);
      this.#end(recorded, response);
      return response;
    } catch (error) {
      recorded.error = error ?? "cancelled";
      recorded.failedAfter = Math.round((performance.now() - started) * 1000) / 1000;
      throw error;
    }
  };

  /**
   * A response hook, for recording single calls: `session.get(url, { hooks: { response: har.hook } })`. It sees no
   * failures; what the recorder has seen already is not recorded again.
   */
  readonly hook: ResponseHook = (response) => {
    if (this.#known.has(response)) return;
    const recorded = this.#begin(response.request, 1, Date.now() - response.timings.total * 1000);
    if (recorded !== null) this.#end(recorded, response);
  };

  /** Entries so far. */
  get size(): number {
    return this.#recorded.length;
  }

  /** The archive as it stands: what is under way is not in it. `JSON.stringify(har)` calls this. */
  toJSON(): Har {
    const done = this.#recorded.filter(({ response, error }) => response !== null || error !== undefined);
    return {
      log: {
        version: "1.2",
        creator: { name: "requests-ts", version },
        entries: done.map((recorded) => harEntry(recorded, this.#shown)),
      },
    };
  }

  /**
   * Writes the archive to a file that only its owner may read (mode 0600), because bodies are in it. An existing file is
   * replaced when the new one is complete.
   */
  async save(path: string): Promise<void> {
    await writePrivateFile(path, JSON.stringify(this.toJSON(), null, 2), "utf8");
  }

  /** Forgets all entries. */
  clear(): void {
    this.#recorded.length = 0;
  }

  /** Records nothing more; the entries stay. */
  stop(): void {
    this.#remove();
  }

  [inspect.custom](): string {
    return `<HarRecorder [${this.size} entries]>`;
  }

  /** @returns null for a request that cannot be described, because its URL is invalid: the adapter says what is wrong with it. */
  #begin(request: PreparedRequest, attempt: number, started: number): Recorded | null {
    let described;
    try {
      described = harRequest(request, this.#shown);
    } catch {
      return null;
    }
    const credentialHeaders = insideRequest.credentialHeaders(request);
    const outcome = { response: null, error: undefined, failedAfter: 0 };
    const recorded = { started, attempt, request: described, credentialHeaders, ...outcome };
    this.#recorded.push(recorded);
    if (this.#recorded.length > this.#maxEntries) this.#recorded.shift();
    return recorded;
  }

  #end(recorded: Recorded, response: Response): void {
    recorded.response = response;
    this.#known.add(response);
  }
}
