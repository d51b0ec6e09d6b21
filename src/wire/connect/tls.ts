/** TLS policies and secure contexts from `verify`, `cert` and the TLS options of an adapter. */
import { createHash, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync, type Stats } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import tls, {
  createSecureContext,
  type ConnectionOptions,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import { types } from "node:util";

import { SSLError } from "../../exceptions.js";
import { inWords } from "../errors.js";
import { checkName } from "./tls-names.js";
import { peerCertificateOf } from "./tls-sessions.js";
import { checkUnread, UnsupportedError } from "./tls-support.js";

/** A client certificate: one PEM file with both, `[certificate, key]`, or the parts as paths or PEM/PKCS#12 bytes. */
export type ClientCertificate =
  | string
  | readonly [certificate: string, key: string]
  | {
      /** The certificate and its chain: a path, or PEM. */
      readonly cert?: string | Uint8Array | undefined;
      /** The key: a path, or PEM. */
      readonly key?: string | Uint8Array | undefined;
      /** Both as PKCS#12: a path, or bytes. */
      readonly pfx?: string | Uint8Array | undefined;
      /** The passphrase of the key or of the PKCS#12 file. */
      readonly passphrase?: string | undefined;
    };

/**
 * Whom a TLS connection trusts. true: the default certificate authorities; false: any certificate, which is unsafe; a
 * path: exactly the authorities of that PEM file or directory; PEM text or bytes, or an array of them: exactly these.
 */
export type VerifyOption = boolean | string | Uint8Array | readonly (string | Uint8Array)[];

/** Everything that decides whom a TLS connection trusts and as whom it speaks. */
export interface TlsPolicy {
  /** true: Node's roots; false: anyone; a path or PEM text: exactly those certificates. */
  readonly verify: boolean | string;
  readonly cert: ClientCertificate | null;
  /** SHA-256 of acceptable certificates, as Node prints them; checked on top of `verify`. */
  readonly pinnedFingerprints?: readonly string[] | undefined;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  readonly ciphers?: string | undefined;
  /** The name to ask for and to verify, in place of the URL's host. */
  readonly servername?: string | undefined;
  /** Trust the system's certificates beside Node's own, with `verify: true`. */
  readonly systemCertificates?: boolean | undefined;
  /** A file for the secrets of the connections (SSLKEYLOGFILE). */
  readonly keyLogFile?: string | undefined;
}

/** The file or directory of the authorities that a policy trusts, where they are not Node's own. */
export function authoritiesOf(policy: TlsPolicy | null): string | null {
  if (typeof policy?.verify !== "string") return null;
  return isPem(policy.verify) ? "the certificates in memory" : policy.verify;
}

function isPem(text: string): boolean {
  return text.includes("-----BEGIN");
}

/** The text of authorities that were given in parts, with the parts that it was made from. */
interface JoinedAuthorities {
  readonly parts: readonly (string | Uint8Array)[];
  readonly text: string;
}

const joinedAuthorities = new WeakMap<object, JoinedAuthorities>();

/**
 * The option as a policy has it: authorities in memory become one PEM text.
 *
 * @throws SSLError for bytes that are not a certificate.
 */
export function trustOf(verify: VerifyOption): boolean | string {
  if (typeof verify !== "object") return verify;
  const known = joinedAuthorities.get(verify);
  const parts: readonly (string | Uint8Array)[] = Array.isArray(verify) ? verify : [verify as Uint8Array];
  if (known?.parts.length === parts.length && parts.every((part, at) => part === known.parts[at])) return known.text;
  const text = parts.map(pemOf).join("\n");
  joinedAuthorities.set(verify, { parts: [...parts], text });
  return text;
}

function pemOf(part: string | Uint8Array): string {
  if (typeof part === "string") return part;
  const text = Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString("latin1");
  if (isPem(text)) return text;
  try {
    return new X509Certificate(part).toString();
  } catch (error) {
    throw new SSLError(
      `SSL: bytes given as verify must hold PEM blocks that begin with -----BEGIN CERTIFICATE-----, or one certificate as DER: ${(error as Error).message}`,
      { cause: error, phase: "tls" },
    );
  }
}

export const DEFAULT_TLS: TlsPolicy = Object.freeze({ verify: true, cert: null });

/** Characters of a text that can be a path. */
const MAX_PATH = 1024;

const policyKeys = new WeakMap<TlsPolicy, string>();

/** Equal for policies that are equal: connections made under one are never used under another. */
export function tlsPolicyKey(policy: TlsPolicy): string {
  if (policy === DEFAULT_TLS) return "";
  let key = policyKeys.get(policy);
  if (key === undefined) {
    key = keyOf(policy);
    policyKeys.set(policy, key);
  }
  return key;
}

function keyOf(policy: TlsPolicy): string {
  if (typeof policy.verify === "boolean" && isBare(policy)) return policy.verify ? "" : "unverified";
  const text = JSON.stringify(policy, bytesAsText);
  // A certificate that is given in parts may hold a private key and its passphrase. PEM text is long.
  const isSecret = typeof policy.cert === "object" && policy.cert !== null && !Array.isArray(policy.cert);
  return isSecret || text.length > MAX_PATH ? createHash("sha256").update(text).digest("hex") : text;
}

function isBare(policy: TlsPolicy): boolean {
  return (
    policy.cert === null &&
    policy.pinnedFingerprints === undefined &&
    policy.minVersion === undefined &&
    policy.ciphers === undefined &&
    policy.servername === undefined &&
    policy.systemCertificates !== true &&
    policy.keyLogFile === undefined
  );
}

function bytesAsText(_name: string, value: unknown): unknown {
  return types.isUint8Array(value) ? Buffer.from(value).toString("base64") : value;
}

/** The TLS settings of a call. */
export interface CallTls {
  readonly verify: VerifyOption;
  readonly cert: ClientCertificate | null;
  readonly keyLogFile?: string | undefined;
}

/** The policies of the calls of one adapter. Calls that say the same in a row share one, and so its key. */
export class TlsPolicies {
  readonly #fixed: Omit<TlsPolicy, keyof CallTls>;
  #last: TlsPolicy | null = null;

  /** @param fixed - What the adapter says of TLS. */
  constructor(fixed: Omit<TlsPolicy, keyof CallTls>) {
    this.#fixed = fixed;
  }

  policyFor({ verify: given, cert, keyLogFile }: CallTls): TlsPolicy {
    const verify = trustOf(given);
    const last = this.#last;
    if (last?.verify === verify && last.keyLogFile === keyLogFile && isSameCertificate(last.cert, cert)) return last;
    // A copy: the key of a policy stands for what it was when it was made.
    return (this.#last = { ...this.#fixed, verify, cert: copied(cert), keyLogFile });
  }
}

function isSameCertificate(one: ClientCertificate | null, other: ClientCertificate | null): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const parts = Object.entries(other);
  return (
    parts.length === Object.keys(one).length && parts.every(([name, part]) => one[name as keyof typeof one] === part)
  );
}

function copied(cert: ClientCertificate | null): ClientCertificate | null {
  if (cert === null || typeof cert === "string") return cert;
  return Array.isArray(cert) ? ([...cert] as unknown as ClientCertificate) : { ...cert };
}

interface CachedContext {
  readonly stamp: string;
  readonly context: SecureContext;
}

const contexts = new Map<string, CachedContext>();
const MAX_CONTEXTS = 100;

/**
 * The secure context of a policy; read again when one of its files has changed.
 *
 * @throws SSLError that names the file which is missing, unreadable, or not what it should be.
 */
export function secureContextOf(policy: TlsPolicy): SecureContext {
  const key = tlsPolicyKey(policy);
  const stamp = filesOf(policy).map(stampOf).join("|");
  const cached = contexts.get(key);
  if (cached?.stamp === stamp) return cached.context;
  const context = makeContext(policy);
  if (contexts.size >= MAX_CONTEXTS) contexts.delete(contexts.keys().next().value!);
  contexts.set(key, { stamp, context });
  return context;
}

function makeContext(policy: TlsPolicy): SecureContext {
  const { verify } = policy;
  const system = verify === true && policy.systemCertificates === true;
  const ca = typeof verify === "string" ? readAuthorities(verify) : system ? systemRoots() : undefined;
  const identity = readIdentity(policy.cert);
  try {
    checkUnread({ ...identity, ciphers: policy.ciphers });
    return createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...identity,
      minVersion: policy.minVersion ?? "TLSv1.2",
      ...(policy.ciphers === undefined ? {} : { ciphers: policy.ciphers }),
    });
  } catch (error) {
    throw unusable(policy, identity, error as Error);
  }
}

