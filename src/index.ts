/**
 * requests-ts: Python's requests for TypeScript.
 *
 * @example
 * ```ts
 * import requests from "requests-ts";
 *
 * const response = await requests.get("https://httpbin.org/get", { params: { key: "value" } });
 * response.statusCode; //=> 200
 * ```
 * @module
 */
import * as adapters from "./namespaces/adapters.js";
import * as auth from "./namespaces/auth.js";
import * as cookies from "./namespaces/cookies.js";
import * as exceptions from "./exceptions.js";
import * as structures from "./namespaces/structures.js";
import { HTTPAdapter } from "./adapters/http/http-adapter.js";
import { BaseAdapter } from "./adapters/adapter.js";
import { AuthBase } from "./auth/base.js";
import { HTTPBasicAuth, HTTPProxyAuth } from "./auth/basic.js";
import { HTTPBearerAuth } from "./auth/bearer.js";
import { HTTPDigestAuth } from "./auth/digest.js";
import * as functions from "./client/requests.js";
import type { ResponsePromise } from "./client/response-promise.js";
import { Session } from "./client/session.js";
import { RequestsCookieJar } from "./cookies/jar.js";
import { CaseInsensitiveDict } from "./message/headers.js";
import { PreparedRequest } from "./message/prepared.js";
import { Request } from "./message/request.js";
import { Response } from "./message/response.js";
import { codes } from "./http/status-codes.js";
import { Retry } from "./policy/retry.js";
import { version } from "./version.js";

export * from "./exceptions.js";
export {
  delete,
  download,
  get,
  head,
  options,
  paginate,
  patch,
  post,
  put,
  request,
  session,
  use,
} from "./client/requests.js";
export { Session } from "./client/session.js";
export type { DownloadOptions, DownloadResult } from "./client/download.js";
export type { MapContext, MapFunction, MapOptions } from "./client/map.js";
export type { EnvironmentSettings, SessionOptions } from "./client/session-options.js";
export type { Proxies, RequestOptions, SendOptions } from "./client/options.js";
export type { NextPage, PageItems, PaginateItemsOptions, PaginateOptions } from "./client/paginate.js";
export { ResponsePromise } from "./client/response-promise.js";
export { Request, type RequestParts } from "./message/request.js";
export { PreparedRequest, type PrepareOptions } from "./message/prepared.js";
export { Response, type ConnectionInfo, type ResponseParts, type Timings, type TlsInfo } from "./message/response.js";
export type { ByteLineOptions, IterOptions, LineOptions, TextLineOptions } from "./message/response-parts.js";
export type { ContentInit, DataInit, FileContent, FileInit, FilesInit } from "./message/body/body-init.js";
export type { EventIterOptions, ServerSentEvent } from "./content/content-streams.js";
export type { SaveOptions, SaveResult } from "./message/save.js";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./content/standard-schema.js";
export type { CurlOptions } from "./message/curl.js";
export { RawResponse } from "./message/raw-response.js";
export { CaseInsensitiveDict, type HeadersLike, type HeaderValue } from "./message/headers.js";
export type {
  HookEvent,
  Hooks,
  HookSettings,
  HooksInit,
  HookTypes,
  RequestHook,
  ResponseHook,
} from "./message/hooks.js";
export type { Params, ParamValue } from "./http/params.js";
export { codes, type StatusCodes } from "./http/status-codes.js";
export {
  RequestsCookieJar,
  type CookieJarJSON,
  type CookieJSON,
  type CookieScope,
  type CookiesInit,
} from "./cookies/jar.js";
export type { CookieAttributes, CookieValue } from "./cookies/attributes.js";
export type { Cookie, SameSite } from "./cookies/cookie.js";
export type { Credential } from "./auth/credentials.js";
export {
  Retry,
  type RetryAttempt,
  type RetryContext,
  type RetryCounter,
  type RetryEvent,
  type RetryOptions,
  type RetryRecord,
} from "./policy/retry.js";
export type { RetryResponse } from "./policy/retry-options.js";
export { RetryBudget, type RetryBudgetOptions } from "./policy/retry-budget.js";
export { publicAddressesOnly } from "./policy/public-addresses.js";
export type { TimeoutOption } from "./policy/timeout.js";
export { AuthBase } from "./auth/base.js";
export type { AuthFunction, AuthInit } from "./auth/auth-from.js";
export { HTTPBasicAuth, HTTPProxyAuth } from "./auth/basic.js";
export { HTTPBearerAuth } from "./auth/bearer.js";
export { HTTPDigestAuth } from "./auth/digest.js";
export {
  BaseAdapter,
  type Adapter,
  type InformationalResponse,
  type Progress,
  type ProgressCallback,
  type SendSettings,
} from "./adapters/adapter.js";
export { HTTPAdapter, type HTTPAdapterOptions } from "./adapters/http/http-adapter.js";
export type { Layer, LayerAttempt } from "./adapters/layers.js";
export type { TransportStatistics } from "./wire/transport.js";
export type { ConnectionOptions } from "./adapters/http/routes.js";
export type { ClientCertificate, VerifyOption } from "./wire/connect/tls.js";
export type {
  DiagnosedConnection,
  DiagnosedError,
  DiagnosedRequest,
  DiagnosedTimings,
  DiagnosticsMessages,
} from "./diagnostics/messages.js";
export { version } from "./version.js";

