// The other end, in processes of its own: nginx where it is installed, otherwise a server of Node's. Routes that
// nginx has not without another program (count an upload, never answer) are always on the server of Node's.
import { spawn, spawnSync, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

export const SMALL = JSON.stringify({ id: 1, name: "requests-ts", tags: ["a", "b"], text: "x".repeat(192 - 59) });
export const LARGE = JSON.stringify({
  id: 1,
  rows: Array.from({ length: 600 }, (_row, at) => ({ at, name: `row ${at}`, even: at % 2 === 0, half: at / 2, text: "lorem ipsum dolor" })),
}); // prettier-ignore
export const BLOCK = 64 * 1024;

/** @returns Where the servers are, what they are, and how to stop them. */
export async function startServers(bigBytes) {
  const folder = mkdtempSync(join(tmpdir(), "requests-ts-bench-"));
  writeFileSync(join(folder, "small.json"), SMALL);
  writeFileSync(join(folder, "block.bin"), randomBytes(BLOCK));
  writeFileSync(join(folder, "gzip.json"), gzipSync(LARGE));
  writeFileSync(join(folder, "br.json"), brotliCompressSync(LARGE));
  writeFileSync(join(folder, "big.bin"), "");
  truncateSync(join(folder, "big.bin"), bigBytes);
  // Read once, so that the first contestant does not wait for the disk.
  for await (const _ of createReadStream(join(folder, "big.bin"), { highWaterMark: 1 << 20 }));
  const certificate = makeCertificate(folder);

  const node = await startNode(folder);
  const nginx = findNginx();
  const served = nginx === null ? { plain: node.url, tls: node.tls, stop() {} } : await startNginx(nginx, folder);
  return {
    software: nginx === null ? `Node ${process.version}` : nginx.version,
    plain: served.plain,
    tls: served.tls,
    special: node.url,
    certificate,
    bigFile: join(folder, "big.bin"),
    stop() {
      served.stop();
      node.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeCertificate(folder) {
  const certificate = join(folder, "certificate.pem");
  const { status, stderr } = spawnSync(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout ${join(folder, "key.pem")} -out ${certificate}`.split(
      " ",
    ),
  );
  if (status !== 0) throw new Error(`openssl could not make a certificate: ${stderr.toString()}`);
  return certificate;
}

async function startNode(folder) {
  const child = fork(join(import.meta.dirname, "node.mjs"), [folder]);
  const ports = await new Promise((resolve) => child.once("message", resolve));
  return {
    url: `http://127.0.0.1:${ports.plain}`,
    tls: `https://127.0.0.1:${ports.tls}`,
    stop: () => child.disconnect(),
  };
}

function findNginx() {
  const path = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"].find(existsSync);
  if (path === undefined) return null;
  const { stderr } = spawnSync(path, ["-v"], { encoding: "utf8" });
  return { path, version: stderr.trim().replace("nginx version: ", "") };
}

async function startNginx({ path }, folder) {
  const [plain, tls] = await Promise.all([freePort(), freePort()]);
  const config = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join(" ");
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off; worker_processes 1; pid ${join(folder, "nginx.pid")};
error_log ${join(folder, "error.log")};
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nodelay on; ${temporary}
  keepalive_requests 1000000000; keepalive_timeout 600;
  types { } default_type application/json;
  server {
    listen 127.0.0.1:${plain} backlog=4096;
    listen 127.0.0.1:${tls} ssl backlog=4096;
    ssl_certificate ${join(folder, "certificate.pem")};
    ssl_certificate_key ${join(folder, "key.pem")};
    ssl_session_cache shared:bench:1m;
    location = /json { return 200 '${SMALL}'; }
    location = /post { return 200 '${SMALL}'; }
    location = /block { alias ${join(folder, "block.bin")}; default_type application/octet-stream; }
    location = /gzip { alias ${join(folder, "gzip.json")}; add_header Content-Encoding gzip; }
    location = /br { alias ${join(folder, "br.json")}; add_header Content-Encoding br; }
    location = /big { alias ${join(folder, "big.bin")}; default_type application/octet-stream; }
  }
}
`,
  );
  const child = spawn(path, ["-p", folder, "-e", join(folder, "error.log"), "-c", config], { stdio: "inherit" });
  const url = `http://127.0.0.1:${plain}`;
  await answers(`${url}/json`);
  return { plain: url, tls: `https://127.0.0.1:${tls}`, stop: () => child.kill("SIGTERM") };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

async function answers(url) {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`${url} does not answer`);
}
