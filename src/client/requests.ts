/** The functions of the module: each call is a session of its own, over connections that all of them share. */
import type { Adapter } from "../adapters/adapter.js";
import { Layers, type Layer } from "../adapters/layers.js";
import { NO_OPTIONS } from "../options/own-options.js";
import type { CaseInsensitiveDict } from "../message/headers.js";
import type { Response } from "../message/response.js";
import type { DownloadOptions, DownloadResult } from "./download.js";
import type { RequestOptions } from "./options.js";
import { paginate as pages, type PaginateItemsOptions, type PaginateOptions } from "./paginate.js";
import type { ResponsePromise } from "./response-promise.js";
import { Session } from "./session.js";
import { defaultHeaders } from "./session-attributes.js";

const layers = new Layers();
const headers = defaultHeaders();
let adapters: Map<string, Adapter> | null = null;

/** The session of one call: cookies never leak from call to call, and connections stay open for the next. */
class CallSession extends Session {
  override get layers(): readonly Layer[] {
    return layers.list;
  }

  protected override createAdapters(): Map<string, Adapter> {
    return (adapters ??= super.createAdapters());
  }

  protected override createHeaders(): CaseInsensitiveDict {
    return headers;
  }
}

/**
 * Adds a layer around each attempt to send a request by the functions of the module: see `Session.use`.
 *
 * @returns Removes the layer.
 * @throws TypeError for anything but a function.
 */
export function use(layer: Layer): () => void {
  return layers.add(layer);
}

/**
 * Sends a request.
 *
 * @param method - Any token; upper-cased.
 * @throws RequestException of one kind or another for whatever goes wrong; TypeError for wrong arguments.
 */
export function request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
  return new CallSession().request(method, url, options);
}

/**
 * Sends a GET request.
 *
 * @example
 * ```ts
 * const response = await get("https://httpbin.org/get", { params: { page: 2 } });
 * response.json();
 * ```
 */
export function get(url: string | URL, options?: RequestOptions): ResponsePromise {
  return new CallSession().get(url, options);
}

/** Sends an OPTIONS request. */
export function options(url: string | URL, options?: RequestOptions): ResponsePromise {
  return new CallSession().options(url, options);
}

/** Sends a HEAD request. Redirects are not followed unless `allowRedirects: true`. */
export function head(url: string | URL, options?: RequestOptions): ResponsePromise {
  return new CallSession().head(url, options);
}

/** Sends a POST request. */
export function post(url: string | URL, options?: RequestOptions): ResponsePromise {
  return new CallSession().post(url, options);
}

/** Sends a PUT request. */
export function put(url: string | URL, options?: RequestOptions): ResponsePromise {
  return new CallSession().put(url, options);
}

/** Sends a PATCH request. */
export function patch(url: string | URL, options?: RequestOptions): ResponsePromise {
  return new CallSession().patch(url, options);
}

/** Sends a DELETE request. */
function deleteRequest(url: string | URL, options?: RequestOptions): ResponsePromise {
  return new CallSession().delete(url, options);
}
export { deleteRequest as delete };

/**
 * The pages of a list, one request after the other, in one session: by the Link header (`rel="next"`), or by a function.
 *
 * @returns An async generator of responses, or of items with `options.items`.
 * @throws HTTPError for a page of 4xx or 5xx; RequestException `ERR_PAGINATION_LOOP` for a page that was there before.
 * @example
 * ```ts
 * const pages: string[] = [];
 * for await (const page of paginate("https://httpbin.org/links-paged", { maxPages: 2 })) pages.push(page.url.slice(-6));
 * pages.length; //=> 2
 * ```
 */
export function paginate<T>(url: string | URL, options: PaginateItemsOptions<T>): AsyncGenerator<T, void>;
export function paginate(url: string | URL, options?: PaginateOptions): AsyncGenerator<Response, void>;
export function paginate<T>(
  url: string | URL,
  options: PaginateOptions | PaginateItemsOptions<T> = NO_OPTIONS,
): AsyncGenerator<T | Response, void> {
  return pages(new CallSession(), url, options, "requests.paginate()");
}

/**
 * Downloads a file completely, and continues after a cut: see `Session.download`.
 *
 * @throws HTTPError for 4xx and 5xx; RequestException `ERR_DIGEST` when the digest differs; the error of the last attempt.
 */
export async function download(
  url: string | URL,
  path: string,
  options: DownloadOptions = NO_OPTIONS,
): Promise<DownloadResult> {
  return new CallSession().download(url, path, options);
}

/** A new Session; kept for the sake of requests, where `requests.session()` is the older name. */
export function session(): Session {
  return new Session();
}
