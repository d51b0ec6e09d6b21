// npm run bench -- own: the CPU time of a request in JavaScript alone, over a socket that answers at once, without a
// kernel. The noise of the machine matters less here than with real servers: use it to decide whether a change is worth it.
//   --requests 50000           in each of the rounds
//   --rounds 25
//   --turns                    one request at a time: each response comes in a turn of the event loop of its own
//   --profile                  where the time goes, function by function
import { EventEmitter } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { parseArgs } from "node:util";

import { profiled } from "./profiler.mjs";
import { SMALL } from "./servers/index.mjs";

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: "string", default: "50000" },
    rounds: { type: "string", default: "25" },
    turns: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
  },
});
const CONCURRENT = values.turns ? 1 : 50;
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 19:17:25 GMT\r\nContent-Type: application/json\r\nContent-Length: ${SMALL.length}\r\nConnection: keep-alive\r\n\r\n${SMALL}`,
);

let written = [];

/** Hands over the answers to what was written in this turn. */
function answerAll() {
  const sockets = written;
  written = [];
  for (const socket of sockets) socket.answer();
}

class InstantSocket extends EventEmitter {
  destroyed = false;
  writable = true;
  remoteAddress = "127.0.0.1";
  remotePort = 80;
  remoteFamily = "IPv4";
  #onread;
  #buffer;

  constructor({ onread }) {
    super();
    this.#onread = onread;
    this.#buffer = onread.buffer();
    setImmediate(() => this.emit("connect"));
  }

  write() {
    if (written.length === 0) setImmediate(answerAll);
    written.push(this);
    return true;
  }

  answer() {
    ANSWER.copy(this.#buffer);
    this.#onread.callback(ANSWER.length, this.#buffer);
    this.#buffer = this.#onread.buffer();
  }

  ref() {}
  unref() {}
  destroy() {
    this.destroyed = true;
    this.writable = false;
  }
}

net.connect = /** @type {any} */ ((options) => new InstantSocket(options));
syncBuiltinESMExports();
const { default: open } = await import("./contestants/requests-ts.mjs");
const client = open({ connections: CONCURRENT, keepAlive: true });

const CALLS = {
  "session.get, parsed": () => client.json("http://127.0.0.1/json"),
  "session.post of JSON, parsed": () =>
    client.post("http://127.0.0.1/post", { id: 7, name: "requests-ts", tags: ["a", "b"] }),
};

async function play(call, requests) {
  const one = async () => {
    for (let done = 0; done < requests / CONCURRENT; done += 1) await call();
  };
  const start = process.cpuUsage();
  await Promise.all(Array.from({ length: CONCURRENT }, one));
  const { user, system } = process.cpuUsage(start);
  return (user + system) / requests;
}

const requests = Number(values.requests);
const rounds = Number(values.rounds);
for (const [name, call] of Object.entries(CALLS)) {
  await play(call, 2 * requests);
  if (values.profile) {
    console.log(`${name}: µs a request`);
    const { functions } = await profiled(() => play(call, 10 * requests), 10 * requests);
    for (const { time, place } of functions.slice(0, 40)) console.log(time.toFixed(3), place);
    continue;
  }
  const found = [];
  for (let round = 0; round < rounds; round += 1) found.push(await play(call, requests));
  found.sort((a, b) => a - b);
  console.log(
    `${name.padEnd(30)} ${found[0].toFixed(2)} µs in the best round, ${found[rounds >> 1].toFixed(2)} in the middle`,
  );
}
process.exit();