function unusable(policy: TlsPolicy, identity: Identity, error: Error): SSLError {
  const { message } = error;
  if (error instanceof UnsupportedError) return new SSLError(`SSL: ${message}`, { phase: "tls" });
  const words = inWords(message);
  if (/key values mismatch/i.test(words))
    return new SSLError(`SSL: the key does not belong to the certificate (${nameOf(policy.cert)})`, {
      cause: error,
      phase: "tls",
    });
  // One wrong passphrase in about 250 decrypts a key to something that looks like padding, and fails at the bytes after it.
  const isGarbled =
    /unsupported|asn1|wrong tag|decode error/i.test(words) && identity.key?.includes("ENCRYPTED") === true;
  if (
    isGarbled ||
    /bad decrypt|bad password|mac verify|passphrase|bad base64 decode.*key|interrupted or cancelled/i.test(words)
  )
    return new SSLError(
      `SSL: the client key or PKCS#12 file cannot be decrypted: wrong or missing passphrase (${nameOf(policy.cert)})`,
      { cause: error, phase: "tls" },
    );
  if (policy.ciphers !== undefined && /cipher/i.test(words))
    return new SSLError(
      `SSL: OpenSSL knows none of the ciphers ${JSON.stringify(policy.ciphers)}: "openssl ciphers" lists them`,
      { cause: error, phase: "tls" },
    );
  return new SSLError(
    `SSL: the client certificate, key or TLS settings cannot be used (${nameOf(policy.cert)}): ${message}`,
    { cause: error, phase: "tls" },
  );
}

