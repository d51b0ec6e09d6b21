/** The response of a route, as a value. {@link send} in server.ts writes it. */
import { STATUS_CODES, type ServerResponse } from "node:http";
import { dumpJson, type Json } from "./json.js";

/** A header name and its value, of characters up to U+00FF. */
export type HeaderPair = readonly [name: string, value: string];

/** A body whole, or in the chunks that shall be seen on the wire. */
export type Body = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** An answer in HTTP. */
export interface Reply {
  readonly status: number;
  /** Beside Date, Server, CORS, and Content-Length where the body is whole. */
  readonly headers: readonly HeaderPair[];
  readonly body: Body;
  /** Sent after a chunked body. A function is asked when the body has ended. */
  readonly trailers?: () => readonly HeaderPair[];
}

/** An answer by hand, for the routes that break HTTP on purpose. */
export interface TakeOver {
  /** Owns the response and its socket; is done when the promise is. */
  readonly takeOver: (response: ServerResponse) => Promise<void>;
}

/** The result of a route. */
export type Answer = Reply | TakeOver;

/** Flask's default type. */
export const HTML = "text/html; charset=utf-8";
/** The type of plain messages. */
export const TEXT = "text/plain; charset=utf-8";
/** Bytes of no particular type. */
export const OCTETS = "application/octet-stream";

/** A body of a type. */
export function reply(type: string, body: Body, headers: readonly HeaderPair[] = [], status = 200): Reply {
  return { status, headers: [["Content-Type", type], ...headers], body };
}

/** JSON as Flask's jsonify writes it. */
export function json(value: Json, headers: readonly HeaderPair[] = [], status = 200): Reply {
  return reply("application/json", dumpJson(value), headers, status);
}

/** No body; Flask's default type. */
export function empty(status: number, headers: readonly HeaderPair[] = []): Reply {
  return reply(HTML, "", headers, status);
}

/** A short message for a client that asked wrongly. */
export function complain(status: number, message: string, headers: readonly HeaderPair[] = []): Reply {
  return reply(TEXT, message, headers, status);
}

/** A redirect with Werkzeug's page; the location must be ASCII. */
export function redirect(location: string, headers: readonly HeaderPair[] = []): Reply {
  const shown = escapeHtml(location);
  const page =
    "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n" +
    `<p>You should be redirected automatically to the target URL: <a href="${shown}">${shown}</a>. ` +
    "If not, click the link.\n";
  return reply(HTML, page, [["Location", location], ...headers], 302);
}

/** Werkzeug's small page for an error. */
export function errorPage(status: number, description: string, headers: readonly HeaderPair[] = []): Reply {
  const title = { 404: "Not Found", 405: "Method Not Allowed" }[status] ?? "Internal Server Error";
  const page =
    `<!doctype html>\n<html lang=en>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n` +
    `<p>${description}</p>\n`;
  return reply(HTML, page, headers, status);
}

/** Makes text safe between tags and inside quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An HTTP date (RFC 9110 section 5.6.7). */
export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

/** Whether a status can end an exchange: 1xx cannot (RFC 9110 section 15.2), and it must have three digits. */
export function isFinalStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 999;
}

/** Reason phrases of Werkzeug that differ from Node's. */
const WERKZEUG_REASONS: Readonly<Record<number, string>> = {
  203: "NON AUTHORITATIVE INFORMATION",
  207: "MULTI STATUS",
  306: "SWITCH PROXY",
  413: "REQUEST ENTITY TOO LARGE",
  414: "REQUEST URI TOO LONG",
  416: "REQUESTED RANGE NOT SATISFIABLE",
  449: "RETRY WITH",
  511: "NETWORK AUTHENTICATION FAILED",
};

/** The reason phrase of a status, in capitals as Werkzeug writes them. */
export function reasonPhrase(status: number): string {
  return WERKZEUG_REASONS[status] ?? STATUS_CODES[status]?.toUpperCase() ?? "UNKNOWN";
}
