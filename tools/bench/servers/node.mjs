// A server of Node's: the same answers as nginx gives, one that counts an upload, and one that never comes.
import { createReadStream, readFileSync, statSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";

const folder = process.argv[2];
const file = (name) => readFileSync(join(folder, name));
const small = file("small.json");
const json = { "Content-Type": "application/json" };

const ANSWERS = {
  "/json": (_request, response) => send(response, small, json),
  "/post": (request, response) => request.resume().on("end", () => send(response, small, json)),
  "/block": bytes("block.bin", { "Content-Type": "application/octet-stream" }),
  "/gzip": bytes("gzip.json", { ...json, "Content-Encoding": "gzip" }),
  "/br": bytes("br.json", { ...json, "Content-Encoding": "br" }),
  "/big": (_request, response) => {
    response.writeHead(200, { "Content-Length": statSync(join(folder, "big.bin")).size });
    createReadStream(join(folder, "big.bin"), { highWaterMark: 256 * 1024 }).pipe(response);
  },
  "/count": (request, response) => {
    let received = 0;
    request.on("data", (chunk) => {
      received += chunk.length;
    });
    request.on("end", () => send(response, Buffer.from(JSON.stringify({ bytes: received })), json));
  },
  "/stall": () => {},
};

function bytes(name, headers) {
  const body = file(name);
  return (_request, response) => send(response, body, headers);
}

function send(response, body, headers) {
  response.writeHead(200, { ...headers, "Content-Length": body.length });
  response.end(body);
}

function answer(request, response) {
  ANSWERS[request.url](request, response);
}

const options = { keepAliveTimeout: 600_000, requestTimeout: 0, headersTimeout: 0 };
const plain = http.createServer(options, answer);
const tls = https.createServer({ ...options, cert: file("certificate.pem"), key: file("key.pem") }, answer);
plain.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  tls.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
    process.send?.({ plain: portOf(plain), tls: portOf(tls) });
  });
});
process.on("disconnect", () => process.exit(0));

function portOf(server) {
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}
