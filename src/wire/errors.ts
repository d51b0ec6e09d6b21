/** Socket errors of Node → exceptions of the package. Each message says what failed, where, and what to try. */
import {
  ConnectionError,
  ConnectTimeout,
  ReadTimeout,
  SSLError,
  type Phase,
  type RequestException,
} from "../exceptions.js";

interface SystemError extends Error {
  readonly code?: string;
  readonly errors?: readonly SystemError[];
}

/**
 * A connection could not be made.
 *
 * @param authorities - The file or directory of those that were trusted, where it was not Node's own.
 */
export function connectFailure(
  error: unknown,
  address: string,
  phase: Phase,
  authorities: string | null = null,
): RequestException {
  if (error instanceof ConnectionError) return error;
  const cause = error as SystemError;
  const code = cause.code ?? cause.errors?.[0]?.code ?? "";
  const details = { cause, address, phase };
  const host = address.replace(/:\d+$/, "");
  switch (code) {
    case "ENOTFOUND":
    case "EAI_NONAME":
    case "EAI_NODATA":
      return new ConnectionError(
        `Failed to resolve ${JSON.stringify(host)}: no such host; is the name spelt right? (${code})`,
        {
          ...details,
          code: "ERR_NAME_RESOLUTION",
          phase: "dns",
        },
      );
    case "EAI_AGAIN":
    case "EAI_FAIL":
    case "ETIMEOUT":
      return new ConnectionError(
        `Failed to resolve ${JSON.stringify(host)}: the DNS server did not answer; is the network up? (${code})`,
        {
          ...details,
          code: "ERR_NAME_RESOLUTION",
          phase: "dns",
        },
      );
    case "ECONNREFUSED":
      return new ConnectionError(
        `Failed to establish a new connection: ${address} refused it; is a server listening there?${each(cause)}`,
        {
          ...details,
          code: "ERR_CONNECTION_REFUSED",
        },
      );
    case "ECONNRESET":
    case "EPIPE":
      if (phase === "tls")
        return new SSLError(
          `SSL: ${address} closed the connection during the TLS handshake; does it speak TLS, and does it want a client certificate (cert)?`,
          details,
        );
      return new ConnectionError(
        `Connection aborted: ${address} closed the connection while it was being made (${code})${each(cause)}`,
        {
          ...details,
          code: "ERR_CONNECTION_RESET",
        },
      );
    case "ETIMEDOUT":
      return new ConnectTimeout(`Connection to ${address} timed out: the system gave up${each(cause)}`, details);
    case "ENOENT":
      return new ConnectionError(`Failed to connect to the Unix socket ${address}: there is no such file`, details);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
      return new ConnectionError(
        `Failed to establish a new connection: ${address} cannot be reached from here (${code})${each(cause)}`,
        details,
      );
  }
  if (phase === "tls") return tlsFailure(cause, address, authorities);
  if (phase === "dns")
    return new ConnectionError(`Failed to resolve ${JSON.stringify(host)}: ${cause.message || code}`, {
      ...details,
      code: "ERR_NAME_RESOLUTION",
    });
  return new ConnectionError(`Failed to establish a new connection to ${address}: ${cause.message || code}`, details);
}

/** With several addresses, how each failed. */
function each(error: SystemError): string {
  if (error.errors === undefined || error.errors.length < 2) return "";
  return ` (tried ${error.message || error.errors.map((one) => one.message).join("; ")})`;
}

interface CertificateError extends SystemError {
  readonly reason?: string;
  readonly host?: string;
  readonly cert?: {
    readonly valid_from?: string;
    readonly valid_to?: string;
    readonly subject?: { readonly CN?: string | readonly string[] };
    readonly subjectaltname?: string;
  };
}

/** TLS failed: in words, with the way out. */
function tlsFailure(error: CertificateError, address: string, authorities: string | null): SSLError {
  const code = error.code ?? "";
  const failure = (what: string): SSLError =>
    new SSLError(`SSL: certificate verify failed for ${address}: ${what} (${code})`, {
      cause: error,
      address,
      phase: "tls",
    });
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return failure(
        `${expiry(error.cert?.valid_to)}; the server's operator must renew it, or this machine's clock is wrong`,
      );
    case "CERT_NOT_YET_VALID":
      return failure(`${beginning(error.cert?.valid_from)}; is this machine's clock right?`);
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return failure('the certificate is self-signed; if you trust it, pass its file: verify: "cert.pem"');
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return failure(
        `its issuer is unknown here${elsewhere(authorities)}${orExpired()}; if a private authority signed it, pass that authority: verify: "ca.pem"`,
      );
    case "CERT_REVOKED":
      return failure("the certificate has been revoked");
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return failure(wrongName(error, JSON.stringify(error.host ?? address)));
  }
  const words = inWords(error.message);
  if (/wrong version number|packet length too long|http request|unknown protocol|corrupt message/i.test(words))
    return new SSLError(`SSL: ${address} does not speak TLS; should the URL begin with http://?`, {
      cause: error,
      address,
      phase: "tls",
    });
  if (/unsupported protocol|no protocols available|protocol version/i.test(words))
    return new SSLError(
      `SSL: ${address} and this client have no TLS version in common (the least here is TLS 1.2, or the minVersion of HTTPAdapter)`,
      {
        cause: error,
        address,
        phase: "tls",
      },
    );
  if (/certificate required|bad certificate|handshake failure/i.test(words))
    return new SSLError(
      `SSL: ${address} refused the handshake: ${plain(error.message)}; it may want a client certificate: cert: ["client.pem", "client.key"]`,
      {
        cause: error,
        address,
        phase: "tls",
      },
    );
  return new SSLError(`SSL: ${plain(error.message)} (${address})`, { cause: error, address, phase: "tls" });
}

