/** Every fault that ends soon by itself or by a short read timeout, and a server that says whose answer it gives. */
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Plan } from "./fault-proxy.js";

export const FAULTS: readonly Plan[] = [
  { down: { kind: "latency", milliseconds: 10 } },
  { down: { kind: "drip" } },
  { down: { kind: "stall", at: 0 } },
  { down: { kind: "stall", at: "head" } },
  { down: { kind: "stall", at: "body" } },
  { down: { kind: "cut", at: 0 } },
  { down: { kind: "cut", at: "head" } },
  { down: { kind: "cut", at: "body" } },
  { down: { kind: "reset", at: 0 } },
  { down: { kind: "reset", at: "head" } },
  { down: { kind: "reset", at: "body" } },
  { down: { kind: "half-close", at: 0 } },
  { down: { kind: "half-close", at: "body" } },
  { down: { kind: "garbage", at: 0, bytes: "\x00\xff not HTTP \r\n\r\n" } },
  { down: { kind: "garbage", at: "chunk-size", bytes: "zz\r\n" } },
  { up: { kind: "latency", milliseconds: 10 } },
  { up: { kind: "stall", at: "head" } },
  { up: { kind: "cut", at: "head" } },
  { up: { kind: "reset", at: "head" } },
  { accept: "close" },
  { accept: "reset" },
];

/** What those faults may end in; any other timeout means that something hung. */
export const EXPECTED: ReadonlySet<string> = new Set(["ConnectionError", "ReadTimeout", "ChunkedEncodingError"]);

/** A plan that strikes one exchange in so many, the same ones in each run. */
export function faultMix(share: number): () => Plan {
  const random = seeded(7);
  return () => (random() < share ? FAULTS[Math.floor(random() * FAULTS.length)] : {});
}

/** Numbers from 0 to below 1 that are the same in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Answers with the id of the request, in bodies of a known length and chunked ones. */
export async function answerWithId(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const id = request.headers["x-id"] as string;
  const text = JSON.stringify({
    id,
    body: Buffer.concat(chunks).toString(),
    padding: "*".repeat((Number(id) % 7) * 1000),
  });
  response.setHeader("Content-Type", "application/json");
  if (Number(id) % 2 === 0) response.setHeader("Content-Length", text.length);
  response.write(text.slice(0, 10));
  response.end(text.slice(10));
}
