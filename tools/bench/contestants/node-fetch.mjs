import { createReadStream, statSync } from "node:fs";

import fetch from "node-fetch";

import { nodeAgents } from "./node-agents.mjs";
import { overFetch } from "./over-fetch.mjs";

export default function open(settings) {
  const agents = nodeAgents(settings);
  const options = { agent: ({ protocol }) => (protocol === "https:" ? agents.https : agents.http) };
  return {
    ...overFetch(fetch, options, () => agents.close()),
    upload: async (url, path) =>
      (
        await fetch(url, {
          ...options,
          method: "POST",
          headers: { "content-length": String(statSync(path).size) },
          body: createReadStream(path),
        })
      ).json(),
  };
}
