import { createReadStream, statSync } from "node:fs";

import axios from "axios";

import { nodeAgents } from "./node-agents.mjs";

export default function open(settings) {
  const agents = nodeAgents(settings);
  const client = axios.create({ httpAgent: agents.http, httpsAgent: agents.https, maxBodyLength: Infinity });
  return {
    json: async (url) => (await client.get(url)).data,
    post: async (url, value) => (await client.post(url, value)).data,
    bytes: async (url) => (await client.get(url, { responseType: "arraybuffer" })).data.length,
    decoded: async (url) => (await client.get(url)).data,
    async download(url) {
      let bytes = 0;
      for await (const chunk of (await client.get(url, { responseType: "stream" })).data) bytes += chunk.length;
      return bytes;
    },
    // Without maxRedirects: 0 it keeps the whole body in memory, in case of a redirect.
    upload: async (url, path) =>
      (
        await client.post(url, createReadStream(path), {
          maxRedirects: 0,
          headers: { "content-length": statSync(path).size, "content-type": "application/octet-stream" },
        })
      ).data,
    close: () => agents.close(),
  };
}
