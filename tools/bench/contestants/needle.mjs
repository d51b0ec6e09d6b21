import { createReadStream, statSync } from "node:fs";

import needle from "needle";

import { nodeAgents } from "./node-agents.mjs";

export default function open(settings) {
  const agents = nodeAgents(settings);
  const options = (url) => ({ agent: url.startsWith("https:") ? agents.https : agents.http });
  return {
    json: async (url) => (await needle("get", url, options(url))).body,
    post: async (url, value) => (await needle("post", url, value, { ...options(url), json: true })).body,
    bytes: async (url) => (await needle("get", url, { ...options(url), parse: false })).body.length,
    decoded: async (url) => (await needle("get", url, { ...options(url), compressed: true })).body,
    async download(url) {
      let bytes = 0;
      for await (const chunk of needle.get(url, { ...options(url), parse: false })) bytes += chunk.length;
      return bytes;
    },
    upload: async (url, path) =>
      (
        await needle("post", url, createReadStream(path), {
          ...options(url),
          headers: { "content-length": String(statSync(path).size) },
        })
      ).body,
    close: () => agents.close(),
  };
}
