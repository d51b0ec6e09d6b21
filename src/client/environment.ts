/** The only reader of process.env and of netrc files. Variables are read when they are needed, and never kept. */
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { netrcAuth, parseNetrc, type NetrcEntry } from "../auth/netrc.js";
import { printEvents } from "../diagnostics/channels.js";
import { bypassesProxy, type ProxyMapping } from "../policy/no-proxy.js";
import { currentTime } from "../wire/clock.js";

printEvents(() => process.env["NODE_DEBUG"] ?? "");

/** Milliseconds for which a netrc file, or its absence, is remembered without another look at the disk. */
const NETRC_FRESH = 1000;

/**
 * The proxies of the environment, or null: none applies to the URL, or NO_PROXY lists its host. Nearly always there is
 * none, so only the variables that matter for the scheme of the URL are read first.
 */
export function environmentProxies(url: string): ProxyMapping | null {
  const { env } = process;
  const own = url.startsWith("https:") ? httpsProxy(env) : httpProxy(env);
  return own || allProxy(env) ? environmentProxyMapping(url) : null;
}

/**
 * All proxies of the environment by scheme, or null: there is none, or NO_PROXY lists the host of the URL.
 *
 * @see requests' `get_environ_proxies`
 */
export function environmentProxyMapping(url: string): ProxyMapping | null {
  const { env } = process;
  const http = httpProxy(env);
  const https = httpsProxy(env);
  const all = allProxy(env);
  if (!http && !https && !all) return null;
  // An empty variable counts as unset, as in requests and curl.
  if (bypassesProxy(url, env["no_proxy"] || env["NO_PROXY"] || "")) return null;
  return { ...(http ? { http } : {}), ...(https ? { https } : {}), ...(all ? { all } : {}) };
}

function httpProxy(env: NodeJS.ProcessEnv): string | undefined {
  const lower = env["http_proxy"];
  if (lower !== undefined) return lower;
  const upper = env["HTTP_PROXY"];
  // In a CGI program HTTP_PROXY is the request header "Proxy", which anyone can send (httpoxy, CVE-2016-5385).
  return upper === undefined || env["REQUEST_METHOD"] !== undefined ? undefined : upper;
}

function httpsProxy(env: NodeJS.ProcessEnv): string | undefined {
  return env["https_proxy"] ?? env["HTTPS_PROXY"];
}

function allProxy(env: NodeJS.ProcessEnv): string | undefined {
  return env["all_proxy"] ?? env["ALL_PROXY"];
}

/** The path of a CA file or directory that the environment names, or null. An empty variable counts as unset. */
export function environmentCaBundle(): string | null {
  const { env } = process;
  return env["REQUESTS_CA_BUNDLE"] || env["CURL_CA_BUNDLE"] || env["SSL_CERT_FILE"] || null;
}

/** The file that TLS secrets are logged to, by SSLKEYLOGFILE. */
export function environmentKeyLogFile(): string | undefined {
  return process.env["SSLKEYLOGFILE"] || undefined;
}

/**
 * The credentials that the netrc file has for a host, without its port, as in requests. A change of the file is seen
 * within a second, and a change of the variable NETRC at once.
 */
export function environmentAuth(host: string): [string, string] | null {
  const entries = netrcEntries(process.env["NETRC"] || null);
  return entries.length === 0 ? null : netrcAuth(entries, host);
}

let lookedFor: string | null = null;
let lookedAt = -Infinity;
let foundStamp = "";
let foundEntries: readonly NetrcEntry[] = [];

function netrcEntries(variable: string | null): readonly NetrcEntry[] {
  const now = currentTime();
  if (now - lookedAt < NETRC_FRESH && variable === lookedFor) return foundEntries;
  lookedFor = variable;
  lookedAt = now;
  for (const path of variable === null ? homePaths() : [variable]) {
    const stamp = fileStamp(path);
    if (stamp === null) continue;
    if (stamp !== foundStamp) foundEntries = readNetrc(path);
    foundStamp = stamp;
    return foundEntries;
  }
  foundStamp = "";
  foundEntries = [];
  return foundEntries;
}

/** As in requests, a netrc file that cannot be read or understood is left out; the latter with a warning. */
function readNetrc(path: string): readonly NetrcEntry[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  try {
    return parseNetrc(text);
  } catch (error) {
    process.emitWarning(`The netrc file ${path} was ignored: ${(error as Error).message}`, {
      code: "REQUESTS_NETRC",
    });
    return [];
  }
}

/** A text that changes when the file does, or null when there is no file that this process may look at. */
function fileStamp(path: string): string | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? `${path}:${stat.mtimeMs}:${stat.size}:${stat.ino}` : null;
  } catch {
    // Another user's home folder, or a process that runs with --permission.
    return null;
  }
}

/** The home folder, as Python finds it. The variable comes first because Deno needs another permission for `homedir()`. */
function homePaths(): readonly string[] {
  const { env, platform } = process;
  let home = platform === "win32" ? env["USERPROFILE"] : env["HOME"];
  try {
    home ||= homedir();
  } catch {
    // A user without an entry in the list of users has no home folder.
    return [];
  }
  return [join(home, ".netrc"), join(home, "_netrc")];
}
