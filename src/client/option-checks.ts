/** Checks of the options that only calls and sessions have. */
import { isPlainObject, isUint8Array, isUrl } from "../options/kinds.js";
import { kindOf } from "../options/kind.js";
import { refuseUnknownNames } from "../options/nearest-name.js";
import { checkProxyValue } from "../policy/no-proxy.js";
import { Retry } from "../policy/retry.js";
import type { ClientCertificate, VerifyOption } from "../wire/connect/tls.js";
import type { Proxies } from "./options.js";

/**
 * @throws TypeError unless it is true, false, a path, or certificates in memory: anything else might switch verification
 *   off by accident.
 */
export function checkVerify(verify: unknown): asserts verify is VerifyOption {
  if (typeof verify === "boolean" || (typeof verify === "string" && verify !== "")) return;
  if (isBytes(verify)) return;
  if (!Array.isArray(verify) || verify.length === 0)
    throw new TypeError(
      `verify must be true, false, the path of a CA file or directory, or certificate authorities as PEM text or bytes, not ${kindOf(verify)}`,
    );
  for (const item of verify as readonly unknown[])
    if (!isBytes(item) && !(typeof item === "string" && item.includes("-----BEGIN")))
      throw new TypeError(
        `verify given as an array must hold certificate authorities as PEM text or bytes, not ${typeof item === "string" ? "other text" : kindOf(item)}. A path is given alone: verify: "ca.pem"`,
      );
}

function isBytes(value: unknown): boolean {
  return typeof value === "object" && value !== null && isUint8Array(value) && value.length > 0;
}

/** @throws TypeError unless it is a path, two, or the parts. */
export function checkCert(cert: unknown): void {
  const isPath = (value: unknown): boolean => typeof value === "string" && value !== "";
  if (isPath(cert) || (Array.isArray(cert) && cert.length === 2 && cert.every(isPath))) return;
  if (typeof cert === "object" && cert !== null && !Array.isArray(cert)) {
    refuseUnknownNames(cert, CERT_PARTS, "cert");
    if (Object.hasOwn(cert, "cert") || Object.hasOwn(cert, "pfx")) return;
  }
  throw new TypeError(
    `cert must be a path, [certificatePath, keyPath] or { cert, key, pfx, passphrase } with paths or bytes, not ${kindOf(cert)}`,
  );
}

/** The compiler demands each part of the object form. */
const CERT_PARTS = { cert: true, key: true, pfx: true, passphrase: true } satisfies Record<CertificatePart, true>;
type CertificatePart = keyof Exclude<ClientCertificate, string | readonly unknown[]>;

/** @throws TypeError unless it maps schemes and hosts to URLs or null. */
export function checkProxies(proxies: unknown): asserts proxies is Proxies {
  // Of anything else the keys may not be its own, or not there at all: requests would go out directly.
  if (typeof proxies !== "object" || proxies === null || !isPlainObject(proxies) || Symbol.iterator in proxies)
    throw new TypeError(
      `proxies must be an object such as { https: "http://proxy.example:3128" }, not ${kindOf(proxies)}`,
    );
  for (const [key, value] of Object.entries(proxies)) checkProxyValue(key, value);
}

/** @throws TypeError unless it is an AbortSignal, of any implementation. */
export function checkSignal(signal: unknown): void {
  if (typeof (signal as Partial<AbortSignal>).addEventListener !== "function")
    throw new TypeError(`signal must be an AbortSignal, not ${kindOf(signal)}`);
}

/** @throws TypeError unless it is text or a URL. */
export function checkBaseUrl(url: unknown): void {
  if (typeof url === "string" || (typeof url === "object" && url !== null && isUrl(url))) return;
  throw new TypeError(`baseUrl must be a string or a URL, not ${kindOf(url)}`);
}

/** @throws TypeError unless it is a number, a Retry, false or null; RangeError for a number that is not a count. */
export function checkRetries(retries: unknown): asserts retries is number | false | Retry | null {
  if (retries === null || retries === false || retries instanceof Retry) return;
  if (typeof retries !== "number")
    throw new TypeError(
      `retries must be a number, a Retry, or false for none, not ${kindOf(retries)}${
        typeof retries === "object" && isPlainObject(retries) ? ": write new Retry({ … })" : ""
      }`,
    );
  if (!Number.isInteger(retries) || retries < 0)
    throw new RangeError(`retries must be a whole number, 0 or greater, not ${retries}`);
}
