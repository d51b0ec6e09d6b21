/** Downloads a file completely, and continues after a cut. */
import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";

import { cancellationFor } from "../adapters/http/http-adapter.js";
import { Cancellation } from "../adapters/cancellation.js";
import { HTTPError, RequestException } from "../exceptions.js";
import { headerEntries, type HeadersLike } from "../message/headers.js";
import {
  checkComplete,
  digestOf,
  hasValidator,
  isEncoded,
  isUseless,
  partAt,
  restOf,
  totalOf,
  validatorOf,
  write,
  writeNote,
} from "../message/part-file.js";
import type { PreparedRequest } from "../message/prepared.js";
import { Request } from "../message/request.js";
import type { Response } from "../message/response.js";
import type { SaveOptions, SaveResult } from "../message/save.js";
import { aBoolean, aFunction, aString, atLeast } from "../options/checks.js";
import { kindOf } from "../options/kind.js";
import type { Resolved, Rows } from "../options/option.js";
import { RetriesExhausted, Retry } from "../policy/retry.js";
import type { TimeoutOption } from "../policy/timeout.js";
import { splitOptions } from "./given-options.js";
import type { RequestOptions } from "./options.js";
import { raisingForStatus } from "./status-error.js";

/** Options of a download: those of any GET request, and these. */
export interface DownloadOptions extends Omit<RequestOptions, "stream" | "decode">, SaveOptions {
  /** The number of attempts to begin or continue the download before it fails. @defaultValue 5 */
  readonly attempts?: number | undefined;
  /**
   * Keep the bytes that have arrived when the download fails, and continue from there in the next call. They are in
   * `path.part`, with a note in `path.part.json`.
   *
   * @defaultValue true
   */
  readonly resume?: boolean | undefined;
}

/** The downloaded file. */
export interface DownloadResult extends SaveResult {
  /** The number of attempts that it took. */
  readonly attempts: number;
  /** The last response: its headers may name the file. Its body was read. */
  readonly response: Response;
}

/** The members of a session that a download uses. */
export interface DownloadSession {
  readonly timeout: TimeoutOption;
  prepareRequest(request: Request): PreparedRequest;
  get(url: string | URL, options?: RequestOptions): Promise<Response>;
}

const DOWNLOAD_OPTIONS = {
  attempts: { check: atLeast(1), default: 5 },
  resume: { check: aBoolean, default: true },
  sha256: { check: aString, default: undefined },
  onProgress: { check: aFunction<NonNullable<SaveOptions["onProgress"]>>, default: undefined },
} satisfies Rows<Omit<DownloadOptions, keyof RequestOptions>>;

/**
 * @throws HTTPError for 4xx and 5xx; RequestException `ERR_DIGEST` when the digest differs; the error of the last attempt;
 *   errors of the file system.
 */
export async function download(
  session: DownloadSession,
  url: string | URL,
  path: string,
  options: DownloadOptions,
  call: string,
): Promise<DownloadResult> {
  if (typeof path !== "string" || path === "")
    throw new TypeError(`The second argument of ${call} must be the path of a file, not ${kindOf(path)}`);
  const { own, shared } = splitOptions(options, DOWNLOAD_OPTIONS, call, ["stream", "decode"]);
  // The limits hold for all attempts together.
  const timeout = shared.timeout === undefined ? session.timeout : shared.timeout;
  const limits = cancellationFor({ timeout, signal: shared.signal ?? undefined }) ?? new Cancellation();
  const stopper = new AbortController();
  limits.onCancel((reason) => stopper.abort(reason));
  const file = session.prepareRequest(new Request("GET", url, { params: shared.params, auth: null })).url;
  const task = new Download({ ...own, url: file, path }, (headers) =>
    session.get(url, {
      ...shared,
      headers: merged(shared.headers, headers),
      timeout: withoutTotal(timeout),
      signal: stopper.signal,
      stream: true,
      raiseForStatus: false,
    }),
  );
  try {
    return await task.run(limits);
  } finally {
    limits.release();
  }
}

/** The file that is to be downloaded. */
interface Order extends Resolved<typeof DOWNLOAD_OPTIONS> {
  /** With its query, as it is asked for. */
  readonly url: string;
  readonly path: string;
}

class Download {
  readonly #order: Order;
  readonly #ask: (headers: Readonly<Record<string, string>>) => Promise<Response>;
  readonly #part: string;
  readonly #note: string;
  /** The validator of the partial file, once a response has named it. */
  #validator: string | null = null;
  #resumedFrom = 0;
  #attempt = 0;

  constructor(order: Order, ask: (headers: Readonly<Record<string, string>>) => Promise<Response>) {
    this.#order = order;
    this.#ask = ask;
    this.#part = order.resume ? `${order.path}.part` : `${order.path}.${randomBytes(8).toString("hex")}.part`;
    this.#note = `${this.#part}.json`;
  }

