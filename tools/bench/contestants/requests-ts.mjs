import { createReadStream } from "node:fs";

/** What users load. The types are those of src/, so that type checks need no bundle. */
const bundle = new URL("../../../dist/index.js", import.meta.url).href;
/** @type {typeof import("requests-ts")} */
const { HTTPAdapter, Session } = await import(bundle);

export const Idle = Session;

export default function open({ connections, keepAlive }) {
  const session = new Session();
  const adapter = new HTTPAdapter({ maxConnections: connections, poolMaxsize: connections, keepAlive });
  session.mount("http://", adapter);
  session.mount("https://", adapter);
  return {
    json: async (url) => (await session.get(url)).json(),
    post: async (url, value) => (await session.post(url, { json: value })).json(),
    bytes: async (url) => (await session.get(url)).content.length,
    decoded: async (url) => (await session.get(url)).json(),
    async download(url) {
      let bytes = 0;
      for await (const chunk of (await session.get(url, { stream: true })).iterContent()) bytes += chunk.length;
      return bytes;
    },
    upload: async (url, path) => (await session.post(url, { data: createReadStream(path) })).json(),
    close: () => session.close(),
  };
}
