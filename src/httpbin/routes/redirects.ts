import type { Incoming } from "../incoming.js";
import { latin1FromUtf8 } from "../fields.js";
import { pythonInt } from "../numbers.js";
import { empty, redirect, type Answer } from "../responses.js";
import { ALL_METHODS, type RouteGroup } from "../router.js";

/** The path of the next of `n` redirects. */
function nextPath(incoming: Incoming, kind: "absolute" | "relative"): string {
  const n = BigInt(incoming.param("n"));
  if (n <= 0n) throw new Error("There is no zeroth redirect");
  return n === 1n ? "/get" : `/${kind}-redirect/${n - 1n}`;
}

function answerRedirect(incoming: Incoming): Answer {
  const isAbsolute = incoming.args.get("absolute")?.[0]?.toLowerCase() === "true";
  return isAbsolute ? answerAbsolute(incoming) : redirect(nextPath(incoming, "relative"));
}

function answerAbsolute(incoming: Incoming): Answer {
  return redirect(incoming.base + nextPath(incoming, "absolute"));
}

function answerRelative(incoming: Incoming): Answer {
  return empty(302, [["Location", nextPath(incoming, "relative")]]);
}

function answerRedirectTo(incoming: Incoming): Answer {
  const url = incoming.option("url");
  if (url === undefined) throw new Error("?url= is missing");
  const asked = pythonInt(incoming.option("status_code") ?? "302");
  const status = asked >= 300 && asked < 400 ? asked : 302;
  return empty(status, [["Location", latin1FromUtf8(url)]]);
}

/** `/redirect/<n>` and its kin. */
export const redirectRoutes: RouteGroup = {
  title: "Redirects",
  routes: [
    {
      path: "/redirect/<int:n>",
      summary: "Redirects n times, then to /get.",
      query: { absolute: "true for absolute Locations (default false)" },
      examples: ["/redirect/3", "/redirect/3?absolute=true"],
      handle: answerRedirect,
    },
    {
      path: "/relative-redirect/<int:n>",
      summary: "Redirects n times with a path as Location.",
      examples: ["/relative-redirect/3"],
      handle: answerRelative,
    },
    {
      path: "/absolute-redirect/<int:n>",
      summary: "Redirects n times with a whole URL as Location.",
      examples: ["/absolute-redirect/3"],
      handle: answerAbsolute,
    },
    {
      path: "/redirect-to",
      methods: ALL_METHODS,
      summary: "Redirects to a URL.",
      query: { url: "the Location, sent as it is", status_code: "300 to 399 (default 302)" },
      examples: ["/redirect-to?url=/get&status_code=307"],
      handle: answerRedirectTo,
    },
  ],
};
