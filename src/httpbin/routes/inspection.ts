/** The routes that show one aspect of the request. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { Incoming } from "../incoming.js";
import { complain, json, reply, TEXT, type Answer } from "../responses.js";
import { ALL_METHODS, type RouteGroup } from "../router.js";

/** The request as text. Node keeps names, values and order; blanks around values and chunk framing are gone. */
async function dumpRequest(incoming: Incoming): Promise<Answer> {
  const { method, rawHeaders, httpVersion } = incoming.raw;
  let head = `${method ?? ""} ${incoming.target} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) head += `${rawHeaders[i] ?? ""}: ${rawHeaders[i + 1] ?? ""}\r\n`;
  return reply(TEXT, Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), await incoming.body()]));
}

/** Counts without keeping: for uploads of any size. */
async function countUpload(incoming: Incoming): Promise<Answer> {
  const algorithm = incoming.option("digest");
  if (algorithm !== undefined && !["md5", "sha1", "sha256", "sha512"].includes(algorithm)) {
    return complain(400, "digest must be md5, sha1, sha256 or sha512");
  }
  const hash = algorithm === undefined ? undefined : createHash(algorithm);
  let bytes = 0;
  let chunks = 0;
  for await (const chunk of incoming.bodyChunks()) {
    bytes += chunk.length;
    chunks += 1;
    hash?.update(chunk);
  }
  return json({ bytes, chunks, digest: hash?.digest("hex") ?? null });
}

/** `/headers`, `/ip`, `/user-agent` and more. */
export const inspectionRoutes: RouteGroup = {
  title: "Request inspection",
  routes: [
    {
      path: "/headers",
      summary: "Shows the headers of the request.",
      examples: ["/headers", "/headers?show_env"],
      handle: (incoming) => json({ headers: incoming.visibleHeaders() }),
    },
    {
      path: "/ip",
      summary: "Shows the address of the client.",
      examples: ["/ip"],
      handle: (incoming) => json({ origin: incoming.origin }),
    },
    {
      path: "/user-agent",
      summary: "Shows the User-Agent, null if there is none.",
      examples: ["/user-agent"],
      handle: (incoming) => json({ "user-agent": incoming.header("User-Agent") ?? null }),
    },
    {
      path: "/hostname",
      summary: "Shows the name of the machine that answers.",
      examples: ["/hostname"],
      handle: () => json({ hostname: hostname() }),
    },
    {
      path: "/dump/request",
      methods: ALL_METHODS,
      summary: "Shows the request as text, names and order as they were sent.",
      examples: ["/dump/request"],
      handle: dumpRequest,
    },
    {
      path: "/upload",
      methods: ["POST", "PUT", "PATCH"],
      summary: "Counts the bytes of the body and the chunks it arrived in, and forgets it.",
      query: { digest: "md5, sha1, sha256 or sha512 of the body (default none)" },
      handle: countUpload,
    },
  ],
};
