// Over the built-in fetch, whose connections cannot be limited.
import { openAsBlob } from "node:fs";

import ky from "ky";

export const limitsConnections = false;

export default function open({ keepAlive }) {
  const client = ky.create({ retry: 0, timeout: false, ...(keepAlive ? {} : { headers: { connection: "close" } }) });
  return {
    json: (url) => client(url).json(),
    post: (url, value) => client.post(url, { json: value }).json(),
    bytes: async (url) => (await client(url).arrayBuffer()).byteLength,
    decoded: (url) => client(url).json(),
    async download(url) {
      let bytes = 0;
      for await (const chunk of (await client(url)).body) bytes += chunk.length;
      return bytes;
    },
    upload: async (url, path) => client.post(url, { body: await openAsBlob(path) }).json(),
    close: () => {},
  };
}
