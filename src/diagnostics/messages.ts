/** The messages of the channels of `node:diagnostics_channel`. Credentials are masked in all of them. */

/** One request on its way. The messages of one request share one object, and so can be told apart by it or its `id`. */
export interface DiagnosedRequest {
  /** Counted from 1 in this process. Each attempt, redirect and answer to a challenge is a request of its own. */
  readonly id: number;
  /** The method, as it goes out. */
  readonly method: string;
  /** With `***` for a password and for parameters that carry credentials. */
  readonly url: string;
  /** name and value, in order; Host comes on top unless it is among them. */
  readonly headers: readonly (readonly [string, string])[];
  /** Bytes, null where it is not known before it is sent, 0 for none. */
  readonly bodySize: number | null;
  /** 1, and more for a retry. */
  readonly attempt: number;
}

/** A connection, from opening to closing. */
export interface DiagnosedConnection {
  /** Counted from 1 in this process. */
  readonly id: number;
  /** `host:port` of the origin, or of a proxy that is handed the requests of all origins; or the path of a Unix socket. */
  readonly address: string;
  /** The proxy in between, without credentials; null for none. */
  readonly proxy: string | null;
}

/** An error without the request that it carries. */
export interface DiagnosedError {
  /** The name of its class. */
  readonly name: string;
  /** The error, without credentials. */
  readonly message: string;
  /** As of RequestException, or of a system error; undefined for neither. */
  readonly code: string | undefined;
  /** The part of the exchange that failed. */
  readonly phase: string | undefined;
}

/** Seconds. */
export interface DiagnosedTimings {
  /** Waiting for a connection of the pool. */
  readonly queued: number;
  /** Resolving the host's name. */
  readonly dns: number;
  /** Making the TCP connection. */
  readonly connect: number;
  /** The TLS handshake. */
  readonly tls: number;
  /** Until the request was handed to the socket. */
  readonly send: number;
  /** From then to the response's head. */
  readonly wait: number;
  /** From the head to the end of the body. */
  readonly receive: number;
  /** All of it. */
  readonly total: number;
}

/** The channels, and what each tells. */
export interface DiagnosticsMessages {
  /** A request is about to be sent: it has no connection yet. */
  readonly "requests:request:start": { readonly request: DiagnosedRequest };
  /** The head of its response came. */
  readonly "requests:request:head": {
    /** The request. */
    readonly request: DiagnosedRequest;
    /** The connection that carried it. */
    readonly connection: DiagnosedConnection;
    /** Whether the connection had carried a request before. */
    readonly reused: boolean;
    /** The status. */
    readonly statusCode: number;
    /** The reason phrase, as it came. */
    readonly reason: string;
    /** "1.1" or "1.0". */
    readonly httpVersion: string;
    /** name and value, as they came; credentials are masked. */
    readonly headers: readonly (readonly [string, string])[];
  };
  /** Its response is over: read to its end, or closed before (`complete: false`). */
  readonly "requests:request:end": {
    /** The request. */
    readonly request: DiagnosedRequest;
    /** The status. */
    readonly statusCode: number;
    /** Bytes of the body as they came, before decoding. */
    readonly bytes: number;
    /** Whether the body was read to its end. */
    readonly complete: boolean;
    /** The duration of each phase. */
    readonly timings: DiagnosedTimings;
  };
  /** It failed, or was cancelled. A status is not an error. */
  readonly "requests:request:error": { readonly request: DiagnosedRequest; readonly error: DiagnosedError };
  /** An attempt is to be repeated. */
  readonly "requests:request:retry": {
    /** The method. */
    readonly method: string;
    /** The URL, masked as in a DiagnosedRequest. */
    readonly url: string;
    /** The attempt that failed, from 1. */
    readonly attempt: number;
    /** Seconds until the next. */
    readonly delay: number;
    /** null where there was no response. */
    readonly statusCode: number | null;
    /** null where a response came. */
    readonly error: DiagnosedError | null;
  };
  /** A redirect is followed. */
  readonly "requests:request:redirect": {
    /** The status of the response that redirects. */
    readonly statusCode: number;
    /** The request that was redirected; its URL is masked. */
    readonly from: { readonly method: string; readonly url: string };
    /** The request that follows. */
    readonly to: { readonly method: string; readonly url: string };
  };
  /** A request has to wait for one of the connections to its origin to be free. */
  readonly "requests:pool:wait": {
    /** `host:port` of the origin, or the path of a Unix socket. */
    readonly address: string;
    /** Connections to the origin. */
    readonly open: number;
    /** Requests that wait, this one included. */
    readonly waiting: number;
  };
  /** A connection is there, TLS and tunnel included. */
  readonly "requests:connection:open": {
    /** The connection. */
    readonly connection: DiagnosedConnection;
    /** The peer, `address:port`. */
    readonly remoteAddress: string;
    /** Seconds for resolving the name. */
    readonly dns: number;
    /** Seconds for the TCP connection. */
    readonly connect: number;
    /** Seconds for the handshake; 0 for none. */
    readonly tls: number;
  };
  /** A TLS handshake is done, with the origin or with a proxy. */
  readonly "requests:connection:tls": {
    /** `host:port` of whom the handshake was made with. */
    readonly address: string;
    /** Such as "TLSv1.3". */
    readonly protocol: string | null;
    /** The cipher's name. */
    readonly cipher: string;
    /** Whether an earlier session was resumed. */
    readonly resumed: boolean;
    /** Whether the certificate was accepted; false under `verify: false`. */
    readonly authorized: boolean;
    /** Seconds. */
    readonly duration: number;
  };
  /** A connection could not be made. */
  readonly "requests:connection:error": {
    /** `host:port` of the origin, or the path of a Unix socket. */
    readonly address: string;
    /** The proxy in between, without credentials; null for none. */
    readonly proxy: string | null;
    /** The error. */
    readonly error: DiagnosedError;
  };
  /** A connection is closed. */
  readonly "requests:connection:close": {
    /** The connection. */
    readonly connection: DiagnosedConnection;
    /** Requests that it carried. */
    readonly requests: number;
  };
}
