import requests, { type PreparedRequest } from "requests-ts";

import { chapter } from "../scene.js";

export const authentication = chapter("Who is asking", import.meta.url, [
  {
    title: "Basic",
    async play({ base, console }) {
      const url = `${base}/basic-auth/username/password`;

      const pair = await requests.get(url, { auth: ["username", "password"] });
      const same = await requests.get(url, {
        auth: new requests.auth.HTTPBasicAuth("username", "password"),
      });
      const wrong = await requests.get(url, { auth: ["username", "guess"] });

      console.log(pair.json());
      console.log(same.statusCode);
      console.log(wrong.statusCode);
    },
    expected: [{ authenticated: true, user: "username" }, 200, 401],
  },
  {
    title: "Digest",
    async play({ base, console }) {
      const auth = new requests.auth.HTTPDigestAuth("username", "password");
      const url = `${base}/digest-auth/auth/username/password`;

      const md5 = await requests.get(url, { auth });
      const sha256 = await requests.get(`${url}/SHA-256`, { auth });

      console.log(md5.json());
      console.log(md5.history.map((response) => response.statusCode)); // the challenge
      console.log(sha256.statusCode);
    },
    expected: [{ authenticated: true, user: "username" }, [401], 200],
  },
  {
    title: "Bearer token",
    async play({ base, console }) {
      const response = await requests.get(`${base}/bearer`, {
        auth: new requests.auth.HTTPBearerAuth("my-token"), // or a header of your own
      });

      console.log(response.json());
    },
    expected: [{ authenticated: true, token: "my-token" }],
  },
  {
    title: "API key, in a header or in the query",
    async play({ base, console }) {
      const inHeader = await requests.get(`${base}/headers`, { headers: { "X-API-Key": "my-key" } });
      const inQuery = await requests.get(`${base}/get`, {
        params: { api_key: "my-key", resource_id: 123 },
      });

      console.log(inHeader.json<{ headers: Record<string, string> }>().headers["X-Api-Key"]);
      console.log(inQuery.json<{ args: unknown }>().args);
    },
    expected: ["my-key", { api_key: "my-key", resource_id: "123" }],
  },
  {
    title: "A scheme of your own: a function, or a class",
    async play({ base, console }) {
      const signed = await requests.get(`${base}/headers`, {
        auth: (request) => {
          request.headers["X-Signature"] = `${request.method} ${request.pathUrl}`;
          return request;
        },
      });

      class PizzaAuth extends requests.auth.AuthBase {
        override apply(request: PreparedRequest): PreparedRequest {
          request.headers["X-Pizza"] = "margherita";
          return request;
        }
      }
      const session = new requests.Session({ auth: new PizzaAuth() });
      const delivered = await session.get(`${base}/headers`);

      console.log(signed.json<{ headers: Record<string, string> }>().headers["X-Signature"]);
      console.log(delivered.json<{ headers: Record<string, string> }>().headers["X-Pizza"]);
    },
    expected: [/^GET .*\/headers$/, "margherita"],
  },
]);
