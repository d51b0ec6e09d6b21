import { writeFile } from "node:fs/promises";
import requests from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { chapter } from "../scene.js";

export const errors = chapter("When things go wrong", import.meta.url, [
  {
    title: "HTTPError: a status of 400 or more, when you ask for it",
    async play({ base, console }) {
      try {
        await requests.get(`${base}/status/404`).raiseForStatus();
      } catch (error) {
        if (!(error instanceof requests.exceptions.HTTPError)) throw error;
        console.log(error.message);
        console.log(error.response?.statusCode);
      }
    },
    expected: ({ base }) => [`404 Client Error: NOT FOUND for url: ${base}/status/404`, 404],
  },
  {
    title: "ConnectionError: nobody is there",
    async play({ console }) {
      const server = await httpbin();
      await server.close();

      try {
        await requests.get(server.url);
      } catch (error) {
        if (!(error instanceof requests.exceptions.ConnectionError)) throw error;
        console.log(error.message);
        console.log(error.code);
        console.log(error.phase);
      }
    },
    expected: [
      /^Failed to establish a new connection: 127\.0\.0\.1:\d+ refused it/,
      "ERR_CONNECTION_REFUSED",
      "connect",
    ],
  },
  {
    title: "ProxyError: the way there is closed",
    async play({ base, console }) {
      const proxy = await httpbin();
      const proxies = { http: proxy.url };

      const response = await requests.get("http://no.such.host/ip", { proxies }); // the proxy answers
      console.log(response.statusCode);

      await proxy.close();
      try {
        await requests.get(`${base}/ip`, { proxies });
      } catch (error) {
        if (!(error instanceof requests.exceptions.ProxyError)) throw error;
        console.log(error.message);
      }
    },
    expected: [200, /^Cannot connect to proxy http:\/\/127\.0\.0\.1:\d+/],
  },
  {
    title: "SSLError: a certificate that nobody vouches for",
    async play({ folder, console }) {
      await using server = await httpbin({ tls: true });

      try {
        await requests.get(`${server.url}/get`);
      } catch (error) {
        if (!(error instanceof requests.exceptions.SSLError)) throw error;
        console.log(error.message);
      }

      await writeFile(`${folder}/ca.pem`, server.ca ?? "");
      const trusted = await requests.get(`${server.url}/get`, { verify: `${folder}/ca.pem` });

      console.log(trusted.statusCode);
      console.log(trusted.tls?.protocol);
    },
    expected: [/certificate verify failed/, 200, "TLSv1.3"],
  },
  {
    title: "TooManyRedirects",
    async play({ base, console }) {
      const session = new requests.Session({ maxRedirects: 3 });

      try {
        await session.get(`${base}/redirect/5`);
      } catch (error) {
        if (!(error instanceof requests.exceptions.TooManyRedirects)) throw error;
        console.log(error.message);
      }
    },
    expected: [/^Exceeded 3 redirects\./],
  },
  {
    title: "MissingSchema, InvalidSchema, InvalidURL: before a byte is sent",
    async play({ console }) {
      for (const url of ["httpbin.org/get", "ftp://httpbin.org/get", "http://"]) {
        try {
          await requests.get(url);
        } catch (error) {
          console.log(String(error));
        }
      }
    },
    expected: [/^MissingSchema: Invalid URL 'httpbin\.org\/get'/, /^InvalidSchema: /, /^InvalidURL: /],
  },
  {
    title: "InvalidHeader, InvalidJSONError: these neither",
    async play({ base, console }) {
      try {
        await requests.get(base, { headers: { "X-Name": "Eve\r\nX-Admin: true" } });
      } catch (error) {
        console.log(String(error));
      }

      try {
        await requests.post(`${base}/post`, { json: { big: 10n ** 30n } });
      } catch (error) {
        console.log(String(error));
      }
    },
    expected: [/^InvalidHeader: /, /^InvalidJSONError: /],
  },
  {
    title: "JSONDecodeError: this is not JSON",
    async play({ base, console }) {
      const response = await requests.get(`${base}/html`);

      try {
        response.json();
      } catch (error) {
        if (!(error instanceof requests.exceptions.JSONDecodeError)) throw error;
        console.log(error.message);
        console.log(error.doc.slice(0, 15));
      }
    },
    expected: [/line 1 column 1 \(char 0\)$/, "<!DOCTYPE html>"],
  },
  {
    title: "ChunkedEncodingError, ContentDecodingError, ContentTooLarge: the body is not right",
    async play({ lab, console }) {
      for (const path of ["/truncate/100", "/truncate/100?encoding=gzip", "/bytes/5000"]) {
        try {
          await requests.get(`${lab}${path}`, { maxResponseSize: 1024 }); // bytes
        } catch (error) {
          console.log(String(error));
        }
      }
    },
    expected: [/^ChunkedEncodingError: .*50 bytes read/, /^ContentDecodingError: .*gzip/, /^ContentTooLarge: .*1024/],
  },
  {
    title: "StreamNotReadError: a streamed body must be read first",
    async play({ base, console }) {
      const response = await requests.get(`${base}/get`, { stream: true });

      try {
        console.log(response.content);
      } catch (error) {
        console.log(String(error));
      }

      await response.read();
      console.log(response.content.length > 0);
    },
    expected: [/^StreamNotReadError: /, true],
  },
  {
    title: "UnrewindableBodyError: a generator cannot be sent twice",
    async play({ base, console }) {
      async function* body() {
        yield "only once";
      }

      try {
        await requests.post(`${base}/redirect-to`, {
          params: { url: "/post", status_code: 307 }, // "send it there, please"
          data: body(),
        });
      } catch (error) {
        console.log(String(error));
      }
    },
    expected: [/^UnrewindableBodyError: /],
  },
  {
    title: "CookieConflictError: two cookies of one name",
    async play({ console }) {
      const jar = new requests.cookies.RequestsCookieJar();
      jar.set("token", "one", { domain: "one.example" });
      jar.set("token", "two", { domain: "two.example" });

      try {
        jar.get("token");
      } catch (error) {
        console.log(String(error));
      }
      console.log(jar.get("token", null, { domain: "two.example" }));
    },
    expected: [/^CookieConflictError: /, "two"],
  },
  {
    title: "RequestException: all of these, in one place",
    async play({ base, console }) {
      const { RequestException, Timeout } = requests.exceptions;

      async function safely(path: string): Promise<string> {
        try {
          const response = await requests.get(`${base}${path}`, { timeout: 0.5 });
          return `${response.raiseForStatus().statusCode}`;
        } catch (error) {
          if (error instanceof Timeout) return "too slow: try again later";
          if (error instanceof RequestException) return `failed: ${error.code}`;
          throw error;
        }
      }

      for (const path of ["/get", "/status/503", "/delay/2"]) console.log(await safely(path));
    },
    expected: ["200", "failed: ERR_HTTP_STATUS", "too slow: try again later"],
  },
]);
