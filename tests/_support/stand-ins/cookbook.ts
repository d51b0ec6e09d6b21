/** The hosts of the cookbook. */
import { createHash } from "node:crypto";

import { formOf, jsonOf, type Asked, type Answered, type Host } from "./serving.js";

/** Every token is good for one request, so that a program has to refresh it. */
export function authServer(): {
  readonly auth: Host;
  readonly accepts: (authorization: string | undefined) => boolean;
} {
  const good = new Set<string>();
  let issued = 0;
  return {
    auth: async (asked) => {
      const { grant_type: grant, refresh_token: refresh } = await formOf(asked);
      const isRight = grant === "client_credentials" || (grant === "refresh_token" && refresh === "r-1");
      if (asked.path !== "/token" || !isRight) return { status: 400, json: { error: "invalid_grant" } };
      issued += 1;
      good.add(`Bearer t-${issued}`);
      return { json: { access_token: `t-${issued}`, refresh_token: "r-1", token_type: "Bearer", expires_in: 60 } };
    },
    accepts: (authorization) => authorization !== undefined && good.delete(authorization),
  };
}

/** https://api.example.org */
export function service(accepts: (authorization: string | undefined) => boolean): Host {
  const payments = new Map<string, number>();
  let limited = 0;
  return (asked) => {
    const { path, headers, query } = asked;
    if (path === "/me")
      return accepts(headers["authorization"])
        ? { json: { name: "Ada" } }
        : {
            status: 401,
            reason: "Unauthorized",
            headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
            text: "",
          };
    if (path === "/limited") {
      limited += 1;
      if (limited % 3 !== 0)
        return { status: 429, reason: "Too Many Requests", headers: { "Retry-After": "0" }, text: "" };
      return { json: { after: limited } };
    }
    if (path === "/payments") return pay(asked, payments);
    if (path === "/graphql") return graphql(asked);
    if (path.startsWith("/users")) return users(asked);
    if (path === "/items") {
      const start = Number(query.get("cursor") ?? "0");
      return { json: { items: [start + 1, start + 2], next: start < 4 ? String(start + 2) : null } };
    }
    return undefined;
  };
}

function users(asked: Asked): Answered | undefined {
  if (asked.headers["authorization"] !== "Bearer t-1") return { status: 401, reason: "Unauthorized", text: "" };
  if (asked.path === "/users" && asked.method === "POST")
    return { status: 201, reason: "Created", json: { id: 8, ...(jsonOf(asked) as { name: string }) } };
  return asked.path === "/users/7" ? { json: { id: 7, name: "Ada" } } : undefined;
}

/** The first try of each payment is done, and its answer lost. */
function pay({ headers, body }: Asked, payments: Map<string, number>): Answered {
  const key = headers["idempotency-key"] ?? "";
  const tries = (payments.get(key) ?? 0) + 1;
  payments.set(key, tries);
  if (tries === 1) return { status: 503, reason: "Service Unavailable", text: "" };
  return {
    status: 201,
    reason: "Created",
    json: { ...(JSON.parse(body.toString()) as object), payments: payments.size },
  };
}

function graphql(asked: Asked): Answered {
  const { variables } = jsonOf(asked) as { variables?: { login?: string } };
  return variables?.login === "ada"
    ? { json: { data: { user: { name: "Ada Lovelace" } } } }
    : { json: { data: null, errors: [{ message: "no such user", path: ["user"] }] } };
}

/** A shop with a form that has a token in it. */
export const login: Host = async (asked) => {
  const { path, method, headers } = asked;
  const token = createHash("sha256").update("visitor").digest("hex").slice(0, 16);
  const isIn = headers["cookie"]?.includes("session=in") === true;
  if (path === "/login" && method === "GET")
    return {
      text: `<form method="post"><input type="hidden" name="csrf_token" value="${token}"><input name="user"></form>`,
      headers: { "Set-Cookie": "visit=1; Path=/" },
    };
  if (path === "/login") {
    const form = await formOf(asked);
    if (form["csrf_token"] !== token || headers["cookie"]?.includes("visit=1") !== true)
      return { status: 403, reason: "Forbidden", text: "Forbidden" };
    return { status: 302, headers: { Location: "/orders", "Set-Cookie": "session=in; Path=/; HttpOnly" }, text: "" };
  }
  if (path === "/orders")
    return isIn ? { text: "<li>Order 7</li><li>Order 8</li>" } : { status: 302, headers: { Location: "/login" } };
  return undefined;
};

/** A gateway in front of a language model. */
export const gateway: Host = (asked) => {
  const { model, messages, stream } = jsonOf(asked) as { model: string; messages: unknown[]; stream?: boolean };
  if (asked.headers["authorization"] !== "Bearer sk-secret" || messages.length === 0)
    return { status: 401, reason: "Unauthorized", json: { error: { message: "no key" } } };
  const words = ["Seconds", ", as", " in", " Python."];
  if (stream !== true)
    return { json: { model, choices: [{ message: { role: "assistant", content: words.join("") } }] } };
  const events = words.map((content) => `data: ${JSON.stringify({ model, choices: [{ delta: { content } }] })}\n\n`);
  return {
    headers: { "Content-Type": "text/event-stream; charset=utf-8" },
    // A gateway keeps the connection alive with comments, and cuts where it likes.
    pieces: [
      ": keep-alive\n\n",
      ...events.flatMap((event) => [event.slice(0, 20), event.slice(20)]),
      "data: [DONE]\n\n",
    ],
  };
};

/** A large file from a server that breaks the first connection in the middle. */
export function downloads(): Host {
  const content = Buffer.alloc(200_000, "0123456789");
  let asked = 0;
  return ({ path, headers }) => {
    if (path !== "/big.iso") return undefined;
    asked += 1;
    const fields = { ETag: '"v1"', "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream" };
    const range = /^bytes=(\d+)-$/.exec(headers["range"] ?? "");
    if (range !== null && headers["if-range"] === '"v1"') {
      const start = Number(range[1]);
      const part = content.subarray(start);
      return {
        status: 206,
        bytes: part,
        headers: { ...fields, "Content-Range": `bytes ${start}-${content.length - 1}/${content.length}` },
      };
    }
    return { bytes: content, headers: fields, ...(asked === 1 && { cutAfter: 120_000 }) };
  };
}

/** Docker's, as far as `docker ps` looks. */
export const docker: Host = ({ path }) => {
  if (path === "/version") return { json: { Version: "27.0.3", ApiVersion: "1.46" } };
  return path === "/containers/json"
    ? { json: [{ Names: ["/web"], Image: "nginx:1.27", State: "running" }] }
    : undefined;
};
