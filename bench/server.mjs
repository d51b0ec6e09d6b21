// The other end: a process of its own that answers every request with the same 192 bytes of JSON, as fast as Node can.
import { createServer } from "node:net";

const body = JSON.stringify({ id: 1, name: "requests-ts", tags: ["a", "b"], text: "x".repeat(192 - 59) });
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: keep-alive\r\n\r\n${body}`,
);
const END = Buffer.from("\r\n\r\n");

// Requests without a body end at the empty line; several may come in one piece, or one in two.
const server = createServer({ noDelay: true }, (socket) => {
  let held = null;
  socket.on("data", (chunk) => {
    let bytes = held === null ? chunk : Buffer.concat([held, chunk]);
    let requests = 0;
    for (let at = bytes.indexOf(END); at !== -1; at = bytes.indexOf(END)) {
      requests += 1;
      bytes = bytes.subarray(at + 4);
    }
    held = bytes.length > 0 ? bytes : null;
    if (requests === 1) socket.write(answer);
    else for (let sent = 0; sent < requests; sent += 1) socket.write(answer);
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}/json` }));
process.on("disconnect", () => process.exit(0));
