/**
 * HAR 1.2. Sizes are bytes, times milliseconds; -1 stands for what is not known or did not happen.
 *
 * @see http://www.softwareishard.com/blog/har-12-spec/
 */

/** The whole archive. */
export interface Har {
  readonly log: HarLog;
}

export interface HarLog {
  readonly version: "1.2";
  readonly creator: { readonly name: string; readonly version: string };
  /** In the order in which they began. */
  readonly entries: readonly HarEntry[];
}

/** One request and what came of it. Redirects, retries and answers to challenges are entries of their own. */
export interface HarEntry {
  /** ISO 8601. */
  readonly startedDateTime: string;
  /** The sum of the timings but for `ssl`, which is a part of `connect`. */
  readonly time: number;
  readonly request: HarRequest;
  readonly response: HarResponse;
  readonly cache: Readonly<Record<string, never>>;
  readonly timings: HarTimings;
  /** Left out where there was no address. */
  readonly serverIPAddress?: string;
  /** 2 and more for a retry. */
  readonly _attempt?: number;
  /** What it ended in, when there was no response. */
  readonly _error?: string;
}

export interface HarRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly cookies: readonly HarCookie[];
  readonly headers: readonly HarField[];
  readonly queryString: readonly HarField[];
  readonly postData?: HarPostData;
  readonly headersSize: number;
  readonly bodySize: number;
}

export interface HarResponse {
  /** 0 when there was none. */
  readonly status: number;
  readonly statusText: string;
  readonly httpVersion: string;
  readonly cookies: readonly HarCookie[];
  readonly headers: readonly HarField[];
  readonly content: HarContent;
  readonly redirectURL: string;
  readonly headersSize: number;
  /** As it came, before decoding. */
  readonly bodySize: number;
}

export interface HarField {
  readonly name: string;
  readonly value: string;
}

export interface HarCookie {
  readonly name: string;
  readonly value: string;
  readonly path?: string;
  readonly domain?: string;
  readonly expires?: string;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
}

export interface HarPostData {
  readonly mimeType: string;
  /** Of a form. */
  readonly params?: readonly HarField[];
  readonly text?: string;
  /** Why there is no text, or how it is encoded. */
  readonly comment?: string;
}

export interface HarContent {
  /** After decoding. */
  readonly size: number;
  /** Bytes that the content coding saved. */
  readonly compression?: number;
  readonly mimeType: string;
  readonly text?: string;
  /** `base64` for what is no text. */
  readonly encoding?: "base64";
  readonly comment?: string;
}

export interface HarTimings {
  readonly blocked: number;
  readonly dns: number;
  /** TLS included. */
  readonly connect: number;
  readonly ssl: number;
  readonly send: number;
  readonly wait: number;
  readonly receive: number;
}