/** Deno has one word for both. */
function orExpired(): string {
  return process.versions["deno"] === undefined ? "" : ", or it has expired (Deno does not say which)";
}

/** The place where an issuer was searched. */
function elsewhere(authorities: string | null): string {
  return authorities === null
    ? ""
    : `, it is not in ${authorities} (by verify, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE)`;
}

/** The server's own certificate may be good, and one above it not. */
function expiry(until: string | undefined): string {
  if (until === undefined || !(Date.parse(until) < Date.now())) return "a certificate of its chain has expired";
  return `the certificate has expired on ${until}`;
}

function beginning(from: string | undefined): string {
  if (from === undefined || !(Date.parse(from) > Date.now())) return "a certificate of its chain is not valid yet";
  return `the certificate is not valid before ${from}`;
}

/** @param host - In quotes. */
function wrongName({ cert }: CertificateError, host: string): string {
  const { subjectaltname = "", subject } = cert ?? {};
  if (subjectaltname !== "")
    return `the certificate was issued for ${subjectaltname.slice(0, 200)}, not for ${host}; is the host name right?`;
  if (subject?.CN === undefined) return `the certificate was issued for another host, not for ${host}`;
  return `the certificate has no subjectAltName, and its Common Name ${JSON.stringify(subject.CN)} does not count (RFC 9525); the server needs a certificate with ${host} as subjectAltName`;
}

/** The library's text without its addresses and file names. */
function plain(message: string): string {
  const parts = message.trim().split(":");
  // OpenSSL appends its file and line to the reason; BoringSSL (Bun) ends with the reason.
  if (parts[0] === "error" && parts.length === 5) return inWords(parts[4]).toLowerCase();
  return parts.length > 5 ? (parts[5] ?? message) : message;
}

/** BoringSSL says WRONG_VERSION_NUMBER and rustls (Deno) ProtocolVersion where OpenSSL says it in words. */
export function inWords(message: string): string {
  return message.replaceAll("_", " ").replace(/(?<=[a-z])(?=[A-Z])/g, " ");
}

/** The connection broke while the request was being sent or the response awaited. */
export function connectionLost(error: unknown, address: string, phase: Phase): ConnectionError {
  const cause = error as SystemError | undefined;
  const code = cause?.code ?? "";
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED")
    return new ConnectionError(`Connection aborted: connection reset by ${address} before a response came (${code})`, {
      cause,
      address,
      phase,
      code: "ERR_CONNECTION_CLOSED",
    });
  if (phase !== "wait" && isTlsError(cause))
    return new SSLError(`SSL: ${plain(cause!.message)} (${address})`, { cause, address, phase });
  return isTlsError(cause)
    ? new SSLError(
        `SSL: ${address} ended the connection: ${plain(cause!.message)}; it may want a client certificate (cert)`,
        { cause, address, phase },
      )
    : new ConnectionError(`Connection aborted: ${cause?.message ?? "the connection was lost"} (${address})`, {
        cause,
        address,
        phase,
      });
}

/** Adds the address to an error of the parser, which does not know it. */
export function located(error: RequestException, address: string): RequestException {
  error.address ??= address;
  return extended(error, `(from ${address})`);
}

/** Names the proxy, if there is one, in an error of the connection that leads through it. */
export function throughProxy<Failure extends RequestException>(
  error: Failure,
  proxy: { readonly shown: string } | null,
): Failure {
  return proxy === null ? error : extended(error, `(through proxy ${proxy.shown})`);
}

/** Appends to the message, also where the stack shows it. */
function extended<Failure extends RequestException>(error: Failure, words: string): Failure {
  const { message, stack } = error;
  error.message = `${message} ${words}`;
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return error;
}

/** The peer was gone before the request could be sent: at once after the handshake, or with an alert that refuses it. */
export function closedAtOnce(error: unknown, address: string): ConnectionError {
  return error !== null && error !== undefined
    ? connectionLost(error, address, "wait")
    : new ConnectionError(`Connection aborted: ${address} closed the connection at once`, {
        code: "ERR_CONNECTION_CLOSED",
        phase: "connect",
        address,
      });
}

function isTlsError(error: SystemError | undefined): boolean {
  return error?.code?.startsWith("ERR_SSL") === true || error?.code === "EPROTO";
}

/**
 * The error for a connection that took too long.
 *
 * @param milliseconds - The limit.
 * @param elapsed - Milliseconds that have passed.
 * @param phase - What it was waiting for.
 */
export function connectTimedOut(address: string, milliseconds: number, elapsed: number, phase: Phase): ConnectTimeout {
  return new ConnectTimeout(
    `Connection to ${address} timed out. (connect timeout=${milliseconds / 1000}) Still in phase "${phase}" after ${seconds(elapsed)} s`,
    { address, phase, elapsed: elapsed / 1000 },
  );
}

/**
 * The error for a peer that neither sends nor accepts bytes.
 *
 * @param milliseconds - The limit.
 * @param elapsed - Milliseconds since its last byte.
 */
export function readTimedOut(address: string, milliseconds: number, elapsed: number, phase: Phase): ReadTimeout {
  const what = phase === "send" ? "the server takes no more of the request" : "the server is silent";
  return new ReadTimeout(
    `Read timed out. (read timeout=${milliseconds / 1000}) ${address}: ${what}, in phase "${phase}" for ${seconds(elapsed)} s`,
    { address, phase, elapsed: elapsed / 1000 },
  );
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
