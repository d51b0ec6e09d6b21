/** A server that keeps the last body it got, and reads it as busboy does. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

import busboy from "busboy";

/** A request as it came. */
export interface ReceivedForm {
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface FormServer extends AsyncDisposable {
  readonly url: string;
  /** What came since it was asked last. */
  received(): ReceivedForm[];
  close(): Promise<void>;
}

/** Answers 200, or whatever the handler does once the body is there. */
export async function startFormServer(
  handler: (form: ReceivedForm, response: ServerResponse) => void = (_form, response) => void response.end("ok"),
): Promise<FormServer> {
  let forms: ReceivedForm[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => response.destroy());
    request.on("end", () => {
      const form = { target: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) };
      forms.push(form);
      handler(form, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => {
      const found = forms;
      forms = [];
      return found;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A part as busboy reads it; a field has no file name. */
export type BusboyPart = readonly [name: string, filename: string | null, content: Buffer];

/** @throws Error when busboy cannot read the body. */
export function readByBusboy({ headers, body }: ReceivedForm): Promise<BusboyPart[]> {
  const parts: BusboyPart[] = [];
  const parser = busboy({ headers, defParamCharset: "utf8", preservePath: true, limits: { fieldNameSize: 10_000 } });
  return new Promise((resolve, reject) => {
    parser.on("field", (name, value) => parts.push([name, null, Buffer.from(value)]));
    parser.on("file", (name, stream, { filename }) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => parts.push([name, filename ?? null, Buffer.concat(chunks)]));
    });
    parser.on("close", () => resolve(parts));
    parser.on("error", reject);
    Readable.from([body]).pipe(parser);
  });
}
