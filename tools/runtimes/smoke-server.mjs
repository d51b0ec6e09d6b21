// The other side of smoke.mjs, always on Node: an httpbin with and without TLS, and TLS servers that a client must not
// trust or cannot speak to. Prints one line of JSON with their ports, and listens until its input ends.
import { connect, createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import { httpbin } from "requests-ts/httpbin";

import { AUTHORITY, EXPIRED, GOOD, OTHER_HOST, SELF_SIGNED } from "./certificates.mjs";

/** @type {import("node:tls").TlsOptions} */
const TLS_12_ONLY = { maxVersion: "TLSv1.2" };
/** @type {Record<string, import("node:tls").TlsOptions>} */
const servers = {
  good: GOOD,
  expired: EXPIRED,
  otherHost: OTHER_HOST,
  selfSigned: SELF_SIGNED,
  tls11: { ...GOOD, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" },
  tls12: { ...GOOD, ...TLS_12_ONLY },
  aes256: { ...GOOD, ...TLS_12_ONLY, ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" },
  client: { ...GOOD, requestCert: true, rejectUnauthorized: true, ca: AUTHORITY },
};

/** How many requests each server got: one that is refused must get none. */
const served = {};
const ports = {};

for (const [name, options] of Object.entries(servers)) {
  served[name] = 0;
  ports[name] = await listening(
    createTlsServer(options, (socket) => answer(socket, name)).on("tlsClientError", () => undefined),
  );
}
served.plain = 0;
ports.plain = await listening(createServer((socket) => answer(socket, "plain")));
ports.counts = await listening(
  createServer((socket) => socket.on("error", () => undefined).once("data", () => socket.end(http(served)))),
);
ports.proxy = await listening(createServer(tunnel));
ports.httpbin = (await httpbin()).port;
ports.flaky = await listening(flaky());

console.log(JSON.stringify(ports));
process.stdin.resume().on("end", () => process.exit());

async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

function http(value) {
  const body = JSON.stringify(value);
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

/** Tells what the client showed. */
function answer(socket, name) {
  socket
    .on("error", () => undefined)
    .once("data", () => {
      served[name] += 1;
      socket.end(
        http({
          protocol: socket.getProtocol?.(),
          cipher: socket.getCipher?.().name,
          client: socket.getPeerCertificate?.()?.subject?.CN,
          servername: socket.servername,
          from: socket.remoteAddress,
        }),
      );
    });
}

/** A proxy that leads every CONNECT to this machine. */
function tunnel(socket) {
  socket
    .on("error", () => undefined)
    .once("data", (head) => {
      const port = /^CONNECT [^ ]*:(\d+) /.exec(head.toString("latin1"))?.[1];
      if (port === undefined) return socket.end("HTTP/1.1 405 Method Not Allowed\r\n\r\n");
      const target = connect(Number(port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        target.pipe(socket).pipe(target);
      }).on("error", () => socket.destroy());
    });
}

/** 503, a reset, and then an answer, again and again. */
function flaky() {
  let count = 0;
  return createServer((socket) =>
    socket
      .on("error", () => undefined)
      .once("data", () => {
        count += 1;
        if (count % 3 === 1)
          socket.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        else if (count % 3 === 2) socket.resetAndDestroy();
        else socket.end(http({ count }));
      }),
  );
}
