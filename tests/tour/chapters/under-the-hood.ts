import requests, { type Response } from "requests-ts";

import { chapter } from "../scene.js";

export const underTheHood = chapter("Hooks, prepared requests, adapters", import.meta.url, [
  {
    title: "Hooks of one request",
    async play({ base, console }) {
      const printUrl = (response: Response) => console.log(response.url);
      const seen: number[] = [];
      const recordStatus = (response: Response) => void seen.push(response.statusCode);

      await requests.get(`${base}/get`, { hooks: { response: [printUrl, recordStatus] } });

      console.log(seen);
    },
    expected: ({ base }) => [`${base}/get`, [200]],
  },
  {
    title: "Hooks of a session",
    async play({ base, console }) {
      const session = new requests.Session();
      session.hooks.response.push((response) => response.raiseForStatus()); // no status unnoticed

      try {
        await session.get(`${base}/status/418`);
      } catch (error) {
        if (!(error instanceof requests.exceptions.HTTPError)) throw error;
        console.log(error.message);
      }
    },
    expected: [/^418 Client Error: I'M A TEAPOT for url: /],
  },
  {
    title: "What was sent",
    async play({ base, console }) {
      const response = await requests.post(`${base}/post`, { json: { key: "value" } });

      console.log(response.request.method);
      console.log(response.request.url);
      console.log(response.request.headers["Content-Type"]);
      console.log(String(response.request.body));
    },
    expected: ({ base }) => ["POST", `${base}/post`, "application/json", '{"key":"value"}'],
  },
  {
    title: "Prepare, edit, send",
    async play({ base, console }) {
      const session = new requests.Session();
      const request = new requests.Request("POST", `${base}/post`, { data: { key: "value" } });
      const prepared = session.prepareRequest(request);

      prepared.body = "No, I want exactly this as the body.";
      delete prepared.headers["Content-Type"];
      prepared.headers["Keep-Dead"] = "parrot";

      const response = await session.send(prepared, { timeout: 5 });
      const { data, headers } = response.json<{ data: string; headers: Record<string, string> }>();

      console.log(data);
      console.log(headers["Content-Type"]);
      console.log(headers["Content-Length"]);
      console.log(headers["Keep-Dead"]);
    },
    expected: ["No, I want exactly this as the body.", undefined, "36", "parrot"],
  },
  {
    title: "… with proxies and certificates from the environment",
    async play({ base, console }) {
      const session = new requests.Session();
      const prepared = session.prepareRequest(new requests.Request("GET", `${base}/get`));

      const settings = session.mergeEnvironmentSettings(prepared.url, {}, null, null, null);
      const response = await session.send(prepared, settings);

      console.log(Object.keys(settings));
      console.log(response.statusCode);
    },
    expected: [["proxies", "stream", "verify", "cert"], 200],
  },
  {
    title: "An adapter that tries again",
    async play({ lab, console }) {
      const retries = new requests.Retry({
        total: 3,
        backoffFactor: 0.01, // waits 0 s, 0.02 s, 0.04 s
        statusForcelist: [429, 500, 502, 503, 504],
        allowedMethods: ["HEAD", "GET", "PUT", "DELETE", "OPTIONS", "TRACE"],
      });
      const session = new requests.Session();
      session.mount(lab, new requests.adapters.HTTPAdapter({ maxRetries: retries }));

      // This one fails twice with status 500, and then works.
      const response = await session.get(`${lab}/flaky/${Date.now()}/2?status=500`);

      console.log(response.statusCode);
      console.log(response.json<{ attempt: number }>().attempt);
    },
    expected: [200, 3],
  },
  {
    title: "RetryError: and then gives up",
    async play({ base, console }) {
      const retries = new requests.Retry({ total: 2, statusForcelist: [500] });
      const session = new requests.Session({ retries });

      try {
        await session.get(`${base}/status/500`);
      } catch (error) {
        if (!(error instanceof requests.exceptions.RetryError)) throw error;
        console.log(error.message);
      }
    },
    expected: [/^Max retries exceeded .*too many 500 error responses, 3 attempts/],
  },
]);
