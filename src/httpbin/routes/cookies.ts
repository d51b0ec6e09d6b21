import { formatCookie } from "../cookies.js";
import type { Incoming } from "../incoming.js";
import { json, redirect, type Answer, type HeaderPair } from "../responses.js";
import type { RouteGroup } from "../router.js";

/** Set by analytics scripts of old; hidden unless `?show_env`. */
const ENVIRONMENT_COOKIES = /^(?:_gauges_unique(?:_(?:year|month|day|hour))?|__utm[zab])$/;

function showCookies(incoming: Incoming): Answer {
  const showAll = incoming.args.has("show_env");
  const cookies = Array.from(incoming.cookies()).filter(([name]) => showAll || !ENVIRONMENT_COOKIES.test(name));
  return json({ cookies: new Map(cookies) });
}

function setCookies(incoming: Incoming): Answer {
  const secure = isSecure(incoming);
  return toCookies(Array.from(incoming.args, ([name, [value = ""]]) => formatCookie(name, value, { secure })));
}

function setCookie(incoming: Incoming): Answer {
  const { args } = incoming;
  const attribute = (name: string): string | undefined => args.get(name)?.[0];
  const cookie = formatCookie(incoming.param("name"), incoming.param("value"), {
    domain: attribute("domain"),
    expires: attribute("expires"),
    maxAge: attribute("max_age"),
    path: attribute("path"),
    sameSite: attribute("samesite"),
    httpOnly: args.has("httponly"),
    secure: args.has("secure") || isSecure(incoming),
  });
  return toCookies([cookie]);
}

function deleteCookies(incoming: Incoming): Answer {
  const gone = { expires: "Thu, 01 Jan 1970 00:00:00 GMT", maxAge: "0" };
  return toCookies(Array.from(incoming.args.keys(), (name) => formatCookie(name, "", gone)));
}

function toCookies(cookies: readonly string[]): Answer {
  return redirect(
    "/cookies",
    cookies.map((cookie): HeaderPair => ["Set-Cookie", cookie]),
  );
}

function isSecure(incoming: Incoming): boolean {
  return incoming.base.startsWith("https:");
}

/** `/cookies` and what changes them. */
export const cookieRoutes: RouteGroup = {
  title: "Cookies",
  routes: [
    { path: "/cookies", summary: "Shows the cookies sent.", examples: ["/cookies"], handle: showCookies },
    {
      path: "/cookies/set",
      summary: "Sets each name=value of the query as a cookie, then redirects to /cookies.",
      examples: ["/cookies/set?flavour=oat"],
      handle: setCookies,
    },
    {
      path: "/cookies/set/<name>/<value>",
      summary: "Sets one cookie, then redirects to /cookies.",
      query: {
        path: "(default /)",
        domain: "",
        max_age: "seconds",
        expires: "an HTTP date",
        samesite: "Strict, Lax or None",
        httponly: "present to set it",
        secure: "present to set it (always on https)",
      },
      examples: ["/cookies/set/flavour/oat", "/cookies/set/flavour/oat?httponly&max_age=60"],
      handle: setCookie,
    },
    {
      path: "/cookies/delete",
      summary: "Expires each cookie named in the query, then redirects to /cookies.",
      examples: ["/cookies/delete?flavour"],
      handle: deleteCookies,
    },
  ],
};
