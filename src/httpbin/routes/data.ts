/** The routes that make data up: random or reproducible bytes, ranges, links. */
import { randomBytes, randomUUID } from "node:crypto";
import { strictUtf8 } from "../body.js";
import type { Incoming } from "../incoming.js";
import type { Json } from "../json.js";
import { pythonBigInt, pythonFloat, pythonInt } from "../numbers.js";
import { PythonRandom } from "../python-random.js";
import { complain, HTML, json, OCTETS, redirect, reply, type Answer, type HeaderPair } from "../responses.js";
import type { RouteGroup } from "../router.js";

const MAX_BYTES = 100 * 1024;
const DEFAULT_CHUNK = 10 * 1024;
const BASE64_HINT = "Incorrect Base64 data try: SFRUUEJJTiBpcyBhd2Vzb21l";

function makeBytes(incoming: Incoming): Buffer {
  const n = Math.min(pythonInt(incoming.param("n")), MAX_BYTES);
  const seed = incoming.option("seed");
  if (seed === undefined) return randomBytes(n);
  const random = new PythonRandom(pythonBigInt(seed));
  return Buffer.from(Array.from({ length: n }, () => random.byte()));
}

function chunkSize(incoming: Incoming): number {
  const asked = incoming.option("chunk_size");
  return asked === undefined ? DEFAULT_CHUNK : Math.max(1, pythonInt(asked));
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Decodes with either alphabet; as in Python, other characters are skipped but the padding must be right. */
function decodeBase64(value: string): string | undefined {
  const encoded = value
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .replace(/[^A-Za-z0-9+/=]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) return undefined;
  return strictUtf8(Buffer.from(encoded, "base64"));
}

function answerBase64(incoming: Incoming): Answer {
  return reply(HTML, decodeBase64(incoming.param("value")) ?? BASE64_HINT);
}

/** Byte i is the letter i mod 26 of the alphabet, so that any part can be checked without the whole. */
function answerRange(incoming: Incoming): Answer {
  const size = pythonInt(incoming.param("n"));
  const always: HeaderPair[] = [
    ["ETag", `range${size}`],
    ["Accept-Ranges", "bytes"],
  ];
  if (size < 1 || size > MAX_BYTES) {
    return complain(404, "number of bytes must be in the range (0, 102400]", always);
  }
  const pausePerByte = pythonFloat(incoming.option("duration") ?? "0") / size;
  const { first, last } = requestedRange(incoming.header("Range"), size);
  if (first > last || first < 0 || last >= size) {
    return complain(416, "", [...always, ["Content-Range", `bytes */${size}`]]);
  }
  const bytes = Buffer.from(Array.from({ length: last - first + 1 }, (_, i) => 0x61 + ((first + i) % 26)));
  const isWhole = first === 0 && last === size - 1;
  const headers: HeaderPair[] = [
    ...always,
    ["Content-Length", String(bytes.length)],
    ["Content-Range", `bytes ${first}-${last}/${size}`],
  ];
  return reply(OCTETS, slowly(incoming, bytes, chunkSize(incoming), pausePerByte), headers, isWhole ? 200 : 206);
}

async function* slowly(incoming: Incoming, bytes: Buffer, size: number, pausePerByte: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    if (chunk.length === size) yield chunk;
    await incoming.sleep(pausePerByte * chunk.length);
    if (chunk.length < size) yield chunk;
  }
}

/** Python's httpbin reads one range, and of several the start of the first alone. */
function requestedRange(header: string | undefined, size: number): { first: number; last: number } {
  const whole = { first: 0, last: size - 1 };
  const [unit, spec, ...rest] = (header ?? "").trim().split("=");
  if (unit?.startsWith("bytes") !== true || spec === undefined || rest.length > 0) return whole;
  const [first, last] = spec.split("-").map(integerOrNone);
  if (first === undefined && last === undefined) return whole;
  if (first === undefined) return { first: Math.max(0, size - (last ?? 0)), last: size - 1 };
  return { first, last: last ?? size - 1 };
}

function integerOrNone(text: string): number | undefined {
  return /^\s*\d+\s*$/.test(text) ? Number(text) : undefined;
}

function answerLinks(incoming: Incoming): Answer {
  const n = Math.min(Math.max(1, pythonInt(incoming.param("n"))), 200);
  const offset = pythonInt(incoming.param("offset"));
  const links = Array.from({ length: n }, (_, i) => (i === offset ? `${i} ` : `<a href='/links/${n}/${i}'>${i}</a> `));
  return reply(HTML, `<html><head><title>Links</title></head><body>${links.join("")}</body></html>`);
}

