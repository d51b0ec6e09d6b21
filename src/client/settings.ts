/** The settings of one request: the call's, the session's, and the environment's. */
import type { SendSettings } from "../adapters/adapter.js";
import type { Layer } from "../adapters/layers.js";
import type { PreparedRequest } from "../message/prepared.js";
import { isProxyNamed, type ProxyMapping } from "../policy/no-proxy.js";
import type { Retry } from "../policy/retry.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate } from "../wire/connect/tls.js";
import { environmentCaBundle, environmentKeyLogFile, environmentProxies } from "./environment.js";
import { checkVerify, type Proxies, type SendOptions } from "./options.js";

/** The attributes of a session that a call falls back to. */
export interface SessionSettings {
  readonly stream: boolean;
  readonly timeout: TimeoutOption;
  readonly verify: boolean | string;
  readonly cert: ClientCertificate | null;
  readonly proxies: Proxies;
  readonly trustEnv: boolean;
  readonly retries: Retry | null;
  readonly layers: readonly Layer[];
}

const NO_PROXIES: Readonly<Record<string, string | null>> = Object.freeze({});

/** Each request of a call has settings of its own: a redirect may lead to another scheme, and to another proxy. */
export function settingsFor(session: SessionSettings, { url }: PreparedRequest, given: SendOptions): SendSettings {
  const proxies = resolveProxies(session, url, given.proxies ?? null, environmentProxies);
  const isPlain = url.startsWith("http://");
  return {
    stream: given.stream ?? session.stream,
    followsRedirects: given.allowRedirects ?? true,
    timeout: given.timeout === undefined ? session.timeout : given.timeout,
    // A connection without TLS, on either side of a proxy, has no use for a CA file.
    verify: resolveVerify(session, given.verify, !isPlain || proxies !== NO_PROXIES),
    cert: given.cert === undefined ? session.cert : given.cert,
    proxies,
    onUploadProgress: given.onUploadProgress ?? undefined,
    onDownloadProgress: given.onDownloadProgress ?? undefined,
    onInformational: given.onInformational ?? undefined,
    maxResponseSize: given.maxResponseSize,
    keyLogFile: session.trustEnv && !isPlain ? environmentKeyLogFile() : undefined,
    signal: given.signal ?? undefined,
    defaultRetries: session.retries,
    layers: session.layers,
    cancellation: undefined,
  };
}

/** @param usesTls - Whether the variables that name a CA file matter. */
export function resolveVerify(
  session: SessionSettings,
  given: boolean | string | undefined,
  usesTls: boolean,
): boolean | string {
  const chosen = given ?? session.verify;
  if (chosen === true && given === undefined) checkVerify(session.verify);
  if (chosen !== true) {
    checkVerify(chosen);
    return chosen;
  }
  return usesTls && session.trustEnv ? (environmentCaBundle() ?? true) : true;
}

/** The first that names a proxy for the URL decides: the call, the session, the environment. */
export function resolveProxies(
  { proxies, trustEnv }: SessionSettings,
  url: string,
  given: Proxies | null,
  readEnvironment: (url: string) => ProxyMapping | null,
): Readonly<Record<string, string | null>> {
  if (given !== null && isProxyNamed(url, given)) return definite(given);
  const hasOwn = !isEmpty(proxies);
  if (hasOwn && isProxyNamed(url, proxies)) return definite({ ...proxies, ...given });
  const fromEnvironment = trustEnv ? readEnvironment(url) : null;
  return fromEnvironment === null ? NO_PROXIES : definite({ ...fromEnvironment, ...proxies, ...given });
}

function isEmpty(proxies: Proxies): boolean {
  for (const _ in proxies) return false;
  return true;
}

function definite(proxies: Proxies): Readonly<Record<string, string | null>> {
  const found: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(proxies)) if (value !== undefined) found[key] = value;
  return found;
}
