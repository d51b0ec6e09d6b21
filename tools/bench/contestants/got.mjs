import { createReadStream, statSync } from "node:fs";

import got from "got";

import { nodeAgents } from "./node-agents.mjs";

export default function open(settings) {
  const agents = nodeAgents(settings);
  const client = got.extend({ agent: { http: agents.http, https: agents.https }, retry: { limit: 0 } });
  return {
    json: (url) => client(url).json(),
    post: (url, value) => client.post(url, { json: value }).json(),
    bytes: async (url) => (await client(url).buffer()).length,
    decoded: (url) => client(url).json(),
    async download(url) {
      let bytes = 0;
      for await (const chunk of client.stream(url)) bytes += chunk.length;
      return bytes;
    },
    upload: (url, path) =>
      client
        .post(url, { body: createReadStream(path), headers: { "content-length": String(statSync(path).size) } })
        .json(),
    close: () => agents.close(),
  };
}