function nameOf(cert: ClientCertificate | null): string {
  if (cert === null) return "no client certificate";
  const parts =
    typeof cert === "string"
      ? [cert]
      : Array.isArray(cert)
        ? (cert as readonly string[])
        : partsOf(cert as CertificateParts);
  return parts.filter((part) => typeof part === "string" && isPath(part)).join(", ") || "given in memory";
}

type CertificateParts = Exclude<ClientCertificate, string | readonly string[]>;

function partsOf({ cert, key, pfx }: CertificateParts): readonly (string | Uint8Array | undefined)[] {
  return [cert, key, pfx];
}

/** A key that was given in the place of its path must not stand in a message. */
function isPath(text: string): boolean {
  return text.length <= MAX_PATH && !/-----BEGIN|[\r\n]/.test(text);
}

function filesOf(policy: TlsPolicy): string[] {
  const files: string[] = [];
  if (typeof policy.verify === "string" && !isPem(policy.verify)) files.push(policy.verify);
  const { cert } = policy;
  if (typeof cert === "string") files.push(cert);
  else if (Array.isArray(cert)) files.push(...(cert as readonly string[]));
  else if (cert !== null)
    for (const part of Object.values(cert)) if (typeof part === "string" && !isPem(part)) files.push(part);
  return files;
}

/** Differs once a file has changed: it was written in place or replaced, also within a directory. */
function stampOf(path: string): string {
  const stat = statOf(path);
  if (stat === null) return "";
  const own = `${stat.mtimeMs}:${stat.ctimeMs}:${stat.size}:${stat.ino}`;
  return stat.isDirectory() ? [own, ...authorityFiles(path).map(stampOf)].join(",") : own;
}

/** null for what is not there, or cannot be reached. */
function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function readAuthorities(path: string): string[] {
  if (isPem(path)) return readable(certificatesIn(path), "verify");
  const stat = statOf(path);
  if (stat === null)
    throw new SSLError(
      `Could not find a suitable TLS CA certificate bundle, invalid path: ${isPath(path) ? path : "this is not a path"} (given as verify, or in REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE). A certificate authority in memory is given as PEM text: verify: "-----BEGIN CERTIFICATE-----…"`,
      { phase: "tls" },
    );
  const files = stat.isDirectory() ? authorityFiles(path) : [path];
  const found = files.flatMap((file) => {
    const certificates = certificatesIn(readFile(file, "CA certificate bundle").toString("latin1"));
    for (const certificate of certificates) checkReadable(certificate, file);
    return certificates;
  });
  return orNone(found, `the CA bundle ${path}`);
}

function readable(certificates: string[], place: string): string[] {
  for (const certificate of certificates) checkReadable(certificate, place);
  return orNone(certificates, `the text given as ${place}`);
}

function orNone(certificates: string[], place: string): string[] {
  if (certificates.length > 0) return certificates;
  throw new SSLError(
    `SSL: no certificate in ${place}: it must hold PEM blocks that begin with -----BEGIN CERTIFICATE-----`,
    { phase: "tls" },
  );
}

function authorityFiles(directory: string): string[] {
  return namesIn(directory)
    .sort()
    .map((name) => join(directory, name))
    .filter((file) => statOf(file)?.isFile() === true);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw new SSLError(`Could not read the TLS CA certificate directory, invalid path: ${directory}`, {
      cause: error,
      phase: "tls",
    });
  }
}

/** The hint for text from a variable whose line ends were escaped. */
const ESCAPED_LINES = String.raw`. The text has "\n" as two characters where its lines should end: text.replaceAll("\\n", "\n") repairs it`;

/** Node passes over authorities that it cannot read, and every handshake would fail with another reason. */
function checkReadable(pem: string, file: string): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new SSLError(
      `SSL: could not load CA certificates from ${JSON.stringify(file)}: ${(error as Error).message}${pem.includes("\\n") ? ESCAPED_LINES : ""}`,
      { cause: error, phase: "tls" },
    );
  }
}

