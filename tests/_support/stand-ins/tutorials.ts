/** The other hosts of the tutorials, each with as much as they show of it. */
import { formOf, jsonOf, type Answered, type Asked, type Host } from "./serving.js";

/** The small API that the reader of a tutorial runs beside the script. */
export const books: Host = async (asked) => {
  if (asked.path === "/api/books") return { json: { data: [{ id: 1, title: "Emma" }] } };
  if (asked.path === "/api/cover")
    return { bytes: Buffer.from([0x89, 0x50, 0x4e, 0x47]), headers: { "Content-Type": "image/png" } };
  if (asked.path === "/api/post_endpoint") return { json: { received: jsonOf(asked) } };
  if (asked.path === "/api/upload_endpoint") return { json: { received: await formOf(asked) } };
  if (asked.path === "/api/endpoint") return { json: { contentType: asked.headers["content-type"] } };
  return undefined;
};

/** Writes are answered as if they were done. */
export const jsonPlaceholder: Host = async (asked) => {
  const { method, path } = asked;
  const sent = { ...(jsonOf(asked) as object | null), ...(await formOf(asked)) };
  if (path === "/posts" && method === "POST") return { status: 201, reason: "Created", json: { ...sent, id: 101 } };
  if (path === "/posts" && method === "OPTIONS") return { headers: { Allow: "GET,HEAD,POST" } };
  if (path !== "/posts/1") return undefined;
  if (method === "PUT") return { json: { ...sent, id: 1 } };
  if (method === "DELETE") return { json: {} };
  return { json: { userId: 1, id: 1, title: "sunt aut facere", body: "quia et suscipit" } };
};

export const plainExample: Host = ({ path }) => (path.startsWith("/endpoint") ? { json: { path } } : undefined);

/** https://api.example.com: a login, and three ways to be asked who one is. */
export const exampleApi: Host = async (asked) => {
  const { path, method, headers, query } = asked;
  if (path === "/users") return { json: { users: ["ada", "grace"], userAgent: headers["user-agent"] } };
  if (path === "/login" && method === "POST") return login(asked);
  if (path === "/restricted")
    return headers["cookie"]?.includes("session=admin") === true ? { text: "the restricted page" } : REFUSED;
  if (path === "/protected_resource")
    return headers["authorization"] === `Basic ${btoa("myuser:mypassword")}` ? { json: { secret: 42 } } : REFUSED;
  if (path === "/data" && headers["authorization"] === "Bearer YOUR_BEARER_TOKEN_HERE")
    return { json: { data: [1, 2] } };
  if (path === "/data" && query.get("api_key") === "YOUR_API_KEY_HERE")
    return { json: { id: query.get("resource_id") } };
  if (path === "/weather" && headers["x-api-key"] === "YOUR_API_KEY_HERE")
    return { json: { city: query.get("city"), degrees: 17 } };
  return path === "/data" || path === "/weather" ? REFUSED : undefined;
};

const REFUSED = { status: 401, reason: "Unauthorized", json: { message: "Unauthorized" } };

async function login(asked: Asked): Promise<Answered> {
  const { username, password } = await formOf(asked);
  if (username !== "admin" || password !== "password") return REFUSED;
  return { json: { welcome: username }, headers: { "Set-Cookie": "session=admin; Path=/; HttpOnly" } };
}

export const weather: Host = ({ path, query }) => {
  if (path !== "/data/2.5/weather") return undefined;
  const city = query.get("q") ?? "";
  if (!["London", "New York"].includes(city))
    return { status: 404, reason: "Not Found", json: { message: "city not found" } };
  return { json: { name: city, main: { temp: 11.5, humidity: 81 }, weather: [{ description: "light rain" }] } };
};

export const shop: Host = ({ path, query }) =>
  path === "/techblog/en/products"
    ? { json: Array.from({ length: Number(query.get("limit")) }, (_, id) => ({ id, category: query.get("category") })) }
    : undefined;

export const wikipedia: Host = () => ({
  text: "<title>Monty Python</title>",
  headers: { "Content-Encoding": "gzip", Vary: "Accept-Encoding,Cookie,Authorization" },
});

export const google: Host = () => ({ text: "<title>Google</title>" });

export const cookieSetter: Host = () => ({
  text: "ok",
  headers: { "Set-Cookie": "example-cookie-name=chocolate; Path=/" },
});

export const chunked: Host = ({ headers, body }) => ({
  json: { coding: headers["transfer-encoding"], body: body.toString() },
});

export const myIp: Host = ({ headers }) => ({ text: `Your request came by way of ${headers["via"] ?? "nobody"}` });
