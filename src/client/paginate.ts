/** The pages of a list, one request after the other. */
import { anySignal } from "../adapters/cancellation.js";
import { insideRequest } from "../message/prepared.js";
import { createHash } from "node:crypto";

import { RequestException } from "../exceptions.js";
import { headerEntries, type HeadersLike } from "../message/headers.js";
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import { GeneratorSource, PullIterator } from "../content/pull-iterator.js";
import { redactedUrl } from "../http/redaction/redaction.js";
import { locationText, mergeParams } from "../http/url/url.js";
import { aFunction, aString, atLeast } from "../options/checks.js";
import { kindOf } from "../options/kind.js";
import type { Resolved, Rows } from "../options/option.js";
import { ownOptions } from "../options/own-options.js";
import type { CallSession } from "./call.js";
import { checkOptions, sendOptionsOf, splitOptions } from "./given-options.js";
import type { RequestOptions, SendOptions } from "./options.js";
import { linkedRequest } from "./redirects.js";

/**
 * The next page. With `url` the same request goes there, without its `params`, unless others are given here.
 * Without, the first request is made again with these options beside its own: `params` and `headers` key by key (null
 * removes one), a body in place of the old one.
 */
export interface NextPage extends RequestOptions {
  /** Its URL, relative to the page before; undefined for the first URL again. */
  readonly url?: string | URL | undefined;
}

/** The items of a page, or a promise of them. */
export type PageItems<T> = Iterable<T> | AsyncIterable<T>;

/** Options of `paginate`: those of any call, used for every page, and these. */
export interface PaginateOptions extends RequestOptions {
  /** The method of every request. @defaultValue "GET" */
  readonly method?: string | undefined;
  /**
   * Returns the next page: a URL (relative to the response's), or changed options such as a cursor; null or undefined
   * after the last page. A promise of one will do. By default the Link header's `rel="next"`.
   */
  readonly next?:
    | ((
        response: Response,
        page: number,
      ) => string | URL | NextPage | null | undefined | PromiseLike<string | URL | NextPage | null | undefined>)
    | undefined;
  /** Pages after which it is enough. @defaultValue Infinity */
  readonly maxPages?: number | undefined;
  /** Throw HTTPError for a page of 4xx or 5xx. @defaultValue true */
  readonly raiseForStatus?: boolean | undefined;
}

/** Options of `paginate` for items in place of responses. */
export interface PaginateItemsOptions<T> extends PaginateOptions {
  /** The items of a page, such as `(response) => response.json<Item[]>()`. */
  readonly items: (response: Response, page: number) => PageItems<T> | PromiseLike<PageItems<T>>;
  /** Items after which it is enough. @defaultValue Infinity */
  readonly maxItems?: number | undefined;
}

/** The members of a session that `paginate` uses. */
export interface PagedSession extends CallSession {
  request(method: string, url: string | URL, options?: RequestOptions): Promise<Response>;
  send(prepared: PreparedRequest, settings?: SendOptions): Promise<Response>;
}

/** A row for each option that concerns the pages. The others concern each call. */
const PAGE_OPTIONS = {
  method: { check: aString, default: "GET" },
  next: { check: aFunction<NonNullable<PaginateOptions["next"]>>, default: linkedNext },
  maxPages: { check: atLeast(0), default: Infinity },
  items: { check: aFunction<PaginateItemsOptions<unknown>["items"]>, default: undefined },
  maxItems: { check: atLeast(0), default: Infinity },
} satisfies Rows<Omit<PaginateItemsOptions<unknown>, keyof RequestOptions>>;

/** The pages to ask for. */
interface Course extends Resolved<typeof PAGE_OPTIONS> {
  readonly session: PagedSession;
  /** As the caller wrote the call, for messages. */
  readonly call: string;
  readonly url: string | URL;
  /** Aborted when the caller leaves the pages while one is waited for. */
  readonly stopped: AbortSignal;
}

/**
 * Checks the options, and makes the generator; nothing is sent before the first page is asked for.
 *
 * @param call - As the caller wrote it, for messages.
 * @throws TypeError or RangeError for options that cannot be.
 */
export function paginate<T>(
  session: PagedSession,
  url: string | URL,
  options: PaginateOptions | PaginateItemsOptions<T>,
  call: string,
): AsyncGenerator<T | Response, void> {
  const { own, shared } = splitOptions(options, PAGE_OPTIONS, call);
  const items = own.items as PaginateItemsOptions<T>["items"] | undefined;
  const stopper = new AbortController();
  const pages = pagesOf({ ...own, session, call, url, stopped: stopper.signal }, shared);
  const found = items === undefined ? pages : itemsOf(pages, items, own.maxItems, call);
  return new PullIterator<T | Response>(new GeneratorSource<T | Response>(found, () => stopper.abort()));
}

