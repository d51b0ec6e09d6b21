/** Compile-time assertions about bodies, hooks, map, download and streams on promises: this file only has to compile. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";

import requests, { HTTPError, Retry, Session, type DataInit, type FilesInit, type ServerSentEvent } from "requests-ts";
import { MultipartEncoder } from "requests-ts/multipart";

declare const url: string;
declare const text: string;

export async function data(): Promise<void> {
  interface Form {
    readonly name: string;
  }
  const form: Form = { name: "ada" };
  const good: readonly DataInit[] = [
    text,
    new Uint8Array(1),
    Buffer.from("x"),
    new ArrayBuffer(1),
    new DataView(new ArrayBuffer(1)),
    new Blob(["x"]),
    new File(["x"], "x.txt"),
    new FormData(),
    new URLSearchParams(),
    { a: "1", b: 2, c: true, d: null, e: undefined, f: ["x", 1], g: new Date() },
    { ...form },
    [["a", "1"], ["a", 2]],
    new Map([["a", "1"]]),
    Readable.from(["x"]),
    createReadStream("x"),
    await open("x"),
    new Response("x").body!,
    (function* () {
      yield "x";
    })(),
    (async function* () {
      yield new Uint8Array(1);
    })(),
    new MultipartEncoder({ a: "1" }),
  ]; // prettier-ignore
  for (const value of good) void requests.post(url, { data: value });
  // A list in a variable has lost its tuples.
  const pairs = [["a", 1], ["b", "2"]]; // prettier-ignore
  void requests.post(url, { data: pairs });

  // @ts-expect-error a number has no bytes
  void requests.post(url, { data: 5 });
  // @ts-expect-error neither has a boolean
  void requests.post(url, { data: true });
  // @ts-expect-error a function is not called
  void requests.post(url, { data: () => "x" });
  // @ts-expect-error a list is a list of pairs
  void requests.post(url, { data: ["a", "b"] });
  // @ts-expect-error fields of a form are not nested
  void requests.post(url, { data: { a: { b: 1 } } });
}

export async function files(): Promise<void> {
  const stream = createReadStream("x");
  const good: readonly FilesInit[] = [
    { a: "content", b: new Uint8Array(1), c: stream, d: new Blob(["x"]), e: await open("x"), f: null },
    { a: ["name", "content"], b: ["name", stream, "text/plain"], c: [null, "field"] },
    { a: ["name", "content", "text/plain", { "X-A": "1" }], b: ["name", "content", null] },
    [["a", "content"], ["a", ["name", "content"]]],
    new Map([["a", "content"]]),
  ]; // prettier-ignore
  for (const value of good) void requests.post(url, { files: value });
  const inVariable = { report: ["report.csv", stream] };
  void requests.post(url, { files: inVariable });

  // @ts-expect-error files have field names
  void requests.post(url, { files: "nonsense" });
  // @ts-expect-error no content is a number of these, and headers are the fourth item
  void requests.post(url, { files: { a: ["n", 5, {}, 3] } });
  // @ts-expect-error a function is not content
  void requests.post(url, { files: { a: () => "x" } });
}

export function hooks(session: Session): void {
  void requests.get(url, { hooks: { request: (request) => void (request.headers["X-A"] = "1"), add: true } });
  void requests.get(url, { hooks: { request: async (request) => request.copy() } });
  session.hooks = { response: (response) => void response.raiseForStatus() };
  session.hooks.request = (request) => request;
  // @ts-expect-error a request hook returns a request, or nothing
  void requests.get(url, { hooks: { request: () => "x" } });
}

export function options(): void {
  void requests.get(url, { retries: 3, raiseForStatus: true, decode: false });
  void requests.get(url, { retries: new Retry({ total: 2 }) });
  void requests.get(url, { retries: false, verify: text });
  void requests.get(url, { verify: [text, new Uint8Array(1)] });
  void new Session({ maxConnections: 2, poolMaxsize: 2, raiseForStatus: true, verify: new Uint8Array(1) });
  // @ts-expect-error options of the pool are options of a session
  void requests.get(url, { maxConnections: 2 });
  // @ts-expect-error a policy is made with new Retry()
  void requests.get(url, { retries: { total: 3 } });
}

export async function promises(): Promise<void> {
  for await (const line of requests.get(url).iterLines({ decodeUnicode: true })) void line.toUpperCase();
  for await (const line of requests.get(url).raiseForStatus().iterLines()) void line.byteLength;
  for await (const piece of requests.get(url).iterContent(1024)) void piece.byteLength;
  for await (const piece of requests.get(url).iterContent(null, { decodeUnicode: true })) void piece.toUpperCase();
  for await (const value of requests.get(url).iterJson<{ a: number }>()) void value.a.toFixed();
  for await (const event of requests.get(url).iterEvents()) void (event satisfies ServerSentEvent);
  const { size } = await requests.get(url).saveTo("x");
  void size.toFixed();
}

export async function lists(session: Session): Promise<void> {
  for await (const response of session.map([url], (one) => session.get(one))) void response.statusCode;
  for await (const value of session.map([1], async (one, { index, signal }) => [one, index, signal.aborted] as const))
    void value[1].toFixed();
  for await (const name of session.map(["a"], (one) => one, { onError: (error, item) => `${String(error)} ${item}` }))
    void name.toUpperCase();
  const { path, attempts, response } = await session.download(url, "file", { sha256: text, attempts: 2 });
  void [path.length, attempts.toFixed(), response.headers];
  // @ts-expect-error a download is streamed always
  void session.download(url, "file", { stream: true });
}

export function extended(): void {
  class Api extends Session {
    readonly version = 1;
  }
  const own: Api = new Api().extend({ timeout: 5 });
  void own.version.toFixed();
}

/** Annotations as in Python. */
export async function login(session: requests.Session, auth: requests.auth.HTTPBasicAuth): Promise<requests.Response> {
  try {
    return await session.get(url, { auth });
  } catch (error) {
    if (error instanceof requests.HTTPError) return error.response;
    if (error instanceof requests.exceptions.ReadTimeout) void error.elapsed?.toFixed();
    throw error;
  }
}

export function narrowed(error: unknown): number | undefined {
  if (error instanceof HTTPError) return error.response.statusCode;
  const other: requests.exceptions.ConnectionError | null = null;
  void other;
  return undefined;
}
