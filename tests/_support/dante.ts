/** Dante, a SOCKS server: open, or for users of the system. */
import { isRoot, runProgram, startDaemon, type Daemon } from "./daemons.js";

export interface DanteOptions {
  /** Names and passwords are those of the system. @defaultValue false */
  readonly password?: boolean;
  /** Ports of targets that its rules block. */
  readonly blocked?: readonly number[];
}

export interface Dante extends Daemon {
  readonly port: number;
}

export async function startDante({ password = false, blocked = [] }: DanteOptions = {}): Promise<Dante> {
  const daemon = await startDaemon(1, (workspace, [port]) => {
    const rules = blocked.map((target) => `socks block { from: 0.0.0.0/0 to: 127.0.0.1/32 port = ${target} }`);
    const config = workspace.write(
      "danted.conf",
      `logoutput: ${workspace.file("danted.log")}
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: ${password ? "username" : "none"}
user.privileged: ${isRoot() ? "root" : userName()}
user.unprivileged: ${isRoot() ? "nobody" : userName()}
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
${rules.join("\n")}
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 command: connect }
`,
    );
    return { program: "danted", arguments: ["-f", config, "-p", workspace.file("danted.pid"), "-N", "1"] };
  });
  return { ...daemon, port: daemon.ports[0] };
}

function userName(): string {
  return runProgram("id", ["-un"]).trim();
}

/** A user of the system who can do nothing but be asked for a password. */
export class ThrowawayUser implements Disposable {
  readonly name = `rts-${process.pid}`;
  readonly password: string;

  /** Needs root. */
  constructor(password: string) {
    this.password = password;
    runProgram("useradd", ["--no-create-home", "--no-user-group", "--shell", "/usr/sbin/nologin", this.name]);
    runProgram("chpasswd", [], { input: `${this.name}:${password}\n` });
  }

  [Symbol.dispose](): void {
    runProgram("userdel", [this.name]);
  }
}