async function* pagesOf(course: Course, given: RequestOptions): AsyncGenerator<Response, void> {
  const { session, call } = course;
  let options = given;
  /** The request that the pages are linked from; null until it was sent. */
  let first: PreparedRequest | null = null;
  /** The next request, where the page before it names its URL; null for a call with `options`. */
  let prepared: PreparedRequest | null = null;
  const seen = new Map<string, number>();
  for (let page = 1; page <= course.maxPages; page += 1) {
    if (prepared !== null) refuseLoop(seen, prepared, page);
    const { signal } = options;
    const given: RequestOptions = {
      ...options,
      raiseForStatus: options.raiseForStatus ?? true,
      signal: anySignal(signal, course.stopped),
    };
    const response: Response =
      prepared === null
        ? await session.request(course.method, course.url, given)
        : await session.send(prepared, sendOptionsOf(ownOptions(given)));
    try {
      if (prepared === null) {
        first = (response.history[0] ?? response).request;
        refuseLoop(seen, first, page);
      }
      yield response;
      if (page >= course.maxPages) return;
      const step = await course.next(response, page);
      if (step === null || step === undefined) return;
      if (typeof step === "string" || step instanceof URL) {
        prepared = linkedRequest(session, response, first!, String(step));
        continue;
      }
      const { url: nextUrl, ...changes } = step;
      const changed = checkOptions(changes, `next() of ${call}`);
      if (nextUrl === undefined) {
        options = merged(options, changed);
        prepared = null;
      } else {
        prepared = linkedRequest(session, response, first!, String(nextUrl));
        apply(prepared, changed);
      }
    } finally {
      // The rest of a streamed page is not read.
      response.close();
    }
  }
}

async function* itemsOf<T>(
  pages: AsyncGenerator<Response, void>,
  items: PaginateItemsOptions<T>["items"],
  maxItems: number,
  call: string,
): AsyncGenerator<T, void> {
  let left = maxItems;
  let page = 0;
  if (left <= 0) return;
  for await (const response of pages) {
    const found = (await items(response, (page += 1))) as unknown;
    if (typeof found !== "object" || found === null || !(Symbol.iterator in found || Symbol.asyncIterator in found))
      throw new TypeError(
        `${call}: items(response) must give an array or another iterable, and gave ${kindOf(found)} for page ${page} (${redactedUrl(response.url)})`,
      );
    for await (const item of found as AsyncIterable<T>) {
      yield item;
      left -= 1;
      if (left <= 0) return;
    }
  }
}

/** RFC 8288 §3.3: `rel` may name several relations, in any case. */
function linkedNext(response: Response): string | null {
  const links = Object.values(response.links);
  const next = links.find((link) => (link["rel"] ?? "").toLowerCase().split(/\s+/).includes("next"));
  const url = next?.["url"];
  return url === undefined ? null : locationText(url);
}

/** The options of a call with those of the next page over them. */
function merged(options: RequestOptions, changes: RequestOptions): RequestOptions {
  const { data, json, files } = changes;
  const hasBody = data !== undefined || json !== undefined || files !== undefined;
  const headers = mergedHeaders(options.headers, changes.headers);
  return {
    ...options,
    ...(hasBody ? { data: undefined, json: undefined, files: undefined } : {}),
    ...changes,
    params: mergeParams(options.params, changes.params),
    ...(headers === undefined ? {} : { headers }),
  };
}

function mergedHeaders(
  base: HeadersLike | null | undefined,
  changes: HeadersLike | null | undefined,
): HeadersLike | undefined {
  if (base == null) return changes ?? undefined;
  if (changes == null) return base;
  const added = headerEntries(changes);
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  return [...headerEntries(base).filter(([name]) => !names.has(name.toLowerCase())), ...added];
}

/** Options that the caller gives for a URL are meant for it, whatever its origin. */
function apply(prepared: PreparedRequest, options: RequestOptions): void {
  const { params, headers, cookies, auth, data, json, files } = options;
  if (params != null) prepared.prepareUrl(prepared.url, params);
  if (headers != null) prepared.headers.update(headers);
  if (cookies != null) {
    prepared.headers.delete("Cookie");
    prepared.prepareCookies(cookies);
  }
  if (data !== undefined || json !== undefined || files !== undefined) prepared.prepareBody(data, files, json);
  if (auth === null) insideRequest.dropAuth(prepared);
  else if (auth !== undefined) prepared.prepareAuth(auth);
}

/** @throws RequestException for a request that was sent before: a list that never ends, or a mistake in `next`. */
function refuseLoop(seen: Map<string, number>, prepared: PreparedRequest, page: number): void {
  const key = keyOf(prepared);
  if (key === null) return;
  const before = seen.get(key);
  if (before !== undefined)
    throw new RequestException(
      `Page ${page} is page ${before} again (${prepared.method} ${redactedUrl(prepared.url)}): pagination loop. Return null from next() after the last page, or set maxPages`,
      { request: prepared, code: "ERR_PAGINATION_LOOP" },
    );
  seen.set(key, page);
}

/** A key that equal requests share; null if the body cannot be compared. */
function keyOf(prepared: PreparedRequest): string | null {
  const bytes = insideRequest.source(prepared)?.bytes;
  if (bytes === null) return null;
  const hash = createHash("sha256").update(`${prepared.method} ${prepared.url}\n`);
  // Cookies and credentials may be others each time, as a nonce is.
  for (const [name, value] of prepared.headers)
    if (!/^(?:cookie|authorization)$/i.test(name)) hash.update(`${name}: ${value}\n`);
  if (bytes !== undefined) hash.update(bytes);
  return hash.digest("base64");
}
