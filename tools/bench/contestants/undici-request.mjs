import { createReadStream, statSync } from "node:fs";

import { Agent, interceptors, request } from "undici";

export default function open({ connections, keepAlive }) {
  const dispatcher = new Agent({ connections, pipelining: keepAlive ? 1 : 0 });
  const decoding = interceptors.decompress === undefined ? null : dispatcher.compose(interceptors.decompress());
  return {
    json: async (url) => (await request(url, { dispatcher })).body.json(),
    post: async (url, value) =>
      (
        await request(url, {
          dispatcher,
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(value),
        })
      ).body.json(),
    bytes: async (url) => (await (await request(url, { dispatcher })).body.arrayBuffer()).byteLength,
    decoded:
      decoding === null
        ? undefined
        : async (url) =>
            (
              await request(url, { dispatcher: decoding, headers: { "accept-encoding": "gzip, deflate, br" } })
            ).body.json(),
    async download(url) {
      let bytes = 0;
      for await (const chunk of (await request(url, { dispatcher })).body) bytes += chunk.length;
      return bytes;
    },
    upload: async (url, path) =>
      (
        await request(url, {
          dispatcher,
          method: "POST",
          headers: { "content-length": String(statSync(path).size) },
          body: createReadStream(path),
        })
      ).body.json(),
    close: () => dispatcher.close(),
  };
}
