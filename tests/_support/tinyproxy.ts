/** tinyproxy: an HTTP proxy that closes every connection, with and without Basic. */
import { startDaemon, type Daemon } from "./daemons.js";

export interface Tinyproxy extends Daemon {
  readonly port: number;
}

/** @param user - Name and password that it wants. */
export async function startTinyproxy(user: readonly [string, string] | null = null): Promise<Tinyproxy> {
  const daemon = await startDaemon(1, (workspace, [port]) => {
    const config = workspace.write(
      "tinyproxy.conf",
      `Port ${port}
Listen 127.0.0.1
Timeout 60
MaxClients 50
LogFile "${workspace.file("tinyproxy.log")}"
LogLevel Connect
${user === null ? "" : `BasicAuth ${user[0]} ${user[1]}`}
`,
    );
    return { program: "tinyproxy", arguments: ["-d", "-c", config] };
  });
  return { ...daemon, port: daemon.ports[0] };
}
