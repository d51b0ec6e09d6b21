/** The only reader of process.env and netrc. */
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { netrcAuth, parseNetrc, type NetrcEntry } from "../auth/netrc.js";
import { printEvents } from "../diagnostics/channels.js";
import { bypassesProxy, type ProxyMapping } from "../policy/no-proxy.js";

printEvents(() => process.env["NODE_DEBUG"] ?? "");

/** What the environment says, read at one moment. */
export interface Environment {
  /** Proxies by scheme, or null when no variable names one. */
  readonly proxies: ProxyMapping | null;
  /** Hosts that are gone to directly; "" where there are no proxies anyway. */
  readonly noProxy: string;
  /** The path of a CA file or directory, or null. */
  readonly caBundle: string | null;
  /** The path of SSLKEYLOGFILE, or undefined. */
  readonly keyLogFile: string | undefined;
  /** The entries of the netrc file; empty without one. */
  readonly netrc: readonly NetrcEntry[];
}

let snapshot: Environment | null = null;

/**
 * The environment as it is in this turn of the event loop. Reading variables and looking for a file costs more than the
 * rest of preparing a request, so all requests that are sent in one turn share one look.
 */
export function environment(): Environment {
  if (snapshot === null) {
    snapshot = readEnvironment();
    setImmediate(forgetEnvironment);
  }
  return snapshot;
}

/** Looks anew the next time: a caller may have changed a variable since. */
export function forgetEnvironment(): void {
  snapshot = null;
}

function readEnvironment(): Environment {
  const { env } = process;
  const proxies = readProxies(env);
  return {
    proxies,
    noProxy: proxies === null ? "" : (env["no_proxy"] ?? env["NO_PROXY"] ?? ""),
    // An empty variable is one that is not set, and never "off".
    caBundle: env["REQUESTS_CA_BUNDLE"] || env["CURL_CA_BUNDLE"] || env["SSL_CERT_FILE"] || null,
    keyLogFile: env["SSLKEYLOGFILE"] || undefined,
    netrc: readNetrc(env["NETRC"]),
  };
}

function readProxies(env: NodeJS.ProcessEnv): ProxyMapping | null {
  // In a CGI program HTTP_PROXY is the request header "Proxy", which anyone can send (httpoxy, CVE-2016-5385).
  const http = env["http_proxy"] ?? (env["REQUEST_METHOD"] === undefined ? env["HTTP_PROXY"] : undefined);
  const https = env["https_proxy"] ?? env["HTTPS_PROXY"];
  const all = env["all_proxy"] ?? env["ALL_PROXY"];
  if (!http && !https && !all) return null;
  return { ...(http ? { http } : {}), ...(https ? { https } : {}), ...(all ? { all } : {}) };
}

const MAY_BE_MISSING = { throwIfNoEntry: false } as const;
let netrcStamp = "";
let netrcEntries: readonly NetrcEntry[] = [];

function readNetrc(variable: string | undefined): readonly NetrcEntry[] {
  for (const path of variable ? [variable] : netrcPaths(homeFolder())) {
    const stat = statSync(path, MAY_BE_MISSING);
    if (stat === undefined || !stat.isFile()) continue;
    const stamp = `${path}:${stat.mtimeMs}:${stat.size}`;
    if (stamp === netrcStamp) return netrcEntries;
    try {
      netrcEntries = parseNetrc(readFileSync(path, "utf8"));
    } catch {
      // As requests: a netrc that cannot be read, by its rights or its syntax, is none.
      netrcEntries = [];
    }
    netrcStamp = stamp;
    return netrcEntries;
  }
  return [];
}

let lastHome: string | null = null;
let lastPaths: readonly string[] = [];

function netrcPaths(home: string): readonly string[] {
  if (home !== lastHome) {
    lastPaths = [join(home, ".netrc"), join(home, "_netrc")];
    lastHome = home;
  }
  return lastPaths;
}

/** What `homedir()` gives, without asking it where a variable says so: Deno wants a permission of its own for that. */
function homeFolder(): string {
  const { env, platform } = process;
  return (platform === "win32" ? env["USERPROFILE"] : env["HOME"]) || homedir();
}

/** Proxies of the environment for a URL, or null: none is named, or NO_PROXY lists the host. */
export function environmentProxies(url: string): ProxyMapping | null {
  const { proxies, noProxy } = environment();
  if (proxies === null || bypassesProxy(url, noProxy)) return null;
  return proxies;
}

/** Credentials of netrc for a host, without its port, as in requests. */
export function environmentAuth(host: string): [string, string] | null {
  const { netrc } = environment();
  return netrc.length === 0 ? null : netrcAuth(netrc, host);
}
