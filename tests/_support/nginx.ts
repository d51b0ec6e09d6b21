/** nginx with the servers that a test describes. */
import { isRoot, startDaemon, type Daemon, type Workspace } from "./daemons.js";

/**
 * @param count - Free ports to use.
 * @param servers - What stands inside `http { }`; each port must be listened at.
 */
export async function startNginx(
  count: number,
  servers: (ports: readonly number[], workspace: Workspace) => string,
): Promise<Daemon> {
  return startDaemon(count, (workspace, ports) => {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${workspace.file(kind)};`)
      .join("\n  ");
    const config = workspace.write(
      "nginx.conf",
      `${isRoot() ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${workspace.file("nginx.pid")};
error_log ${workspace.file("error.log")};
events { worker_connections 256; }
http {
  access_log off;
  default_type text/plain;
  ${temporary}
  ${servers(ports, workspace)}
}
`,
    );
    return {
      program: "nginx",
      arguments: ["-p", workspace.path, "-e", workspace.file("error.log"), "-c", config],
    };
  });
}
