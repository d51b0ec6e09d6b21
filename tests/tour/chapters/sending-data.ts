import requests from "requests-ts";

import { chapter } from "../scene.js";

export const sendingData = chapter("Sending data", import.meta.url, [
  {
    title: "A form",
    async play({ base, console }) {
      const response = await requests.post(`${base}/post`, { data: { name: "john", age: 12 } });

      console.log(response.request.body);
      console.log(response.request.headers["Content-Type"]);
      console.log(response.json<{ form: unknown }>().form);
    },
    expected: ["name=john&age=12", "application/x-www-form-urlencoded", { age: "12", name: "john" }],
  },
  {
    title: "JSON",
    async play({ base, console }) {
      const response = await requests.post(`${base}/post`, {
        json: { title: "foo", tags: ["a", "b"], userId: 1 },
      });

      console.log(response.request.headers["Content-Type"]);
      console.log(response.json<{ json: unknown }>().json);
    },
    expected: ["application/json", { title: "foo", tags: ["a", "b"], userId: 1 }],
  },
  {
    title: "PUT, PATCH and DELETE",
    async play({ base, console }) {
      const put = await requests.put(`${base}/put`, { data: { key: "value" } });
      const patch = await requests.patch(`${base}/patch`, { json: { key: "value" } });
      const gone = await requests.delete(`${base}/delete`);

      console.log(put.json<{ form: unknown }>().form);
      console.log(patch.json<{ json: unknown }>().json);
      console.log(gone.statusCode);
    },
    expected: [{ key: "value" }, { key: "value" }, 200],
  },
  {
    title: "HEAD and OPTIONS",
    async play({ base, console }) {
      const head = await requests.head(`${base}/get`);
      const options = await requests.options(`${base}/get`);

      console.log(head.headers["Content-Type"]);
      console.log(head.content.length); // no body came
      console.log(options.headers["Access-Control-Allow-Methods"]);
    },
    expected: ["application/json", 0, "GET, POST, PUT, DELETE, PATCH, OPTIONS"],
  },
  {
    title: "XML, or bytes of any kind",
    async play({ base, console }) {
      const xml = "<note><to>Tove</to><from>Jani</from><body>Don't forget me!</body></note>";
      const { data, headers } = await requests
        .post(`${base}/post`, { data: xml, headers: { "Content-Type": "application/xml" } })
        .json<{ data: string; headers: Record<string, string> }>();

      console.log(headers["Content-Type"]);
      console.log(data);

      const bytes = new Uint8Array([0xca, 0xfe, 0xba, 0xbe]);
      const response = await requests.post(`${base}/post`, { data: bytes });

      console.log(response.request.headers["Content-Length"]);
      console.log(response.json<{ data: string }>().data);
    },
    expected: [
      "application/xml",
      "<note><to>Tove</to><from>Jani</from><body>Don't forget me!</body></note>",
      "4",
      "data:application/octet-stream;base64,yv66vg==",
    ],
  },
  {
    title: "A generator, sent in chunks while it runs",
    async play({ base, console }) {
      async function* body() {
        yield "hi, ";
        yield "there";
      }
      const response = await requests.post(`${base}/post`, { data: body() });

      console.log(response.request.headers["Transfer-Encoding"]);
      console.log(response.json<{ data: string }>().data);
    },
    expected: ["chunked", "hi, there"],
  },
]);
