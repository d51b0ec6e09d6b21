/** The URL of a proxy: its address, its protocol, and our credentials for it. */
import { randomBytes } from "node:crypto";

import { basicAuthHeader } from "../../auth/basic.js";
import { digestAuthorization, digestChallenges, qopFor, type DigestChallenge } from "../../auth/digest-response.js";
import { parseChallenges } from "../../http/challenges.js";
import { InvalidProxyURL } from "../../exceptions.js";
import { authorityEnd, shownProxyUrl } from "../../http/redaction/shown-url.js";
import { authFromUrl, effectivePort, splitUrl, type UrlParts } from "../../http/url/url.js";
import { canonicalHost } from "../../http/url/url-host.js";
import type { ProxyCredentials, ProxyHop } from "../../wire/connect/proxy-hop.js";
import { trustOf, type VerifyOption } from "../../wire/connect/tls.js";

/** A proxy as its URL describes it. */
export interface ProxyServer {
  readonly scheme: "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h";
  readonly host: string;
  readonly port: number;
  /** For messages: without its password. */
  readonly shown: string;
  readonly credentials: ProxyCredentials | null;
  /** Tells proxies apart, their credentials included. */
  readonly key: string;
}

const SCHEMES = new Set(["http", "https", "socks4", "socks4a", "socks5", "socks5h"]);
const servers = new Map<string, ProxyServer>();
const MAX_SERVERS = 100;

/**
 * @param url - With a scheme, or `host:port`, which is an http proxy as in requests.
 * @throws InvalidProxyURL for a URL without a host, or with a scheme that is not one of a proxy.
 */
export function proxyServer(url: string): ProxyServer {
  const known = servers.get(url);
  if (known !== undefined) return known;
  const server = readProxy(url);
  if (servers.size >= MAX_SERVERS) servers.clear();
  servers.set(url, server);
  return server;
}

function readProxy(url: string): ProxyServer {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(url);
  const full = hasScheme ? url : `http://${url}`;
  const shown = shownProxyUrl(full);
  const end = authorityEnd(full, full.indexOf("//") + 2);
  // Such a URL may parse, with the user name as its host and a part of the password as its port.
  if (full.includes("@", end)) throw malformedProxy(shown);
  let parts: UrlParts;
  let host: string;
  try {
    parts = splitUrl(full);
    host = SCHEMES.has(parts.scheme) ? canonicalHost(parts.host, full) : parts.host;
  } catch (error) {
    throw malformedProxy(shown, error);
  }
  // "http:/host", "http//host" and "http://http://host" begin with a scheme, not with a host of that name.
  const isBare = (parts.path === "" || parts.path === "/") && !/:\/?$/.test(url);
  if (hasScheme ? parts.path.startsWith("//") : !isBare) throw malformedProxy(shown);
  if (!SCHEMES.has(parts.scheme))
    throw new InvalidProxyURL(
      `Please check proxy URL ${JSON.stringify(shown)}. Its scheme must be one of ${[...SCHEMES].join(", ")}.`,
    );
  const scheme = parts.scheme as ProxyServer["scheme"];
  const found = credentialsOf(full, parts);
  if (found !== null) checkSocksCredentials(scheme, found, shown);
  return {
    scheme,
    host: host.startsWith("[") ? host.slice(1, -1).replace("%25", "%") : host,
    port: effectivePort(parts),
    shown: shown.slice(0, authorityEnd(shown, shown.indexOf("//") + 2)),
    credentials: found === null ? null : new Credentials(found[0], found[1]),
    key: full,
  };
}

/** The URL is hidden up to its last "@": a password with a "/", "?", "#" or "\\" in it ends the authority too early. */
function malformedProxy(shown: string, cause?: unknown): InvalidProxyURL {
  const hint = shown.includes("***")
    ? ' Percent-encode the user name and password: "#" as %23, "/" as %2F, "?" as %3F, "\\" as %5C, "@" as %40.'
    : "";
  return new InvalidProxyURL(
    `Please check proxy URL. It is malformed and could be missing the host. The URL is ${JSON.stringify(shown)}.${hint}`,
    { cause },
  );
}