/** The bundles of Linux and the BSDs, for a Node that cannot ask the system (before 22.15). */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

function systemRoots(): string[] {
  const { getCACertificates } = tls as unknown as { readonly getCACertificates?: (kind: string) => string[] };
  // "extra" are those of NODE_EXTRA_CA_CERTS, which Node trusts by itself only as long as no `ca` is given.
  if (getCACertificates !== undefined)
    return [...tls.rootCertificates, ...getCACertificates("system"), ...getCACertificates("extra")];
  const bundle = SYSTEM_BUNDLES.find((path) => statOf(path) !== null);
  return bundle === undefined ? [...tls.rootCertificates] : [...tls.rootCertificates, ...readAuthorities(bundle)];
}

function certificatesIn(pem: string): string[] {
  return pem
    .split("-----BEGIN ")
    .slice(1)
    .flatMap((block) => {
      const kind = block.slice(0, block.indexOf("-----"));
      if (kind !== "CERTIFICATE" && kind !== "TRUSTED CERTIFICATE" && kind !== "X509 CERTIFICATE") return [];
      const end = block.indexOf("-----END ");
      return end === -1 ? [] : [`-----BEGIN ${block.slice(0, end)}-----END ${kind}-----\n`];
    });
}

interface Identity {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly pfx?: Buffer;
  readonly passphrase?: string;
}

function readIdentity(given: ClientCertificate | null): Identity {
  if (given === null) return {};
  if (typeof given === "string") {
    const both = readFile(given, "certificate");
    return { cert: both, key: both };
  }
  if (Array.isArray(given)) {
    const [cert, key] = given as readonly [string, string];
    return { cert: readFile(cert, "certificate"), key: readFile(key, "key") };
  }
  type Parts = Exclude<ClientCertificate, string | readonly string[]>;
  const part = <Name extends keyof Parts>(name: Name): Parts[Name] | undefined =>
    Object.hasOwn(given, name) ? (given as Parts)[name] : undefined;
  const [cert, key, pfx, passphrase] = [part("cert"), part("key"), part("pfx"), part("passphrase")];
  const certificate = cert === undefined ? undefined : bytesOf(cert, "certificate");
  return {
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? (certificate === undefined ? {} : { key: certificate }) : { key: bytesOf(key, "key") }),
    ...(pfx === undefined ? {} : { pfx: bytesOf(pfx, "PKCS#12") }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function bytesOf(part: string | Uint8Array, what: string): Buffer {
  if (typeof part !== "string") return Buffer.from(part);
  return isPem(part) ? Buffer.from(part) : readFile(part, what);
}

function readFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code === "ENOENT" ? "Could not find" : "Could not read";
    if (!isPath(path)) throw new SSLError(`${found} the TLS ${what} file: this is not a path`, { phase: "tls" });
    throw new SSLError(`${found} the TLS ${what} file, invalid path: ${path}`, { cause: error, phase: "tls" });
  }
}

const HTTP1_ONLY: readonly string[] = Object.freeze(["http/1.1"]);

/**
 * The options of `tls.connect` for a policy and a host.
 *
 * @param protocols - Offered by ALPN.
 */
export function tlsConnectOptions(
  policy: TlsPolicy,
  host: string,
  protocols: readonly string[] = HTTP1_ONLY,
): ConnectionOptions {
  // RFC 6066 §3: the name without its trailing dot, and never an address.
  const name = (policy.servername ?? host).replace(/^\[|\]$|%.*$/g, "").replace(/\.$/, "");
  const isVerified = policy.verify !== false;
  const options: ConnectionOptions = {
    secureContext: secureContextOf(policy),
    host: name,
    rejectUnauthorized: isVerified,
    // Node passes the host that was connected to, which is an address by then.
    checkServerIdentity: (_host, certificate) => (isVerified ? checkName(name, certificate) : undefined),
    ALPNProtocols: [...protocols],
  };
  if (isIP(name) === 0) options.servername = name;
  return options;
}

/** @throws SSLError when the peer's certificate is none of the pinned ones. */
export function checkPinned(policy: TlsPolicy, socket: TLSSocket, address: string): void {
  const pinned = policy.pinnedFingerprints;
  if (pinned === undefined) return;
  const certificate: Partial<PeerCertificate> = peerCertificateOf(socket);
  const found = certificate.fingerprint256 ?? "none";
  if (pinned.some((one) => plainFingerprint(one) === plainFingerprint(found))) return;
  throw new SSLError(`SSL: the certificate of ${address} is not one of pinnedFingerprints: its SHA-256 is ${found}`, {
    address,
    phase: "tls",
  });
}

function plainFingerprint(fingerprint: string): string {
  return fingerprint
    .replace(/^sha256[:/]/i, "")
    .replaceAll(":", "")
    .toLowerCase();
}
