import requests from "requests-ts";

import { chapter } from "../scene.js";

export const sessions = chapter("Cookies and sessions", import.meta.url, [
  {
    title: "Cookies for one request",
    async play({ base, console }) {
      const response = await requests.get(`${base}/cookies`, { cookies: { cookies_are: "working" } });

      console.log(response.json());
    },
    expected: [{ cookies: { cookies_are: "working" } }],
  },
  {
    title: "A jar, with domains and paths",
    async play({ base, console }) {
      const domain = new URL(base).hostname;
      const jar = new requests.cookies.RequestsCookieJar();
      jar.set("tasty_cookie", "yum", { domain, path: "/cookies" });
      jar.set("gross_cookie", "blech", { domain, path: "/elsewhere" });

      const response = await requests.get(`${base}/cookies`, { cookies: jar });

      console.log(response.json());
      console.log(jar.listPaths());
    },
    expected: [{ cookies: { tasty_cookie: "yum" } }, ["/cookies", "/elsewhere"]],
  },
  {
    title: "A session keeps cookies",
    async play({ base, console }) {
      const session = new requests.Session();

      await session.get(`${base}/cookies/set/sessioncookie/123456789`);
      const response = await session.get(`${base}/cookies`);

      console.log(response.json());
      console.log(session.cookies["sessioncookie"]);
    },
    expected: [{ cookies: { sessioncookie: "123456789" } }, "123456789"],
  },
  {
    title: "Logging in",
    async play({ base, console }) {
      const session = new requests.Session({ baseUrl: base });

      const login = await session.post("/response-headers", {
        params: { "Set-Cookie": "login=admin" }, // what httpbin shall answer
        data: { username: "admin", password: "password" },
      });
      const restricted = await session.get("/cookies");

      console.log(login.cookies.getDict());
      console.log(restricted.json());
    },
    expected: [{ login: "admin" }, { cookies: { login: "admin" } }],
  },
  {
    title: "What is set on the session goes with every request",
    async play({ base, console }) {
      const session = new requests.Session();
      session.auth = ["user", "pass"];
      session.headers.update({ "X-Test": "true" });

      const response = await session.get(`${base}/headers`, { headers: { "X-Test-2": "true" } });
      const { headers } = response.json<{ headers: Record<string, string> }>();

      console.log(headers["X-Test"]);
      console.log(headers["X-Test-2"]);
      console.log(headers["Authorization"]);
    },
    expected: ["true", "true", "Basic dXNlcjpwYXNz"],
  },
  {
    title: "What is set on a request goes with that one only",
    async play({ base, console }) {
      const session = new requests.Session({ params: { page: 1 }, headers: { "X-Test": "true" } });

      const first = await session.get(`${base}/cookies`, { cookies: { "from-my": "browser" } });
      const second = await session.get(`${base}/cookies`, { headers: { "X-Test": null } });

      console.log(first.json());
      console.log(second.json());
      console.log(second.request.headers.has("X-Test")); // null took it away
      console.log(second.request.pathUrl);
    },
    expected: [{ cookies: { "from-my": "browser" } }, { cookies: {} }, false, "/cookies?page=1"],
  },
  {
    title: "One connection, used again and again",
    async play({ base, console }) {
      await using session = new requests.Session(); // closed at the end of the block

      for (let turn = 1; turn <= 3; turn += 1) {
        const response = await session.get(`${base}/get`);
        console.log(`request ${turn}: ${response.reused ? "kept connection" : "new connection"}`);
      }
    },
    expected: ["request 1: new connection", "request 2: kept connection", "request 3: kept connection"],
  },
  {
    title: "20 requests: one after another, and all at once",
    async play({ base, console }) {
      await using session = new requests.Session();
      const urls = Array.from({ length: 20 }, (_, n) => `${base}/delay/0.05?n=${n}`);

      const start = performance.now();
      for (const url of urls) await session.get(url);
      const middle = performance.now();
      const responses = await Promise.all(urls.map((url) => session.get(url)));
      const end = performance.now();

      console.log(`one after another: ${((middle - start) / 1000).toFixed(2)} s`);
      console.log(`all at once:       ${((end - middle) / 1000).toFixed(2)} s`);
      console.log(responses.every((response) => response.ok));
      console.log(end - middle < (middle - start) / 2);
    },
    expected: [/^one after another: [1-9]\d*\.\d\d s$/, /^all at once: {7}\d+\.\d\d s$/, true, true],
  },
  {
    title: "close()",
    async play({ base, console }) {
      const session = new requests.Session();
      await session.get(`${base}/get`);

      await session.close(); // idle connections end here …
      const response = await session.get(`${base}/get`); // … and the session can still be used

      console.log(response.reused);
    },
    expected: [false],
  },
]);
