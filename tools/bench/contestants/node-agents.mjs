// Agents of node:http for the clients that are made on it.
import http from "node:http";
import https from "node:https";

export function nodeAgents({ connections, keepAlive }) {
  // With a number here Node keeps connections for requests that wait already, even with keepAlive: false.
  const options = { keepAlive, maxSockets: keepAlive ? connections : Infinity };
  const agents = { http: new http.Agent(options), https: new https.Agent(options) };
  return {
    ...agents,
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
