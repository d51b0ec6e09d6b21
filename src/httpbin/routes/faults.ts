/** The routes that break HTTP, or the connection under it. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { constants, crc32, createDeflateRaw, gzipSync } from "node:zlib";
import type { Incoming } from "../incoming.js";
import { pythonInt, seconds } from "../numbers.js";
import { complain, OCTETS, reply, type Answer } from "../responses.js";
import { ALL_METHODS, type RouteGroup } from "../router.js";

const MEBIBYTE = Buffer.alloc(1 << 20);
const MAX_BOMB = 4096;

/** Ends the connection with a reset (TCP RST), so that the client sees ECONNRESET. */
export async function breakConnection(response: ServerResponse): Promise<void> {
  const { socket } = response;
  if (socket === null) return;
  // Under TLS it is the TCP socket that can be reset; Node keeps it here, without a public name.
  const { _parent: parent } = socket as TLSSocket & { _parent?: Socket };
  if (parent == null) {
    try {
      socket.resetAndDestroy();
    } catch {
      // Bun's HTTPS server can close alone.
      socket.destroy();
    }
  } else {
    parent.resetAndDestroy();
    socket.destroy();
  }
}

/** Writes by hand, and closes. */
async function writeRaw(response: ServerResponse, bytes: string | Uint8Array): Promise<void> {
  response.socket?.end(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
}

function answerReset(incoming: Incoming): Answer {
  const after = incoming.option("after") ?? "request";
  return {
    takeOver: async (response) => {
      if (after === "request") return breakConnection(response);
      response.writeHead(200, { "Content-Type": OCTETS, "Content-Length": "1000" });
      response.flushHeaders();
      if (after === "body") response.write("*".repeat(500));
      // Let the bytes out before the reset would discard them.
      await incoming.sleep(0.02);
      return breakConnection(response);
    },
  };
}

/** Announces a body and closes, without an error, in the middle of it. */
function answerTruncate(incoming: Incoming): Answer {
  const announced = pythonInt(incoming.param("n"));
  const whole = Buffer.alloc(announced, "*");
  const encoding = incoming.option("encoding");
  const sent = incoming.option("sent");
  if (encoding === "gzip") {
    // The framing is right here: only the gzip stream ends too early.
    const zipped = gzipSync(whole);
    return reply(OCTETS, zipped.subarray(0, Math.floor(zipped.length / 2)), [["Content-Encoding", "gzip"]]);
  }
  const part = whole.subarray(0, sent === undefined ? Math.floor(announced / 2) : pythonInt(sent));
  const framing =
    incoming.option("coding") === "chunked"
      ? { "Transfer-Encoding": "chunked" }
      : { "Content-Length": String(announced) };
  return {
    takeOver: async (response) => {
      response.writeHead(200, { "Content-Type": OCTETS, ...framing });
      response.flushHeaders();
      const { socket } = response;
      // In the callback: Node 26 keeps a chunk back until the tick ends.
      if (part.length > 0) response.write(part, () => socket?.end());
      else socket?.end();
    },
  };
}

/** Stops talking and keeps the connection. */
function answerHang(incoming: Incoming): Answer {
  const after = incoming.option("after") ?? "request";
  return {
    takeOver: async (response) => {
      if (after === "request") return;
      response.writeHead(200, { "Content-Type": OCTETS, "Content-Length": "1000" });
      response.flushHeaders();
      if (after === "body") response.write("*".repeat(500));
    },
  };
}

/** Sends the header section byte by byte. */
function answerSlowHeaders(incoming: Incoming): Answer {
  const duration = seconds(incoming.option("duration") ?? "2");
  const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
  return {
    takeOver: async (response) => {
      for (const character of head) {
        response.socket?.write(character);
        await incoming.sleep(duration / head.length);
      }
      return writeRaw(response, "slow\n");
    },
  };
}

const GARBAGE: Readonly<Record<string, string>> = {
  binary: "\x00\x01\x02\xff\xfe\xfd\r\n\r\n\x7fELF",
  status: "HTTP/1.1 two hundred OK\r\nContent-Length: 0\r\n\r\n",
  version: "HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n",
  header: "HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n",
  nul: "HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 0\r\n\r\n",
  lengths: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
  chunk: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
  empty: "",
};

function answerGarbage(incoming: Incoming): Answer {
  const garbage = GARBAGE[incoming.option("kind") ?? "binary"];
  if (garbage === undefined) return complain(400, `kind must be one of ${Object.keys(GARBAGE).join(", ")}`);
  return { takeOver: (response) => writeRaw(response, garbage) };
}

/** Says one length, sends another, and keeps the connection. */
function answerWrongLength(incoming: Incoming): Answer {
  const declared = pythonInt(incoming.option("declared") ?? "10");
  const actual = pythonInt(incoming.option("actual") ?? "20");
  return reply(OCTETS, "*".repeat(actual), [["Content-Length", String(declared)]]);
}

function answerBomb(incoming: Incoming): Answer {
  const mebibytes = pythonInt(incoming.param("n"));
  if (mebibytes > MAX_BOMB) return complain(400, `at most ${MAX_BOMB} MiB`);
  return reply(OCTETS, gzipOfZeros(mebibytes), [["Content-Encoding", "gzip"]]);
}

/** One gzip member (RFC 1952) of n MiB of zeros. The same deflate block stands for each MiB, so it costs little. */
async function* gzipOfZeros(mebibytes: number): AsyncGenerator<Uint8Array> {
  const block = await deflateBlock(MEBIBYTE);
  let checksum = 0;
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
  for (let i = 0; i < mebibytes; i++) {
    checksum = crc32(MEBIBYTE, checksum);
    yield block;
  }
  const end = Buffer.alloc(10);
  // An empty last block with fixed codes (RFC 1951 section 3.2.3).
  end.writeUInt16LE(0x0003, 0);
  end.writeUInt32LE(checksum, 2);
  end.writeUInt32LE((mebibytes * MEBIBYTE.length) % 2 ** 32, 6);
  yield end;
}

/** Deflates to a byte boundary, without marking the end and without reference to what comes before. */
async function deflateBlock(bytes: Uint8Array): Promise<Buffer> {
  const deflate = createDeflateRaw({ level: 9 });
  const chunks: Buffer[] = [];
  deflate.on("data", (chunk: Buffer) => chunks.push(chunk));
  deflate.write(bytes);
  await new Promise<void>((resolve) => deflate.flush(constants.Z_FULL_FLUSH, resolve));
  deflate.close();
  return Buffer.concat(chunks);
}

/** `/reset`, `/truncate`, `/hang` and worse. */
export const faultRoutes: RouteGroup = {
  title: "Faults",
  routes: [
    {
      path: "/reset",
      methods: ALL_METHODS,
      summary: "Resets the connection.",
      query: { after: "request, headers or body: what goes first (default request)" },
      handle: answerReset,
    },
    {
      path: "/truncate/<int:n>",
      methods: ALL_METHODS,
      summary: "Announces n bytes, and closes the connection after half of them.",
      query: {
        sent: "how many bytes are sent (default n / 2)",
        coding: "chunked, to leave the last chunk away instead",
        encoding: "gzip, to cut the gzip stream and nothing else",
      },
      handle: answerTruncate,
    },
    {
      path: "/hang",
      methods: ALL_METHODS,
      summary: "Never answers, or never ends its answer.",
      query: { after: "request, headers or body: what goes first (default request)" },
      handle: answerHang,
    },
    {
      path: "/slow-headers",
      methods: ALL_METHODS,
      summary: "Sends its headers byte by byte.",
      query: { duration: "seconds for all of them (default 2)" },
      examples: ["/slow-headers?duration=1"],
      handle: answerSlowHeaders,
    },
    {
      path: "/garbage",
      methods: ALL_METHODS,
      summary: "Answers what is not HTTP.",
      query: { kind: `${Object.keys(GARBAGE).join(", ")} (default binary)` },
      handle: answerGarbage,
    },
    {
      path: "/wrong-length",
      methods: ALL_METHODS,
      summary: "Declares one length, sends another, and keeps the connection open.",
      query: { declared: "Content-Length (default 10)", actual: "bytes sent (default 20)" },
      handle: answerWrongLength,
    },
    {
      path: "/bomb/<int:n>",
      summary: "n MiB of zeros, at most 4096, in gzip: about a thousandth of that on the wire.",
      handle: answerBomb,
    },
  ],
};
