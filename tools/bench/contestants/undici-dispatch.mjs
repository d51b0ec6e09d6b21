// undici's lowest level, with the least handler that collects a body.
import { createReadStream, statSync } from "node:fs";

import { Agent } from "undici";

class Collector {
  #chunks = [];
  #resolve;
  #reject;

  constructor(resolve, reject) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart() {}
  onResponseStart() {}
  onResponseData(_controller, chunk) {
    this.#chunks.push(chunk);
  }
  onResponseEnd() {
    this.#resolve(this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks));
  }
  onResponseError(_controller, error) {
    this.#reject(error);
  }
}

class Counter extends Collector {
  #bytes = 0;
  #done;

  constructor(resolve, reject) {
    super(resolve, reject);
    this.#done = resolve;
  }

  /** @override */
  onResponseData(_controller, chunk) {
    this.#bytes += chunk.length;
  }

  /** @override */
  onResponseEnd() {
    this.#done(this.#bytes);
  }
}

export default function open({ connections, keepAlive }) {
  const agent = new Agent({ connections, pipelining: keepAlive ? 1 : 0 });
  const send = (url, options, Handler = Collector) =>
    new Promise((resolve, reject) => {
      const { origin, pathname } = new URL(url);
      agent.dispatch({ origin, path: pathname, method: "GET", ...options }, new Handler(resolve, reject));
    });
  return {
    json: async (url) => JSON.parse((await send(url)).toString()),
    post: async (url, value) =>
      JSON.parse(
        (
          await send(url, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(value),
          })
        ).toString(),
      ),
    bytes: async (url) => (await send(url)).length,
    download: (url) => send(url, {}, Counter),
    upload: async (url, path) =>
      JSON.parse(
        (
          await send(url, {
            method: "POST",
            headers: { "content-length": String(statSync(path).size) },
            body: createReadStream(path),
          })
        ).toString(),
      ),
    close: () => agent.close(),
  };
}
