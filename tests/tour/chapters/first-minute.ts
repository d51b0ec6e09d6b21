import requests from "requests-ts";

import { chapter } from "../scene.js";

export const firstMinute = chapter("The first minute", import.meta.url, [
  {
    title: "A GET request",
    async play({ base, console }) {
      const response = await requests.get(`${base}/get`);

      console.log(response);
      console.log(response.statusCode);
    },
    expected: [/^<Response \[200\]>$/, 200],
  },
  {
    title: "What is in a response",
    async play({ base, console }) {
      const response = await requests.get(`${base}/html`);

      console.log(response.ok);
      console.log(response.reason);
      console.log(response.headers["content-type"]); // in any case
      console.log(response.encoding);
      console.log(response.text.slice(0, 15)); // as a string
      console.log(response.content.subarray(0, 4)); // as bytes
      console.log(response.elapsed < 10); // seconds
    },
    expected: [true, "OK", "text/html; charset=utf-8", "utf-8", "<!DOCTYPE html>", Buffer.from("<!DO"), true],
  },
  {
    title: "JSON, in a single line",
    async play({ base, console }) {
      const { uuid } = await requests.get(`${base}/uuid`).raiseForStatus().json<{ uuid: string }>();

      console.log(uuid);
    },
    expected: [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
  },
  {
    title: "Parameters in the URL",
    async play({ base, console }) {
      const response = await requests.get(`${base}/get`, {
        params: { name: "john", age: 12, q: "requests+language:python" },
      });

      console.log(response.url);
    },
    expected: ({ base }) => [`${base}/get?name=john&age=12&q=requests%2Blanguage%3Apython`],
  },
  {
    title: "Lists as parameters",
    async play({ base, console }) {
      const response = await requests.get(`${base}/get`, {
        params: { item: ["apple", "banana", "cherry"], category: "fruits" },
      });

      console.log(response.url);
      console.log(response.json<{ args: unknown }>().args);
    },
    expected: ({ base }) => [
      `${base}/get?item=apple&item=banana&item=cherry&category=fruits`,
      { item: ["apple", "banana", "cherry"], category: "fruits" },
    ],
  },
  {
    title: "Headers of your own",
    async play({ base, console }) {
      const { headers } = await requests
        .get(`${base}/headers`, {
          headers: { "User-Agent": "my-app/1.0", Accept: "application/vnd.github.v3+json" },
        })
        .json<{ headers: Record<string, string> }>();

      console.log(headers["User-Agent"]);
      console.log(headers["Accept"]);
    },
    expected: ["my-app/1.0", "application/vnd.github.v3+json"],
  },
  {
    title: "The headers that always go",
    async play({ base, console }) {
      const response = await requests.get(`${base}/get`);

      for (const [name, value] of response.request.headers) console.log(`${name}: ${value}`);
    },
    expected: [
      `User-Agent: requests-ts/${requests.version}`,
      /^Accept-Encoding: gzip, deflate, br(, zstd)?$/,
      "Accept: */*",
      "Connection: keep-alive",
    ],
  },
  {
    title: "Status codes by name",
    async play({ base, console }) {
      const good = await requests.get(`${base}/status/200`);
      const bad = await requests.get(`${base}/status/404`); // a status is not an error …

      console.log(good.statusCode === requests.codes.ok);
      console.log(bad.statusCode === requests.codes.not_found);
      console.log(bad.ok);
      console.log(good.raiseForStatus() === good); // … until you ask for one: see "HTTPError"
    },
    expected: [true, true, false, true],
  },
]);
