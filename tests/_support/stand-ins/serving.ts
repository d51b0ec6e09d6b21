/** A server that plays a host of the pages: one function from what was asked to what is answered. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { gzipSync } from "node:zlib";

import { atEnd } from "../docs.js";

/** A request. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Where the host is, without a slash at the end. */
  readonly url: string;
}

/** A response; `json` or `text` or bytes as the body. */
export interface Answered {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** Pieces that go out one by one. */
  readonly pieces?: readonly string[];
  /** The connection breaks after so many bytes of the body. */
  readonly cutAfter?: number;
}

export type Host = (asked: Asked) => Answered | undefined | Promise<Answered | undefined>;

const NOT_FOUND: Answered = { status: 404, reason: "Not Found", json: { message: "Not Found" } };

/** @returns Its URL. */
export async function play(host: Host): Promise<string> {
  let url = "";
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const at = new URL(request.url ?? "/", url);
      const answer =
        (await host({
          method: request.method ?? "GET",
          path: at.pathname,
          query: at.searchParams,
          headers: request.headers as Record<string, string | undefined>,
          body: Buffer.concat(chunks),
          url,
        })) ?? NOT_FOUND;
      send(answer, request, response);
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  url = `http://127.0.0.1:${await listening(server)}`;
  return url;
}

function send(
  answer: Answered,
  request: Parameters<RequestListener>[0],
  response: Parameters<RequestListener>[1],
): void {
  const { status = 200, reason, headers = {}, json, text, bytes, pieces, cutAfter } = answer;
  const content = json === undefined ? Buffer.from(bytes ?? text ?? "") : Buffer.from(JSON.stringify(json));
  const isZipped = headers["Content-Encoding"] === "gzip";
  const body = isZipped ? gzipSync(content) : content;
  const fields: Record<string, string | string[]> = {
    "Content-Type": json === undefined ? "text/html; charset=UTF-8" : "application/json; charset=utf-8",
  };
  for (const [name, value] of Object.entries(headers)) fields[name] = typeof value === "string" ? value : [...value];
  if (pieces === undefined) fields["Content-Length"] = String(body.length);
  response.writeHead(status, reason ?? undefined, fields);
  if (request.method === "HEAD") response.end();
  else if (pieces !== undefined) {
    for (const piece of pieces) response.write(piece);
    response.end();
  } else if (cutAfter !== undefined) {
    response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 10));
  } else response.end(body);
}

/** @returns The port. The server ends with the tests of the page. */
export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The page's own test process ends by itself: no server of ours is a reason to stay.
  server.unref();
  atEnd(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** The fields of a form, url-encoded or multipart; files by their text. */
export async function formOf({ body, headers }: Asked): Promise<Record<string, string>> {
  const type = headers["content-type"] ?? "";
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)/.test(type)) return {};
  const form = await new Response(new Uint8Array(body), { headers: { "Content-Type": type } }).formData();
  const fields: Record<string, string> = {};
  for (const [name, value] of form) fields[name] = typeof value === "string" ? value : await value.text();
  return fields;
}

/** The body as JSON, or null. */
export function jsonOf({ body }: Asked): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return null;
  }
}
