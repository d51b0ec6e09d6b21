/**
 * What a runtime leaves out of TLS, found out by trying it: what was asked for, and would be passed over in silence, is
 * an error or a warning here.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createSecureContext, type TLSSocket } from "node:tls";

let reads: boolean | undefined;

/**
 * Whether `createSecureContext` reads what it is given, as Node's and Bun's do. Deno's keeps it for later: then a bad
 * certificate would not be shown to the server, and ciphers would not be chosen, without a word.
 */
function contextsAreRead(): boolean {
  if (reads !== undefined) return reads;
  try {
    createSecureContext({ cert: "no certificate", key: "no key" });
    reads = false;
  } catch {
    reads = true;
  }
  return reads;
}

/** The runtime with its version, for messages. */
function runtimeName(): string {
  const { bun, deno, node } = process.versions;
  return bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
}

/** The parts of a context that OpenSSL refuses when they are bad. */
export interface UnreadParts {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly passphrase?: string;
  readonly ciphers?: string | undefined;
}

/**
 * Reads what the runtime's own contexts would not.
 *
 * @throws Error in OpenSSL's words: the certificate or key cannot be read, or one does not belong to the other; or that
 *   ciphers cannot be chosen.
 */
export function checkUnread({ cert, key, passphrase, ciphers }: UnreadParts): void {
  if ((cert === undefined && ciphers === undefined) || contextsAreRead()) return;
  if (ciphers !== undefined)
    throw new UnsupportedError(
      `ciphers is not supported by ${runtimeName()}: its TLS has a list of its own, and would pass over this one; minVersion is kept`,
    );
  const certificate = new X509Certificate(cert!);
  const privateKey = createPrivateKey({ key: keyIn(key!), ...(passphrase === undefined ? {} : { passphrase }) });
  if (!certificate.checkPrivateKey(privateKey)) throw new Error("key values mismatch");
}

/** The key of a PEM file that holds the certificate as well: Deno looks at the first block alone. */
function keyIn(pem: Buffer): Buffer | string {
  return /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?-----END \1-----/.exec(pem.toString("latin1"))?.[0] ?? pem;
}

/** Something that the caller asked for and this runtime cannot do. */
export class UnsupportedError extends Error {}

/**
 * Writes the secrets of a connection that begins to a file, for its owner alone.
 *
 * @see https://developer.mozilla.org/docs/Mozilla/Projects/NSS/Key_Log_Format
 */
export function logKeys(socket: TLSSocket, path: string): void {
  let logged = false;
  socket.on("keylog", (line: Buffer) => {
    logged = true;
    try {
      appendFileSync(path, line, { mode: 0o600 });
    } catch {
      // A log that cannot be written must not make the handshake fail, as in OpenSSL.
    }
  });
  // Every handshake has secrets; Bun reports them afterwards.
  socket.once("secureConnect", () => {
    setImmediate(() => {
      if (!logged) warnOfNoKeyLog();
    });
  });
}

let warned = false;

/** SSLKEYLOGFILE comes from the environment, so requests must not fail because of it; a warning tells why there is no file. */
function warnOfNoKeyLog(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `SSLKEYLOGFILE is not supported by ${runtimeName()}: its TLS tells no secrets, nothing is written`,
  );
}
