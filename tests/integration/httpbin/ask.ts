/** A client of these tests' own, on node:http: a fault of requests-ts must not hide one of its httpbin. */
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";

export interface Ask extends Omit<RequestOptions, "headers"> {
  headers?: Record<string, string | string[]> | readonly string[];
  body?: string | Uint8Array | readonly (string | Uint8Array)[];
  ca?: string;
}

export interface Told {
  status: number;
  reason: string;
  headers: IncomingHttpHeaders;
  raw: string[];
  bytes: Buffer;
  text: string;
  trailers: Record<string, string | undefined>;
  json: ReturnType<typeof JSON.parse>;
}

/** One request on a connection of its own (unless `agent` is given). A body of several pieces is sent chunked. */
export function ask(url: string, { body, ...options }: Ask = {}): Promise<Told> {
  // Node sends the body of a DELETE without framing headers, unless the caller gives one.
  const isWhole = typeof body === "string" || body instanceof Uint8Array;
  if (isWhole && !Array.isArray(options.headers)) {
    options.headers = { ...options.headers, "Content-Length": String(Buffer.byteLength(body)) };
  }
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https:") ? httpsRequest : httpRequest;
    const outgoing = request(url, { agent: false, ...options } as RequestOptions, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? "",
          headers: response.headers,
          raw: response.rawHeaders,
          bytes,
          text: bytes.toString("utf8"),
          trailers: response.trailers,
          get json() {
            return JSON.parse(bytes.toString("utf8"));
          },
        });
      });
    });
    outgoing.on("error", reject);
    if (Array.isArray(body)) for (const piece of body) outgoing.write(piece);
    outgoing.end(Array.isArray(body) ? undefined : body);
  });
}

/** Sends bytes and collects whatever comes back until the server closes, or until `enough` says so. */
export function askRaw(port: number, sent: string, enough: (text: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(Buffer.from(sent, "latin1")));
    const done = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (enough(text)) done();
    });
    socket.on("end", done);
    socket.on("error", reject);
  });
}
