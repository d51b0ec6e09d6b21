/**
 * HAR 1.2. Sizes are bytes, times milliseconds; -1 stands for what is not known or did not happen.
 *
 * @see http://www.softwareishard.com/blog/har-12-spec/
 */

/** The whole archive. */
export interface Har {
  /** Everything: a HAR file has one log. */
  readonly log: HarLog;
}

/** The log of an archive. */
export interface HarLog {
  /** The version of the format. */
  readonly version: "1.2";
  /** Which program wrote it. */
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
  /** The content that was sent. */
  readonly request: HarRequest;
  /** The response. */
  readonly response: HarResponse;
  /** Empty: there is no cache. */
  readonly cache: Readonly<Record<string, never>>;
  /** The duration of each phase. */
  readonly timings: HarTimings;
  /** Left out where there was no address. */
  readonly serverIPAddress?: string;
  /** 2 and more for a retry. */
  readonly _attempt?: number;
  /** The error, if there was no response. */
  readonly _error?: string;
}

/** A request, as it was sent. */
export interface HarRequest {
  /** The method. */
  readonly method: string;
  /** The URL, with credentials masked. */
  readonly url: string;
  /** `HTTP/1.1`. */
  readonly httpVersion: string;
  /** Those of the header Cookie. */
  readonly cookies: readonly HarCookie[];
  /** In the order in which they were sent. */
  readonly headers: readonly HarField[];
  /** The parameters of the URL, decoded. */
  readonly queryString: readonly HarField[];
  /** The body; left out where there was none. */
  readonly postData?: HarPostData;
  /** Bytes of the head. */
  readonly headersSize: number;
  /** Bytes of the body; -1 where it is not known. */
  readonly bodySize: number;
}

/** A response, as it came. */
export interface HarResponse {
  /** 0 when there was none. */
  readonly status: number;
  /** The reason phrase. */
  readonly statusText: string;
  /** `HTTP/1.1`, or `HTTP/1.0`. */
  readonly httpVersion: string;
  /** Those that it set. */
  readonly cookies: readonly HarCookie[];
  /** In the order in which they came. */
  readonly headers: readonly HarField[];
  /** The body, decoded. */
  readonly content: HarContent;
  /** The Location, "" for none. */
  readonly redirectURL: string;
  /** Bytes of the head; -1 where it is not known. */
  readonly headersSize: number;
  /** As it came, before decoding. */
  readonly bodySize: number;
}

/** A header, a parameter or a field of a form. */
export interface HarField {
  /** Its name. */
  readonly name: string;
  /** Its value; `***` for what is masked. */
  readonly value: string;
}

/** A cookie, sent or set. */
export interface HarCookie {
  /** Its name. */
  readonly name: string;
  /** Its value; `***` unless credentials are shown. */
  readonly value: string;
  /** As Set-Cookie has it. */
  readonly path?: string;
  /** As Set-Cookie has it. */
  readonly domain?: string;
  /** ISO 8601. */
  readonly expires?: string;
  /** Whether scripts of a page may not see it. */
  readonly httpOnly?: boolean;
  /** Whether it goes over https alone. */
  readonly secure?: boolean;
}

/** The body of a request. */
export interface HarPostData {
  /** Its Content-Type. */
  readonly mimeType: string;
  /** The fields of a form. */
  readonly params?: readonly HarField[];
  /** Its text, or its bytes in Base64; left out for a form, and for what is not kept. */
  readonly text?: string;
  /** Why there is no text, or how it is encoded. */
  readonly comment?: string;
}

/** The body of a response. */
export interface HarContent {
  /** After decoding. */
  readonly size: number;
  /** Bytes that the content coding saved. */
  readonly compression?: number;
  /** Its Content-Type. */
  readonly mimeType: string;
  /** Its text, or its bytes in Base64; left out for what is not kept. */
  readonly text?: string;
  /** `base64` for content that is not text. */
  readonly encoding?: "base64";
  /** Why there is no text. */
  readonly comment?: string;
}

/** The duration of each phase in milliseconds. */
export interface HarTimings {
  /** Waiting for a connection of the pool. */
  readonly blocked: number;
  /** Resolving the host's name. */
  readonly dns: number;
  /** TLS included. */
  readonly connect: number;
  /** The TLS handshake. */
  readonly ssl: number;
  /** Until the request was handed to the socket. */
  readonly send: number;
  /** From then to the response's head. */
  readonly wait: number;
  /** From the head to the end of the body. */
  readonly receive: number;
}
