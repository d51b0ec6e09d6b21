/** The routes that echo a request, by method. */
import { echoBody, echoHead } from "../echo.js";
import type { Incoming } from "../incoming.js";
import { empty, json, type Answer } from "../responses.js";
import { ALL_METHODS, type Method, type Route, type RouteGroup } from "../router.js";

async function answerBody(incoming: Incoming): Promise<Answer> {
  return json(await echoBody(incoming));
}

async function answerAnything(incoming: Incoming): Promise<Answer> {
  return json({ ...(await echoBody(incoming)), method: incoming.method });
}

function echoRoute(method: Method): Route {
  const path = `/${method.toLowerCase()}`;
  return { path, methods: [method], summary: `Shows a ${method} request and its body.`, handle: answerBody };
}

/** `/get`, `/post`, … and `/anything`. */
export const methodRoutes: RouteGroup = {
  title: "HTTP methods",
  routes: [
    {
      path: "/get",
      summary: "Shows a GET request: its query, headers, origin and URL.",
      examples: ["/get?name=value"],
      handle: (incoming) => json(echoHead(incoming)),
    },
    echoRoute("POST"),
    echoRoute("PUT"),
    echoRoute("PATCH"),
    echoRoute("DELETE"),
    {
      path: "/head",
      methods: ["HEAD"],
      summary: "Answers HEAD alone; GET gets a 405.",
      handle: () => empty(200),
    },
    {
      path: "/anything",
      methods: ALL_METHODS,
      summary: "Shows any request, with its method.",
      examples: ["/anything?name=value"],
      handle: answerAnything,
    },
    {
      path: "/anything/<path:anything>",
      methods: ALL_METHODS,
      summary: "The same at any path.",
      examples: ["/anything/at/all"],
      handle: answerAnything,
    },
  ],
};
