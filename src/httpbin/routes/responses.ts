/** The routes that shape the headers of the response: caching and `/response-headers`. */
import { randomUUID } from "node:crypto";
import { echoHead } from "../echo.js";
import { latin1FromUtf8 } from "../fields.js";
import type { Incoming } from "../incoming.js";
import { dumpJson, type Json } from "../json.js";
import { empty, httpDate, json, type Answer, type HeaderPair } from "../responses.js";
import type { RouteGroup } from "../router.js";
import { statusAnswer } from "./status.js";

/** Shows its own headers; Content-Length among them, so the length is sought until it is true. */
function responseHeaders(incoming: Incoming): Answer {
  const asked = Array.from(incoming.args).flatMap(([name, values]) => values.map((value): HeaderPair => [name, value]));
  let length = 0;
  for (;;) {
    const headers: HeaderPair[] = [["Content-Type", "application/json"], ["Content-Length", String(length)], ...asked];
    const body = dumpJson(describeHeaders(headers));
    if (body.length === length) return { status: 200, headers, body };
    length = body.length;
  }
}

function describeHeaders(headers: readonly HeaderPair[]): Json {
  const valuesOf = (name: string): string[] =>
    headers.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return new Map(
    headers.map(([name]) => {
      const values = valuesOf(name);
      return [name, values.length === 1 ? (values[0] ?? "") : values];
    }),
  );
}

function answerCache(incoming: Incoming): Answer {
  const isConditional =
    incoming.header("If-Modified-Since") !== undefined || incoming.header("If-None-Match") !== undefined;
  if (isConditional) return statusAnswer(304);
  return json(echoHead(incoming), [
    ["Last-Modified", httpDate(Date.now())],
    ["ETag", randomUUID().replaceAll("-", "")],
  ]);
}

function answerEtag(incoming: Incoming): Answer {
  const etag = incoming.param("etag");
  const header: HeaderPair = ["ETag", latin1FromUtf8(etag)];
  const names = (list: readonly string[]): boolean => list.includes(etag) || list.includes("*");
  const ifNoneMatch = entityTags(incoming.header("If-None-Match"));
  const ifMatch = entityTags(incoming.header("If-Match"));
  if (ifNoneMatch.length > 0) {
    if (names(ifNoneMatch)) return { status: 304, headers: [header], body: "" };
  } else if (ifMatch.length > 0 && !names(ifMatch)) {
    return empty(412);
  }
  return json(echoHead(incoming), [header]);
}

/** A list of entity tags without their quotes and `W/`. */
function entityTags(list = ""): string[] {
  if (list === "") return [];
  return list.split(",").map((tag) => /^\s*(?:W\/)?"?([^"]*)"?\s*/.exec(tag)?.[1] ?? "");
}

/** `/response-headers`, `/cache` and `/etag`. */
export const responseRoutes: RouteGroup = {
  title: "Response inspection",
  routes: [
    {
      path: "/response-headers",
      methods: ["GET", "POST"],
      summary: "Sends each name=value of the query as a header, and shows the headers.",
      examples: ["/response-headers?X-Flavour=oat&X-Flavour=rye"],
      handle: responseHeaders,
    },
    {
      path: "/cache",
      summary: "304 to a conditional request; else /get with Last-Modified and ETag.",
      examples: ["/cache"],
      handle: answerCache,
    },
    {
      path: "/cache/<int:n>",
      summary: "/get with Cache-Control: public, max-age=n.",
      examples: ["/cache/60"],
      handle: (incoming) =>
        json(echoHead(incoming), [["Cache-Control", `public, max-age=${BigInt(incoming.param("n"))}`]]),
    },
    {
      path: "/etag/<etag>",
      summary: "/get with this ETag; 304 and 412 by If-None-Match and If-Match.",
      examples: ["/etag/abc"],
      handle: answerEtag,
    },
  ],
};
