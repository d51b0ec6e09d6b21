import { createReadStream, createWriteStream } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { Presets, SingleBar } from "cli-progress";
import requests from "requests-ts";
import { events } from "requests-ts/events";

import { chapter } from "../scene.js";

export const files = chapter("Files and streams", import.meta.url, [
  {
    title: "A file, streamed from disk, beside a form",
    async play({ base, folder, console }) {
      await writeFile(`${folder}/report.txt`, "All is well.");

      const response = await requests.post(`${base}/post`, {
        data: { report_type: "daily", version: "1.0" },
        files: { document: createReadStream(`${folder}/report.txt`) },
      });

      console.log(response.json<{ files: unknown }>().files);
      console.log(response.json<{ form: unknown }>().form);
      console.log(response.request.headers.get("Content-Type")?.split(";")[0]);
    },
    expected: [{ document: "All is well." }, { report_type: "daily", version: "1.0" }, "multipart/form-data"],
  },
  {
    title: "The four ways to give a file",
    async play({ base, console }) {
      const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
      const response = await requests.post(`${base}/post`, {
        files: {
          content: "just the content",
          named: ["notes.txt", "with a file name"],
          typed: ["pixel.png", png, "image/png"],
          full: ["report.csv", "with, headers, too", "text/csv", { Expires: "0" }],
        },
      });

      console.log(response.json<{ files: unknown }>().files);
    },
    expected: [
      {
        content: "just the content",
        named: "with a file name",
        typed: "data:image/png;base64,iVBORw==",
        full: "with, headers, too",
      },
    ],
  },
  {
    title: "Several files in one field",
    async play({ base, lab, console }) {
      const files = [
        ["images", ["foo.png", "first", "image/png"]],
        ["images", ["bar.png", "second", "image/png"]],
      ];
      const response = await requests.post(`${base}/post`, { files });
      const wire = await requests.post(`${lab}/dump/request`, { files }).text();

      console.log(response.json<{ files: unknown }>().files); // httpbin shows one of each name …
      console.log(wire.match(/filename=".*"|first|second/g)); // … but both are sent
    },
    expected: [{ images: "first" }, ['filename="foo.png"', "first", 'filename="bar.png"', "second"]],
  },
  {
    title: "A download, saved to a file",
    async play({ base, folder, console }) {
      const response = await requests.get(`${base}/image/png`, { stream: true });
      const saved = await response.saveTo(`${folder}/pig.png`); // whole, or not there at all

      console.log(saved.size === Number(response.headers["Content-Length"]));
      console.log((await readFile(saved.path)).subarray(1, 4).toString());
    },
    expected: [true, "PNG"],
  },
  {
    title: "A download with a progress bar, which goes on after a cut",
    async play({ base, folder, console }) {
      // Drawn on a terminal only.
      const bar = new SingleBar({ format: "     {bar} {percentage}%" }, Presets.shades_classic);
      const response = await requests.get(`${base}/range/26000`, { stream: true });
      bar.start(Number(response.headers["Content-Length"]), 0);
      const saved = await response.saveTo(`${folder}/letters.txt`, {
        resume: true, // what came before a cut is kept for the next time
        onProgress: ({ transferred }) => bar.update(transferred),
      });
      bar.stop();

      console.log(`${saved.size} bytes, ${saved.resumedFrom} of them from before`);
    },
    expected: ["26000 bytes, 0 of them from before"],
  },
  {
    title: "The same by hand, chunk by chunk",
    async play({ base, folder, console }) {
      const response = await requests.get(`${base}/bytes/1000`, { stream: true });
      await pipeline(response.iterContent(128), createWriteStream(`${folder}/random.bin`));

      console.log((await stat(`${folder}/random.bin`)).size);
    },
    expected: [1000],
  },
  {
    title: "Lines, as they arrive",
    async play({ base, console }) {
      const response = await requests.get(`${base}/stream/3`, { stream: true });

      for await (const line of response.iterLines({ decodeUnicode: true })) {
        console.log((JSON.parse(line) as { id: number }).id);
      }
    },
    expected: [0, 1, 2],
  },
  {
    title: "Server-sent events, over as many connections as it takes",
    async play({ lab, console }) {
      const stream = events(`${lab}/sse`, { params: { count: 2 }, retry: 0.5 });

      let count = 0;
      for await (const { event, data } of stream) {
        console.log(`${event}: ${(JSON.parse(data) as { id: number }).id}`);
        if ((count += 1) === 3) break; // closes the connection, which is the second
      }
    },
    expected: ["ping: 0", "ping: 1", "ping: 0"],
  },
  {
    title: "gzip, deflate and brotli are undone for you",
    async play({ base, console }) {
      for (const coding of ["gzip", "deflate", "brotli"]) {
        const response = await requests.get(`${base}/${coding}`);
        console.log(`${response.headers.get("Content-Encoding")}: ${response.text.slice(0, 1)}…`);
      }
    },
    expected: ["gzip: {…", "deflate: {…", "br: {…"],
  },
  {
    title: "The raw bytes, before that",
    async play({ base, console }) {
      await using response = await requests.get(`${base}/gzip`, { stream: true });

      console.log(await response.raw.read(10));
    },
    expected: [/^<Buffer 1f 8b 08 [0-9a-f ]{20}>$/],
  },
  {
    title: "Text in another charset",
    async play({ lab, console }) {
      const response = await requests.get(`${lab}/charset/windows-1251?declare=none`);
      console.log(response.encoding); // the server does not say

      response.encoding = "windows-1251"; // but you may know
      console.log(response.text);
    },
    expected: [null, "Съешь ещё этих мягких булок"],
  },
  {
    title: "Links for the next page",
    async play({ base, console }) {
      const response = await requests.get(`${base}/response-headers`, {
        params: { Link: '<https://api.example.com/items?page=2>; rel="next"' },
      });

      console.log(response.links["next"]?.["url"]);
    },
    expected: ["https://api.example.com/items?page=2"],
  },
  {
    title: "All pages, as the loop comes to them",
    async play({ lab, console }) {
      const options = { params: { per_page: 4, total: 10 } };
      for await (const page of requests.paginate(`${lab}/links-paged`, options)) {
        console.log(page.json<{ items: number[] }>().items);
      }
    },
    expected: [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ],
  },
]);
