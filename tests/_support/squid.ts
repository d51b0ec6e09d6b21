/** squid as a forward proxy: open, with Basic, with Digest, and over TLS. */
import { createHash } from "node:crypto";

import { runProgram, startDaemon, type Daemon, type Workspace } from "./daemons.js";
import type { Identity } from "./certificates.js";

export type Users = Readonly<Record<string, string>>;

export interface SquidOptions {
  /** The users that may use it, by name; without it every client may. */
  readonly basic?: Users;
  readonly digest?: Users;
  /** Speak TLS to the client. */
  readonly tls?: Identity;
  /** Ports of targets that it refuses. */
  readonly deny?: readonly number[];
}

/** One line of its log. */
export interface SquidEntry {
  /** The port of our side of the connection: tells connections apart. */
  readonly clientPort: number;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly user: string;
}

export interface Squid extends Daemon {
  readonly port: number;
  /** Of the connections that it knows to be over; a tunnel is logged when it ends. */
  log(): SquidEntry[];
}

const REALM = "requests-ts";

export async function startSquid(options: SquidOptions = {}): Promise<Squid> {
  const daemon = await startDaemon(1, (workspace, [port]) => {
    const config = workspace.write("squid.conf", configuration(workspace, port, options));
    return { program: "squid", arguments: ["-N", "-f", config] };
  });
  return { ...daemon, port: daemon.ports[0], log: () => daemon.workspace.lines("access.log").map(readEntry) };
}

function configuration(workspace: Workspace, port: number, options: SquidOptions): string {
  const { tls, deny = [] } = options;
  const listener =
    tls === undefined
      ? `http_port 127.0.0.1:${port}`
      : `https_port 127.0.0.1:${port} tls-cert=${tls.cert} tls-key=${tls.key}`;
  return `
${listener}
visible_hostname squid.test
pid_filename none
strip_query_terms off
cache deny all
cache_mem 8 MB
pinger_enable off
shutdown_lifetime 0 seconds
coredump_dir ${workspace.path}
cache_log ${workspace.file("cache.log")}
logformat requests %>p %rm %ru %>Hs %un
access_log stdio:${workspace.file("access.log")} requests
${authentication(workspace, options)}
${deny.map((target) => `acl denied port ${target}`).join("\n")}
${deny.length > 0 ? "http_access deny denied" : ""}
${(options.basic ?? options.digest) ? "acl known proxy_auth REQUIRED\nhttp_access allow known" : "http_access allow all"}
http_access deny all
`;
}

function authentication(workspace: Workspace, { basic, digest }: SquidOptions): string {
  if (basic !== undefined) {
    const path = workspace.write("basic.users", Object.entries(basic).map(basicLine).join(""));
    return `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${path}
auth_param basic children 1
auth_param basic realm ${REALM}`;
  }
  if (digest === undefined) return "";
  const path = workspace.write("digest.users", Object.entries(digest).map(digestLine).join(""));
  return `auth_param digest program /usr/lib/squid/digest_file_auth -c ${path}
auth_param digest children 1
auth_param digest realm ${REALM}
auth_param digest nonce_max_count 50`;
}

/** As htpasswd writes it. */
function basicLine([user, password]: readonly [string, string]): string {
  return `${user}:${runProgram("openssl", ["passwd", "-apr1", "-stdin"], { input: `${password}\n` }).trim()}\n`;
}

/** As htdigest writes it. */
function digestLine([user, password]: readonly [string, string]): string {
  return `${user}:${REALM}:${createHash("md5").update(`${user}:${REALM}:${password}`).digest("hex")}\n`;
}

function readEntry(line: string): SquidEntry {
  const [clientPort, method, target, status, user] = line.split(" ");
  return { clientPort: Number(clientPort), method, target, status: Number(status), user };
}
