/** The routes that answer in a coding, a charset or a format. */
import * as zlib from "node:zlib";
import { CHARSET_NAMES, charsetDocument } from "../charsets.js";
import { DENY, FORM, MOBY_DICK, ROBOTS, SLIDESHOW, SLIDESHOW_XML, UTF8_DEMO } from "../documents.js";
import type { Incoming } from "../incoming.js";
import { dumpJson } from "../json.js";
import { complain, HTML, json, reply, type Answer } from "../responses.js";
import type { RouteGroup } from "../router.js";

/** @param mark - the key that says which coding it was. */
function encoded(incoming: Incoming, mark: string, coding: string, encode: (bytes: Buffer) => Buffer): Answer {
  const shown = {
    [mark]: true,
    headers: incoming.visibleHeaders(),
    method: incoming.method,
    origin: incoming.origin,
  };
  return reply("application/json", encode(Buffer.from(dumpJson(shown))), [["Content-Encoding", coding]]);
}

function answerZstd(incoming: Incoming): Answer {
  // From Node 22.15 and 23.8 on.
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
  if (zstdCompressSync === undefined) return complain(501, `Node ${process.version} has no zstd`);
  return encoded(incoming, "zstd", "zstd", zstdCompressSync);
}

function answerCharset(incoming: Incoming): Answer {
  const name = incoming.param("name").toLowerCase();
  const declare = incoming.option("declare") ?? "header";
  const document = charsetDocument(name, declare);
  if (document === undefined) {
    return complain(404, `charset must be one of ${CHARSET_NAMES.join(", ")}; declare header, meta, bom or none`);
  }
  return reply(document.type, document.bytes);
}

/** Codings and documents. */
export const formatRoutes: RouteGroup = {
  title: "Response formats",
  routes: [
    {
      path: "/gzip",
      summary: "An answer in gzip, whatever Accept-Encoding says.",
      examples: ["/gzip"],
      handle: (incoming) => encoded(incoming, "gzipped", "gzip", (bytes) => zlib.gzipSync(bytes)),
    },
    {
      path: "/deflate",
      summary: "An answer in deflate, with the zlib wrapper that RFC 9110 asks for.",
      query: { raw: "present to leave the wrapper away, as some servers do" },
      examples: ["/deflate"],
      handle: (incoming) =>
        encoded(incoming, "deflated", "deflate", incoming.args.has("raw") ? zlib.deflateRawSync : zlib.deflateSync),
    },
    {
      path: "/brotli",
      summary: "An answer in brotli.",
      examples: ["/brotli"],
      handle: (incoming) => encoded(incoming, "brotli", "br", (bytes) => zlib.brotliCompressSync(bytes)),
    },
    {
      path: "/zstd",
      summary: "An answer in zstd; 501 where Node has none.",
      examples: ["/zstd"],
      handle: answerZstd,
    },
    {
      path: "/double-gzip",
      summary: "An answer in gzip inside gzip.",
      examples: ["/double-gzip"],
      handle: (incoming) => encoded(incoming, "gzipped", "gzip, gzip", (bytes) => zlib.gzipSync(zlib.gzipSync(bytes))),
    },
    {
      path: "/charset/<name>",
      summary: "A text in a charset, declared here or there or nowhere.",
      query: { declare: "header, meta, bom or none (default header)" },
      examples: ["/charset/shift_jis", "/charset/windows-1252?declare=meta", "/charset/utf-16le?declare=bom"],
      handle: answerCharset,
    },
    { path: "/json", summary: "A document in JSON.", examples: ["/json"], handle: () => json(SLIDESHOW) },
    {
      path: "/xml",
      summary: "A document in XML.",
      examples: ["/xml"],
      handle: () => reply("application/xml", SLIDESHOW_XML),
    },
    { path: "/html", summary: "A page.", examples: ["/html"], handle: () => reply(HTML, MOBY_DICK) },
    {
      path: "/encoding/utf8",
      summary: "A page in many scripts, in UTF-8.",
      examples: ["/encoding/utf8"],
      handle: () => reply(HTML, UTF8_DEMO),
    },
    {
      path: "/robots.txt",
      summary: "The rules for robots.",
      examples: ["/robots.txt"],
      handle: () => reply("text/plain", ROBOTS),
    },
    {
      path: "/deny",
      summary: "What those rules keep robots from.",
      examples: ["/deny"],
      handle: () => reply("text/plain", DENY),
    },
    {
      path: "/forms/post",
      summary: "A form to send to /post.",
      examples: ["/forms/post"],
      handle: () => reply(HTML, FORM),
    },
  ],
};
