/** The settings of one request: the call's, the session's, and the environment's. */
import type { CallSettings } from "../adapters/adapter.js";
import type { Layer } from "../adapters/layers.js";
import type { PreparedRequest } from "../message/prepared.js";
import { splitUrl } from "../http/url/url.js";
import { NO_OPTIONS } from "../options/own-options.js";
import { isProxyNamed, mergedProxies, NO_PROXY, type ProxyMapping } from "../policy/no-proxy.js";
import { Retry } from "../policy/retry.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate, VerifyOption } from "../wire/connect/tls.js";
import { environmentCaBundle, environmentKeyLogFile, environmentProxies } from "./environment.js";
import { checkVerify } from "./option-checks.js";
import { OPTIONS, type Proxies, type SendOptions } from "./options.js";
import type { EnvironmentSettings } from "./session-options.js";

/** The attributes of a session that a call falls back to. */
export interface SessionSettings {
  readonly stream: boolean;
  readonly timeout: TimeoutOption;
  readonly verify: VerifyOption;
  readonly cert: ClientCertificate | null;
  readonly proxies: Proxies;
  readonly trustEnv: boolean;
  readonly maxResponseSize: number;
  readonly retries: Retry | null;
  readonly layers: readonly Layer[];
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

const NO_PROXIES: Readonly<Record<string, string | null>> = Object.freeze({});

/** The policy that an option stands for: a number is that many retries by the default policy. */
export function retriesFrom(retries: number | false | Retry | null): Retry {
  return typeof retries === "number" && retries > 0 ? Retry.sensible(retries) : Retry.fromInt(retries || 0);
}

/** Each request of a call has settings of its own: a redirect may lead to another scheme, and to another proxy. */
export function settingsFor(session: SessionSettings, { url }: PreparedRequest, given: SendOptions): CallSettings {
  const proxies = resolveProxies(session, url, given.proxies ?? null, environmentProxies);
  const isPlain = url.startsWith("http://");
  const settings: Writable<CallSettings> = {
    stream: session.stream,
    followsRedirects: given.allowRedirects ?? true,
    timeout: session.timeout,
    verify: session.verify,
    cert: session.cert,
    proxies,
    onUploadProgress: undefined,
    onDownloadProgress: undefined,
    onInformational: undefined,
    // Without a limit the adapter uses the limits that it has made already.
    maxResponseSize: session.maxResponseSize === 0 ? undefined : session.maxResponseSize,
    keyLogFile: session.trustEnv && !isPlain ? environmentKeyLogFile() : undefined,
    signal: undefined,
    decode: undefined,
    retries: undefined,
    defaultRetries: session.retries,
    layers: session.layers,
    cancellation: undefined,
  };
  if (given !== NO_OPTIONS) useGiven(settings, given);
  if (given.retries !== undefined) settings.retries = retriesFrom(given.retries);
  // A connection without TLS, on either side of a proxy, has no use for a CA file.
  settings.verify = resolveVerify(session, given.verify, !isPlain || proxies !== NO_PROXIES);
  return settings;
}

/** Replaces the session's values by the options of a call, as their rows say. Proxies are merged before. */
function useGiven(settings: Record<string, unknown>, given: SendOptions): void {
  for (const name in given) {
    const value = given[name as keyof SendOptions];
    if (value === undefined) continue;
    if (!(name in settings)) continue;
    const { merge } = OPTIONS[name as keyof SendOptions];
    if (merge === "replace") settings[name] = value;
    else if (merge === "call only") settings[name] = value ?? undefined;
  }
}

/**
 * What an override of `mergeEnvironmentSettings` gave, as options of `send`: without a proxy for the URL there is none,
 * whatever the session and the environment say.
 */
export function decided(settings: EnvironmentSettings, url: string): SendOptions {
  const { proxies, stream, verify, cert } = settings;
  const named = isProxyNamed(url, proxies) ? proxies : { ...proxies, [splitUrl(url).scheme]: null };
  return { proxies: named, stream, verify, cert };
}

/** @param usesTls - Whether the variables that name a CA file matter. */
export function resolveVerify(
  session: SessionSettings,
  given: VerifyOption | undefined,
  usesTls: boolean,
): VerifyOption {
  const chosen = given ?? session.verify;
  if (chosen === true && given === undefined) checkVerify(session.verify);
  if (chosen !== true) {
    checkVerify(chosen);
    return chosen;
  }
  return usesTls && session.trustEnv ? (environmentCaBundle() ?? true) : true;
}

/**
 * The first that names a proxy for the URL decides: the call, the session, the environment. The `no_proxy` of the session
 * holds for the proxies of the call too, unless the call has one of its own.
 */
export function resolveProxies(
  { proxies, trustEnv }: SessionSettings,
  url: string,
  given: Proxies | null,
  readEnvironment: (url: string) => ProxyMapping | null,
): Readonly<Record<string, string | null>> {
  if (given !== null && isProxyNamed(url, given)) return definite(mergedProxies(proxies, given, NO_PROXY));
  const hasOwn = !isEmpty(proxies);
  if (hasOwn && isProxyNamed(url, proxies)) return definite(given === null ? proxies : mergedProxies(proxies, given));
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
