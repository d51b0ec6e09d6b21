// Each contestant: one GET of a URL whose JSON is parsed, over kept connections, with the client's ordinary settings.
import { Session } from "../dist/index.js";

export async function contestants() {
  const list = [];
  const session = new Session();
  list.push({
    name: "requests-ts session.get + json",
    get: async (url) => (await session.get(url)).json(),
    close: () => session.close(),
  });

  const undici = await import("undici");
  const agent = new undici.Agent({ connections: 50, pipelining: 1 });
  list.push({
    name: "undici request + body.json",
    get: async (url) => (await undici.request(url, { dispatcher: agent })).body.json(),
    close: () => agent.close(),
  });
  const dispatcher = new undici.Agent({ connections: 50, pipelining: 1 });
  list.push({
    name: "undici dispatch, collected by hand",
    get: (url) => dispatchJson(dispatcher, url),
    close: () => dispatcher.close(),
  });

  const { default: axios } = await import("axios");
  const http = await import("node:http");
  const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 50 });
  const client = axios.create({ httpAgent });
  list.push({ name: "axios", get: async (url) => (await client.get(url)).data, close: () => httpAgent.destroy() });

  const { default: got } = await import("got");
  const gotAgent = new http.Agent({ keepAlive: true, maxSockets: 50 });
  const gotClient = got.extend({ agent: { http: gotAgent } });
  list.push({ name: "got", get: (url) => gotClient(url).json(), close: () => gotAgent.destroy() });
  return list;
}

function dispatchJson(dispatcher, url) {
  const { origin, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks = [];
    dispatcher.dispatch(
      { origin, path: pathname, method: "GET" },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          resolve(JSON.parse((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)).toString()));
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}
