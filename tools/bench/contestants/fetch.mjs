// It opens as many connections as there are requests, and cannot be told otherwise.
import { overFetch } from "./over-fetch.mjs";

export const limitsConnections = false;

export default function open({ keepAlive }) {
  return overFetch(fetch, keepAlive ? {} : { headers: { connection: "close" } }, () => {});
}
