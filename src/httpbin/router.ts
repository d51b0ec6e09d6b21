/** The route table: what a route is, and which one a request is for. */
import type { Incoming } from "./incoming.js";
import { empty, errorPage, type Answer } from "./responses.js";

/** A method that routes answer to. HEAD (with GET) and OPTIONS need no mention: the router adds them. */
export type Method = "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "TRACE";

/** Most routes that echo answer to each of these. */
export const ALL_METHODS: readonly Method[] = ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"];

/** One route: how it is reached, how it is described, what it answers. The index page is made from these. */
export interface Route {
  /** `<name>` is one segment, `<int:name>` digits, `<path:name>` anything that begins without a slash. */
  readonly path: string;
  /** @defaultValue `["GET"]` */
  readonly methods?: readonly Method[];
  /** One sentence for the index page. */
  readonly summary: string;
  /** Options in the query: name → meaning, with unit, range and default. */
  readonly query?: Readonly<Record<string, string>>;
  /** Paths to click on the index page. */
  readonly examples?: readonly string[];
  /** Answers. An exception becomes a 500. */
  readonly handle: (incoming: Incoming) => Answer | Promise<Answer>;
}

/** Routes under one heading of the index page. */
export interface RouteGroup {
  readonly title: string;
  readonly routes: readonly Route[];
}

/** The methods that a route answers to, with the automatic ones; sorted. */
export function allowedMethods(route: Route): string[] {
  const methods: readonly Method[] = route.methods ?? ["GET"];
  const automatic = methods.includes("GET") ? ["HEAD", "OPTIONS"] : ["OPTIONS"];
  return [...new Set([...methods, ...automatic])].sort();
}

/** The parts of a route's path: `{ name: "n", kind: "int" }` for `<int:n>`. */
export function pathParameters(path: string): { name: string; kind: "string" | "int" | "path" }[] {
  return Array.from(path.matchAll(PARAMETER), ([, kind = "string", name = ""]) => ({
    name,
    kind: kind as "string" | "int" | "path",
  }));
}

const PARAMETER = /<(?:(int|path):)?(\w+)>/g;
const KINDS = { string: "([^/]+)", int: "([0-9]+)", path: "([^/].*)" } as const;

/** Finds the route for a request. */
export class Router {
  readonly #entries: { route: Route; pattern: RegExp; names: string[] }[];

  constructor(groups: readonly RouteGroup[]) {
    const routes = groups.flatMap((group) => group.routes);
    // A fixed path wins over one with parts to fill in.
    const ordered = [...routes].sort((a, b) => Number(a.path.includes("<")) - Number(b.path.includes("<")));
    this.#entries = ordered.map((route) => ({
      route,
      pattern: compile(route.path),
      names: pathParameters(route.path).map(({ name }) => name),
    }));
  }

  /** Answers, be it with 404, or with 405 and the methods that would do. */
  async answer(incoming: Incoming): Promise<Answer> {
    const allowed = new Set<string>();
    for (const { route, pattern, names } of this.#entries) {
      const match = pattern.exec(incoming.path);
      if (match === null) continue;
      const methods = allowedMethods(route);
      if (methods.includes(incoming.method) && incoming.method !== "OPTIONS") {
        incoming.params = new Map(names.map((name, i) => [name, match[i + 1] ?? ""]));
        return await route.handle(incoming);
      }
      for (const method of methods) allowed.add(method);
    }
    if (allowed.size === 0) return errorPage(404, NOT_FOUND);
    const allow = ["Allow", [...allowed].sort().join(", ")] as const;
    if (incoming.method === "OPTIONS") return empty(200, [allow]);
    return errorPage(405, "The method is not allowed for the requested URL.", [allow]);
  }
}

const NOT_FOUND =
  "The requested URL was not found on the server. " +
  "If you entered the URL manually please check your spelling and try again.";

function compile(path: string): RegExp {
  const source = path
    .split(/(<[^>]+>)/)
    .map((piece) => {
      if (!piece.startsWith("<")) return piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      return KINDS[pathParameters(piece)[0]?.kind ?? "string"];
    })
    .join("");
  return new RegExp(`^${source}$`, "s");
}
