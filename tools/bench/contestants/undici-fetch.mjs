import { Agent, fetch } from "undici";

import { overFetch } from "./over-fetch.mjs";

export default function open({ connections, keepAlive }) {
  const dispatcher = new Agent({ connections, pipelining: keepAlive ? 1 : 0 });
  return overFetch(fetch, { dispatcher }, () => dispatcher.close());
}
