/** The JSON form of a session: its settings, with every secret masked. */
import { maskedAuth, maskedHeaders, maskedValue } from "../message/masked.js";
import { redactedUrl, shownProxyUrl } from "../http/redaction/shown-url.js";
import type { ClientCertificate } from "../wire/connect/tls.js";
import type { SessionAttributes } from "./session-attributes.js";

/** The settings of a session in plain values. */
export function maskedSession(session: SessionAttributes): Record<string, unknown> {
  const { baseUrl, headers, params, auth, proxies, cookies, cert, credentialHeaders } = session;
  const { stream, verify, timeout, maxResponseSize, maxRedirects, trustEnv, adapters } = session;
  return {
    baseUrl: baseUrl === null ? null : redactedUrl(baseUrl),
    headers: maskedHeaders(headers, credentialHeaders),
    params: maskedValue(params),
    auth: auth === null ? null : maskedAuth(auth),
    proxies: Object.fromEntries(
      Object.entries(proxies).map(([key, url]) => [
        redactedUrl(key),
        typeof url === "string" ? shownProxyUrl(url) : url,
      ]),
    ),
    cookies: [...cookies].map(({ name, domain, path }) => ({ name, value: "***", domain, path })),
    cert: cert === null ? null : maskedCertificate(cert),
    stream,
    verify: typeof verify === "boolean" ? verify : shownPart(verify),
    timeout,
    maxResponseSize,
    maxRedirects,
    trustEnv,
    adapters: [...adapters.keys()].map((prefix) => redactedUrl(prefix)),
  };
}

/** Paths are shown; PEM text, bytes and the passphrase are not. */
function maskedCertificate(cert: ClientCertificate): unknown {
  if (typeof cert === "string") return shownPart(cert);
  if (Array.isArray(cert)) return (cert as readonly string[]).map(shownPart);
  return Object.fromEntries(
    Object.entries(cert).map(([name, part]) => [name, name === "passphrase" ? "***" : shownPart(part)]),
  );
}

function shownPart(part: unknown): unknown {
  return typeof part === "string" && !part.includes("-----BEGIN") ? part : part == null ? part : "***";
}