/** A user without a password is one too, for a proxy. */
function credentialsOf(url: string, parts: UrlParts): [string, string] | null {
  const both = authFromUrl(url);
  if (both !== null) return both;
  if (parts.userinfo === null || parts.userinfo === "") return null;
  try {
    return [decodeURIComponent(parts.userinfo), ""];
  } catch {
    return [parts.userinfo, ""];
  }
}

/** RFC 1929: a byte for each length. SOCKS 4 ends the name at a NUL, and whatever follows would be the host. */
function checkSocksCredentials(scheme: string, [username, password]: readonly [string, string], shown: string): void {
  const tooLong =
    scheme.startsWith("socks5") && Math.max(Buffer.byteLength(username), Buffer.byteLength(password)) > 255;
  const hasNul = scheme.startsWith("socks4") && username.includes("\0");
  if (tooLong || hasNul)
    throw new InvalidProxyURL(
      `Please check proxy URL ${JSON.stringify(shown)}. ${tooLong ? "Its user name and password must not exceed 255 bytes each." : "Its user name contains a NUL character."}`,
    );
}

/** The hop of a route through the proxy. */
export function proxyHop(server: ProxyServer, secureTarget: boolean, verify: VerifyOption): ProxyHop {
  const http = server.scheme === "http" || server.scheme === "https";
  return {
    kind: http ? "http" : server.scheme,
    shown: server.shown,
    host: server.host,
    port: server.port,
    // Verified like any other server; the client certificate is not for the proxy.
    tls: server.scheme === "https" ? { verify: trustOf(verify), cert: null } : null,
    tunnel: http && secureTarget,
    credentials: server.credentials,
  };
}

/** Basic until the proxy asks for Digest; then Digest from the start. */
class Credentials implements ProxyCredentials {
  readonly username: string;
  readonly password: string;
  #challenge: DigestChallenge | null = null;
  #count = 0;

  constructor(username: string, password: string) {
    this.username = username;
    this.password = password;
  }

  first(method: string, target: string): string | null {
    return this.#challenge === null ? basicAuthHeader(this.username, this.password) : this.#digest(method, target);
  }

  answers(challenges: readonly string[]): boolean {
    const value = challenges.join(", ");
    const digest = digestOf(value);
    return digest === undefined ? this.#answersBasic(value) : this.#answersDigest(digest);
  }

  answer(challenges: readonly string[], method: string, target: string): string | null {
    const value = challenges.join(", ");
    const digest = digestOf(value);
    if (digest === undefined) {
      const basic = this.#answersBasic(value);
      this.#challenge = null;
      return basic ? basicAuthHeader(this.username, this.password) : null;
    }
    if (!this.#answersDigest(digest)) return null;
    this.#challenge = digest;
    this.#count = 0;
    return this.#digest(method, target);
  }

  /** Basic went out unasked; there is another answer only if Digest was tried since. */
  #answersBasic(value: string): boolean {
    return this.#challenge !== null && parseChallenges(value).some((one) => one.scheme === "basic");
  }

  /** The same nonce again, and not because it is old: the password is wrong. */
  #answersDigest({ nonce, stale }: DigestChallenge): boolean {
    return this.#challenge?.nonce !== nonce || stale;
  }

  #digest(method: string, target: string): string {
    const challenge = this.#challenge!;
    this.#count += 1;
    const cnonce = randomBytes(16).toString("hex");
    const session = challenge.session ? { sessionNonce: challenge.nonce } : {};
    return digestAuthorization(challenge, {
      username: this.username,
      password: this.password,
      method,
      uri: target,
      qop: qopFor(challenge),
      nonceCount: this.#count,
      cnonce,
      ...session,
    });
  }
}

function digestOf(challenges: string): DigestChallenge | undefined {
  return digestChallenges(challenges).find((one) => qopFor(one) !== "auth-int");
}