  async run(limits: Cancellation): Promise<DownloadResult> {
    const { resume, attempts, path } = this.#order;
    let retry = Retry.sensible(attempts - 1);
    try {
      for (;;) {
        this.#attempt += 1;
        try {
          const [response, size] = await this.#fetch();
          await rename(this.#part, path);
          await rm(this.#note, { force: true });
          return { path, size, resumedFrom: this.#resumedFrom, attempts: this.#attempt, response };
        } catch (error) {
          if (limits.cancelled !== null) throw limits.cancelled.reason;
          retry = this.#next(retry, error);
          const { response } = error as RequestException;
          await limits.sleep(retry.getDelay(error instanceof HTTPError ? response : undefined));
        }
      }
    } catch (error) {
      if (!resume || isUseless(error)) await this.#discard();
      throw error;
    }
  }

  /** One attempt. @returns The response that it ended with, and the size of the file. */
  async #fetch(): Promise<[Response, number]> {
    const have = await this.#bytesAtHand();
    if (have === 0) return this.#whole(await this.#ask(WHOLE));
    const response = await this.#ask({ ...WHOLE, Range: `bytes=${have}-`, "If-Range": this.#validator! });
    if (response.statusCode === 206) {
      const total = hasValidator(response, this.#validator!) ? restOf(response, have, undefined) : null;
      if (total !== null) return this.#write(response, have, total);
    } else if (response.statusCode === 416) {
      // The connection broke after the last byte, or the digest could not be compared any more.
      if (response.headers.get("content-range") === `bytes */${have}`) {
        response.close();
        this.#continues(have);
        return [response, await checkComplete(response, this.#part, have, this.#order)];
      }
    } else return this.#whole(response);
    // Not the rest of this file: from the beginning.
    response.close();
    await this.#discard();
    return this.#whole(await this.#ask(WHOLE));
  }

  async #whole(response: Response): Promise<[Response, number]> {
    if (!response.ok) await raisingForStatus(response);
    this.#resumedFrom = 0;
    this.#validator = response.statusCode === 200 && !isEncoded(response) ? validatorOf(response) : null;
    await writeNote(this.#note, { url: digestOf(this.#order.url), validator: this.#validator });
    return this.#write(response, 0, totalOf(response));
  }

  async #write(response: Response, offset: number, total: number | undefined): Promise<[Response, number]> {
    if (offset > 0) this.#continues(offset);
    try {
      return [response, await write({ response, offset, total }, this.#part, this.#order)];
    } finally {
      response.close();
    }
  }

  #continues(offset: number): void {
    if (this.#attempt === 1) this.#resumedFrom = offset;
  }

  /** The bytes of the partial file that can be continued. */
  async #bytesAtHand(): Promise<number> {
    const { resume, url } = this.#order;
    if (this.#attempt > 1 && this.#validator === null) return 0;
    if (this.#attempt === 1 && !resume) return 0;
    const known = await partAt(this.#part, this.#note);
    if (known === null) return 0;
    if (this.#validator === null && known.url === digestOf(url)) this.#validator = known.validator;
    return this.#validator === known.validator ? known.size : 0;
  }

  /** @returns The policy for the next attempt. @throws The error, when there is none. */
  #next(retry: Retry, error: unknown): Retry {
    if (!(error instanceof RequestException) || isUseless(error)) throw error;
    const about = { method: "GET", url: this.#order.url };
    try {
      if (!(error instanceof HTTPError)) return retry.increment({ ...about, error });
      if (error.response === undefined || !retry.retriesResponse({ ...about, response: error.response })) throw error;
      return retry.increment({ ...about, response: error.response });
    } catch (outcome) {
      if (!(outcome instanceof RetriesExhausted)) throw outcome;
      error.retries = outcome.retry;
      const attempts = this.#attempt === 1 ? "1 attempt" : `${this.#attempt} attempts`;
      const kept = `. The bytes received so far are in ${this.#part}; the next download() continues from there`;
      error.message += ` (the download failed after ${attempts}${this.#order.resume ? kept : ""})`;
      throw error;
    }
  }

  async #discard(): Promise<void> {
    this.#validator = null;
    await Promise.all([rm(this.#part, { force: true }), rm(this.#note, { force: true })]);
  }
}

/** Encoded content has no length to compare, and cannot be continued in the middle. */
const WHOLE: Readonly<Record<string, string>> = Object.freeze({ "Accept-Encoding": "identity" });

/** The caller's headers take precedence, but not over the range. */
function merged(given: HeadersLike | null | undefined, own: Readonly<Record<string, string>>): HeadersLike {
  const fields = new Map<string, string | readonly string[] | null>(given == null ? [] : headerEntries(given));
  const names = new Map([...fields.keys()].map((name) => [name.toLowerCase(), name]));
  for (const [name, value] of Object.entries(own)) {
    const known = names.get(name.toLowerCase());
    if (known !== undefined && name === "Accept-Encoding") continue;
    fields.set(known ?? name, value);
  }
  return fields;
}

function withoutTotal(timeout: TimeoutOption): TimeoutOption {
  return typeof timeout === "object" && timeout !== null && !Array.isArray(timeout)
    ? { ...timeout, total: undefined }
    : timeout;
}