/**
 * Everything in one object, so that `requests.get`, `requests.Session` and `requests.codes` read as in Python: the
 * functions, classes, exceptions and values of this entry by their names, and the namespaces `exceptions`, `auth`,
 * `adapters`, `cookies` and `structures`.
 */
const requests = {
  ...exceptions,
  ...functions,
  Session,
  Request,
  PreparedRequest,
  Response,
  Retry,
  HTTPAdapter,
  BaseAdapter,
  CaseInsensitiveDict,
  RequestsCookieJar,
  HTTPBasicAuth,
  HTTPProxyAuth,
  HTTPDigestAuth,
  HTTPBearerAuth,
  AuthBase,
  codes,
  version,
  exceptions,
  auth,
  adapters,
  cookies,
  structures,
};

/** The classes as types, so that annotations read as in Python: `function login(session: requests.Session)`. */
/* eslint-disable @typescript-eslint/no-namespace -- only a namespace can give a value's name members that are types */
declare namespace requests {
  type Session = InstanceType<typeof Session>;
  type Request = InstanceType<typeof Request>;
  type PreparedRequest = InstanceType<typeof PreparedRequest>;
  type Response = InstanceType<typeof Response>;
  type ResponsePromise = InstanceType<typeof ResponsePromise>;
  type Retry = InstanceType<typeof Retry>;
  type HTTPAdapter = InstanceType<typeof HTTPAdapter>;
  type BaseAdapter = InstanceType<typeof BaseAdapter>;
  type CaseInsensitiveDict = InstanceType<typeof CaseInsensitiveDict>;
  type RequestsCookieJar = InstanceType<typeof RequestsCookieJar>;
  type HTTPBasicAuth = InstanceType<typeof HTTPBasicAuth>;
  type HTTPProxyAuth = InstanceType<typeof HTTPProxyAuth>;
  type HTTPDigestAuth = InstanceType<typeof HTTPDigestAuth>;
  type HTTPBearerAuth = InstanceType<typeof HTTPBearerAuth>;
  type AuthBase = InstanceType<typeof AuthBase>;
  type RequestException = InstanceType<typeof exceptions.RequestException>;
  type InvalidJSONError = InstanceType<typeof exceptions.InvalidJSONError>;
  type JSONDecodeError = InstanceType<typeof exceptions.JSONDecodeError>;
  type HTTPError = InstanceType<typeof exceptions.HTTPError>;
  type ConnectionError = InstanceType<typeof exceptions.ConnectionError>;
  type ProxyError = InstanceType<typeof exceptions.ProxyError>;
  type SSLError = InstanceType<typeof exceptions.SSLError>;
  type ConnectTimeout = InstanceType<typeof exceptions.ConnectTimeout>;
  type Timeout = InstanceType<typeof exceptions.Timeout>;
  type ReadTimeout = InstanceType<typeof exceptions.ReadTimeout>;
  type PoolTimeout = InstanceType<typeof exceptions.PoolTimeout>;
  type TotalTimeout = InstanceType<typeof exceptions.TotalTimeout>;
  type URLRequired = InstanceType<typeof exceptions.URLRequired>;
  type TooManyRedirects = InstanceType<typeof exceptions.TooManyRedirects>;
  type RetryError = InstanceType<typeof exceptions.RetryError>;
  type UnrewindableBodyError = InstanceType<typeof exceptions.UnrewindableBodyError>;
  type MissingSchema = InstanceType<typeof exceptions.MissingSchema>;
  type InvalidSchema = InstanceType<typeof exceptions.InvalidSchema>;
  type InvalidURL = InstanceType<typeof exceptions.InvalidURL>;
  type InvalidProxyURL = InstanceType<typeof exceptions.InvalidProxyURL>;
  type InvalidHeader = InstanceType<typeof exceptions.InvalidHeader>;
  type ChunkedEncodingError = InstanceType<typeof exceptions.ChunkedEncodingError>;
  type ContentDecodingError = InstanceType<typeof exceptions.ContentDecodingError>;
  type ContentTooLarge = InstanceType<typeof exceptions.ContentTooLarge>;
  type StreamConsumedError = InstanceType<typeof exceptions.StreamConsumedError>;
  type StreamNotReadError = InstanceType<typeof exceptions.StreamNotReadError>;
  type CookieConflictError = InstanceType<typeof exceptions.CookieConflictError>;
  namespace exceptions {
    type RequestException = InstanceType<typeof exceptions.RequestException>;
    type InvalidJSONError = InstanceType<typeof exceptions.InvalidJSONError>;
    type JSONDecodeError = InstanceType<typeof exceptions.JSONDecodeError>;
    type HTTPError = InstanceType<typeof exceptions.HTTPError>;
    type ConnectionError = InstanceType<typeof exceptions.ConnectionError>;
    type ProxyError = InstanceType<typeof exceptions.ProxyError>;
    type SSLError = InstanceType<typeof exceptions.SSLError>;
    type ConnectTimeout = InstanceType<typeof exceptions.ConnectTimeout>;
    type Timeout = InstanceType<typeof exceptions.Timeout>;
    type ReadTimeout = InstanceType<typeof exceptions.ReadTimeout>;
    type PoolTimeout = InstanceType<typeof exceptions.PoolTimeout>;
    type TotalTimeout = InstanceType<typeof exceptions.TotalTimeout>;
    type URLRequired = InstanceType<typeof exceptions.URLRequired>;
    type TooManyRedirects = InstanceType<typeof exceptions.TooManyRedirects>;
    type RetryError = InstanceType<typeof exceptions.RetryError>;
    type UnrewindableBodyError = InstanceType<typeof exceptions.UnrewindableBodyError>;
    type MissingSchema = InstanceType<typeof exceptions.MissingSchema>;
    type InvalidSchema = InstanceType<typeof exceptions.InvalidSchema>;
    type InvalidURL = InstanceType<typeof exceptions.InvalidURL>;
    type InvalidProxyURL = InstanceType<typeof exceptions.InvalidProxyURL>;
    type InvalidHeader = InstanceType<typeof exceptions.InvalidHeader>;
    type ChunkedEncodingError = InstanceType<typeof exceptions.ChunkedEncodingError>;
    type ContentDecodingError = InstanceType<typeof exceptions.ContentDecodingError>;
    type ContentTooLarge = InstanceType<typeof exceptions.ContentTooLarge>;
    type StreamConsumedError = InstanceType<typeof exceptions.StreamConsumedError>;
    type StreamNotReadError = InstanceType<typeof exceptions.StreamNotReadError>;
    type CookieConflictError = InstanceType<typeof exceptions.CookieConflictError>;
  }
  namespace auth {
    type AuthBase = InstanceType<typeof AuthBase>;
    type HTTPBasicAuth = InstanceType<typeof HTTPBasicAuth>;
    type HTTPProxyAuth = InstanceType<typeof HTTPProxyAuth>;
    type HTTPDigestAuth = InstanceType<typeof HTTPDigestAuth>;
    type HTTPBearerAuth = InstanceType<typeof HTTPBearerAuth>;
  }
  namespace adapters {
    type BaseAdapter = InstanceType<typeof BaseAdapter>;
    type HTTPAdapter = InstanceType<typeof HTTPAdapter>;
  }
  namespace cookies {
    type RequestsCookieJar = InstanceType<typeof RequestsCookieJar>;
    type CookieConflictError = InstanceType<typeof exceptions.CookieConflictError>;
  }
  namespace structures {
    type CaseInsensitiveDict = InstanceType<typeof CaseInsensitiveDict>;
  }
}

/* eslint-enable @typescript-eslint/no-namespace */

export default requests;
