/** The request as the routes that echo show it. */
import { parseBody } from "./body.js";
import { flattenFields } from "./fields.js";
import type { Incoming } from "./incoming.js";
import type { Json } from "./json.js";

/** The answer of `/get`: the request without its body. */
export function echoHead(incoming: Incoming): Record<"url" | "args" | "headers" | "origin", Json> {
  return {
    url: incoming.url,
    args: flattenFields(incoming.args),
    headers: incoming.visibleHeaders(),
    origin: incoming.origin,
  };
}

/** The answer of `/post`: the request with its body taken apart. */
export async function echoBody(incoming: Incoming): Promise<Record<string, Json>> {
  const { form, files, data, json } = parseBody(await incoming.body(), incoming.header("Content-Type") ?? "");
  return { ...echoHead(incoming), data, files, form: flattenFields(form), json };
}
