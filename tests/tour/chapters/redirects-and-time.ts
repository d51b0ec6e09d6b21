import requests from "requests-ts";

import { chapter } from "../scene.js";

export const redirectsAndTime = chapter("Redirects and timeouts", import.meta.url, [
  {
    title: "Redirects are followed, and remembered",
    async play({ base, console }) {
      const response = await requests.get(`${base}/redirect/2`);

      console.log(response.history);
      console.log(response.history.map((each) => new URL(each.url).pathname));
      console.log(new URL(response.url).pathname);
    },
    expected: [/^\[ <Response \[302\]>, <Response \[302\]> \]$/, ["/redirect/2", "/relative-redirect/1"], "/get"],
  },
  {
    title: "… unless you say no",
    async play({ base, console }) {
      const response = await requests.get(`${base}/redirect/1`, { allowRedirects: false });

      console.log(response.statusCode);
      console.log(response.isRedirect);
      console.log(response.history);
      console.log(response.next?.url); // what would have followed
    },
    expected: ({ base }) => [302, true, [], `${base}/get`],
  },
  {
    title: "A timeout in seconds, or two: to connect, and to read",
    async play({ base, console }) {
      const inTime = await requests.get(`${base}/get`, { timeout: 5 });
      const patient = await requests.get(`${base}/delay/0.1`, { timeout: [3.05, 27] });
      console.log([inTime.statusCode, patient.statusCode]);

      try {
        await requests.get(`${base}/delay/2`, { timeout: 0.2 });
      } catch (error) {
        console.log(error instanceof requests.exceptions.Timeout);
        console.log(String(error));
      }
    },
    expected: [[200, 200], true, /^ReadTimeout: Read timed out\. \(read timeout=0\.2\)/],
  },
  {
    title: "One for the whole call, however busy the server is",
    async play({ base, console }) {
      try {
        await requests.get(`${base}/drip`, {
          params: { numbytes: 10, duration: 2 }, // a byte each 0.2 s: never silent for long
          timeout: { read: 1, total: 0.5 },
        });
      } catch (error) {
        console.log(String(error));
      }
    },
    expected: [/^TotalTimeout: Total timeout reached\. \(total timeout=0\.5\)/],
  },
  {
    title: "No connection in time",
    async play({ console }) {
      const session = new requests.Session();
      const silence = () => undefined; // name servers that never answer
      session.mount("http://", new requests.adapters.HTTPAdapter({ lookup: silence }));

      try {
        await session.get("http://example.com/", { timeout: [0.2, 10] });
      } catch (error) {
        if (!(error instanceof requests.exceptions.ConnectTimeout)) throw error;
        console.log(error.message);
        console.log(error.phase);
      }
    },
    expected: [/^Connection to example\.com:80 timed out\. \(connect timeout=0\.2\)/, "dns"],
  },
]);