/** Pages of numbered items, tied by a Link header (RFC 8288) and, for the cursor twin, by `next` in the body. */
function answerPage(incoming: Incoming): Answer {
  const total = pythonInt(incoming.option("total") ?? "50");
  const perPage = Math.max(1, pythonInt(incoming.option("per_page") ?? "10"));
  const cursor = incoming.option("cursor");
  const start = cursor === undefined ? undefined : Number(decodeBase64(cursor));
  if (Number.isNaN(start)) return complain(400, "Unknown cursor");
  const page = start === undefined ? pythonInt(incoming.option("page") ?? "1") : Math.floor(start / perPage) + 1;
  const pages = Math.max(1, Math.ceil(total / perPage));
  if (page < 1 || page > pages) return complain(404, `There are ${pages} pages`);

  const isByCursor = incoming.option("by") === "cursor" || cursor !== undefined;
  const link = (to: number): string => {
    const place = isByCursor
      ? `cursor=${Buffer.from(String((to - 1) * perPage)).toString("base64url")}${"=".repeat(padding(to, perPage))}`
      : `page=${to}`;
    return `${incoming.base}/links-paged?${place}&per_page=${perPage}&total=${total}`;
  };
  const relations: Record<string, number> = {
    ...(page > 1 && { first: 1, prev: page - 1 }),
    ...(page < pages && { next: page + 1, last: pages }),
  };
  const header = Object.entries(relations).map(([relation, to]) => `<${link(to)}>; rel="${relation}"`);
  const first = (page - 1) * perPage;
  const items: Json = Array.from({ length: Math.max(0, Math.min(perPage, total - first)) }, (_, i) => first + i + 1);
  const next = page < pages ? link(page + 1) : null;
  const body = isByCursor ? { items, next } : { items, next, page, pages };
  return json(body, header.length === 0 ? [] : [["Link", header.join(", ")]]);
}

/** The number of `=` that the cursor of a page needs. */
function padding(page: number, perPage: number): number {
  return (3 - (String((page - 1) * perPage).length % 3)) % 3;
}

/** `/bytes`, `/range`, `/links` and their kin. */
export const dataRoutes: RouteGroup = {
  title: "Dynamic data",
  routes: [
    {
      path: "/uuid",
      summary: "A random UUID (version 4).",
      examples: ["/uuid"],
      handle: () => json({ uuid: randomUUID() }),
    },
    {
      path: "/base64/<value>",
      summary: "Decodes base64, URL-safe or not.",
      examples: ["/base64/SFRUUEJJTiBpcyBhd2Vzb21l"],
      handle: answerBase64,
    },
    {
      path: "/base64/decode/<value>",
      summary: "The same.",
      examples: ["/base64/decode/SFRUUEJJTiBpcyBhd2Vzb21l"],
      handle: answerBase64,
    },
    {
      path: "/base64/encode/<value>",
      summary: "Encodes in URL-safe base64.",
      examples: ["/base64/encode/hello"],
      handle: (incoming) => {
        const encoded = Buffer.from(incoming.param("value"), "utf8").toString("base64");
        return reply(HTML, encoded.replaceAll("+", "-").replaceAll("/", "_"));
      },
    },
    {
      path: "/bytes/<int:n>",
      summary: "n random bytes, at most 102400.",
      query: { seed: "an integer; the same bytes each time, those of Python's random" },
      examples: ["/bytes/16", "/bytes/5?seed=1"],
      handle: (incoming) => reply(OCTETS, makeBytes(incoming)),
    },
    {
      path: "/stream-bytes/<int:n>",
      summary: "The same bytes, chunked.",
      query: { seed: "as in /bytes", chunk_size: "bytes, 1 or more (default 10240)" },
      examples: ["/stream-bytes/1024?chunk_size=100"],
      handle: (incoming) => reply(OCTETS, inChunks(makeBytes(incoming), chunkSize(incoming))),
    },
    {
      path: "/range/<int:n>",
      summary: "n letters, 1 to 102400, of which Range asks for a part.",
      query: { duration: "seconds for all n (default 0)", chunk_size: "bytes, 1 or more (default 10240)" },
      examples: ["/range/26"],
      handle: answerRange,
    },
    {
      path: "/links/<int:n>",
      summary: "Redirects to the first of n pages that link to each other.",
      examples: ["/links/10"],
      handle: (incoming) => redirect(`/links/${BigInt(incoming.param("n"))}/0`),
    },
    {
      path: "/links/<int:n>/<int:offset>",
      summary: "One of n pages that link to each other.",
      examples: ["/links/10/3"],
      handle: answerLinks,
    },
    {
      path: "/links-paged",
      summary: "Items by the page, with a Link header.",
      query: {
        page: "from 1 (default 1)",
        per_page: "items (default 10)",
        total: "items (default 50)",
        by: "cursor, to be led by opaque cursors",
        cursor: "from next or the Link header",
      },
      examples: ["/links-paged?page=2", "/links-paged?by=cursor"],
      handle: answerPage,
    },
  ],
};
