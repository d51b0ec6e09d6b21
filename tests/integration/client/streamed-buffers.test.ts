/** What a streamed response hands out stays as it is, though sockets read into buffers that they share. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { Session } from "requests-ts";

const SIZE = 6 * 1024 * 1024;
const STREAMS = 6;

describe("chunks of streamed bodies", () => {
  const bodies = Array.from({ length: STREAMS }, () => randomBytes(SIZE));
  let server: Server;
  let url = "";

  before(async () => {
    server = createServer(({ url: path = "/" }, response) => {
      const [, framing, index = "0"] = path.split("/");
      const body = bodies[Number(index)];
      if (framing === "small") return void response.end(index);
      if (framing === "length") response.setHeader("Content-Length", SIZE);
      // Pieces of many sizes, so that some fill what is read into and some do not.
      for (let at = 0, turn = 1; at < SIZE; turn += 1) {
        const end = Math.min(SIZE, at + ((turn * 7919) % 300_000));
        response.write(body.subarray(at, end));
        at = end;
      }
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const framing of ["length", "chunked"])
    it(`keep their bytes: ${STREAMS} streams at once, ${framing}, with small requests in between`, async () => {
      await using session = new Session();
      const whole = await Promise.all(
        bodies.map(async (_body, index) => {
          const pieces: Uint8Array[] = [];
          const response = await session.get(`${url}/${framing}/${index}`, { stream: true });
          for await (const piece of response.iterContent()) {
            pieces.push(piece);
            if (pieces.length % 8 === 0) await session.get(`${url}/small/${index}`);
          }
          return Buffer.concat(pieces);
        }),
      );
      assert.deepEqual(whole.map(digest), bodies.map(digest));
    });
});

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
