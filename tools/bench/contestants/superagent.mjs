import { createReadStream, statSync } from "node:fs";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import superagent from "superagent";

import { nodeAgents } from "./node-agents.mjs";

export default function open(settings) {
  const agents = nodeAgents(settings);
  const agentFor = (url) => (url.startsWith("https:") ? agents.https : agents.http);
  return {
    json: async (url) => (await superagent.get(url).agent(agentFor(url))).body,
    post: async (url, value) => (await superagent.post(url).agent(agentFor(url)).send(value)).body,
    bytes: async (url) => (await superagent.get(url).agent(agentFor(url)).responseType("blob")).body.length,
    decoded: async (url) => (await superagent.get(url).agent(agentFor(url))).body,
    download: (url) =>
      new Promise((resolve, reject) => {
        let bytes = 0;
        const sink = new Writable({
          write(chunk, _encoding, done) {
            bytes += chunk.length;
            done();
          },
        });
        sink.on("finish", () => resolve(bytes));
        sink.on("error", reject);
        superagent.get(url).agent(agentFor(url)).on("error", reject).pipe(sink);
      }),
    upload: (url, path) =>
      new Promise((resolve, reject) => {
        const request = superagent
          .post(url)
          .agent(agentFor(url))
          .set("content-length", String(statSync(path).size));
        request.on("response", (response) => resolve(response.body));
        request.on("error", reject);
        pipeline(createReadStream(path), request).catch(reject);
      }),
    close: () => agents.close(),
  };
}
