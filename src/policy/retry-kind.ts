/** Which counter of a Retry an error belongs to. */
import {
  ChunkedEncodingError,
  ConnectionError,
  ConnectTimeout,
  ReadTimeout,
  SSLError,
  type RequestException,
} from "../exceptions.js";

/** The counters for errors. */
export type RetryKind = "connect" | "read" | "other";

/**
 * The counter for an error.
 *
 * - `connect`: no connection was made, so the server has not seen the request.
 * - `read`: it may have seen it, or the error does not tell; only methods that may be repeated are.
 * - `other`: TLS failed, or a proxy does not accept our credentials: neither gets better by itself.
 * - null: not a matter of the connection (an argument, an abort, the total or the pool timeout, a limit, an address
 *   that `allowAddress` refuses): repeating does not help, or must not be.
 *
 * @param error - what the exchange ended in.
 * @see urllib3's `_is_connection_error` and `_is_read_error`
 */
export function retryKind(error: unknown): RetryKind | null {
  if (error instanceof ConnectTimeout) return "connect";
  if (error instanceof SSLError) return wasBrokenOff(error) ? "connect" : "other";
  if (error instanceof ReadTimeout || error instanceof ChunkedEncodingError) return "read";
  return error instanceof ConnectionError ? connectionKind(error) : null;
}

/** A handshake that the network or a busy server broke off says nothing about certificates, and sent no request. */
function wasBrokenOff(error: SSLError): boolean {
  const { code } = (error.cause ?? {}) as { readonly code?: unknown };
  return error.phase === "tls" && (code === "ECONNRESET" || code === "EPIPE");
}

function connectionKind(error: RequestException): RetryKind | null {
  if (error.code === "ERR_ADDRESS_NOT_ALLOWED" || error.code === "ERR_POOL_FULL") return null;
  if (error.code === "ERR_PROXY_AUTHENTICATION") return "other";
  switch (error.phase) {
    case "pool":
    case "dns":
    case "connect":
    case "tls":
    case "proxy":
      return "connect";
    case "send":
    case "wait":
    case "receive":
    // A foreign adapter's error without a phase must not repeat a POST that may have arrived.
    case undefined:
      return "read";
  }
}
