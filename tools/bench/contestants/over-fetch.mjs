// What every client with the interface of fetch does alike.
import { openAsBlob } from "node:fs";

export function overFetch(fetch, options, close) {
  return {
    json: async (url) => (await fetch(url, options)).json(),
    post: async (url, value) =>
      (
        await fetch(url, {
          ...options,
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(value),
        })
      ).json(),
    bytes: async (url) => (await (await fetch(url, options)).arrayBuffer()).byteLength,
    decoded: async (url) => (await fetch(url, options)).json(),
    async download(url) {
      let bytes = 0;
      for await (const chunk of (await fetch(url, options)).body) bytes += chunk.length;
      return bytes;
    },
    upload: async (url, path) =>
      (await fetch(url, { ...options, method: "POST", body: await openAsBlob(path) })).json(),
    close,
  };
}
