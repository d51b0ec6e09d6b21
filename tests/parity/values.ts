/** Values of a call, written so that Python and JavaScript can both make theirs of them. */
import { File } from "node:buffer";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  HTTPBasicAuth,
  HTTPBearerAuth,
  HTTPDigestAuth,
  HTTPProxyAuth,
  RequestsCookieJar,
  type PreparedRequest,
} from "requests-ts";

import type { Json } from "./calls.js";

type Pair = readonly [string, string];

/** Makes values, and keeps the files that some of them are. */
export class Values implements Disposable {
  #folder: string | null = null;

  /** `{ "$kind": content }` becomes that kind of value, everything else stays. */
  of(value: Json): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item: Json) => this.of(item));
    const entries = Object.entries<Json>(value);
    const [kind, content] = entries[0] ?? [""];
    if (entries.length === 1 && kind.startsWith("$")) return this.#made(kind, content);
    return Object.fromEntries(entries.map(([name, item]) => [name, this.of(item)]));
  }

  /** @returns The path of a file of this name. */
  file(name: string, content: string): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), "parity-"));
    const path = join(this.#folder, name);
    writeFileSync(path, content, "latin1");
    return path;
  }

  [Symbol.dispose](): void {
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true });
  }

  #made(kind: string, content: Json): unknown {
    switch (kind) {
      case "$bytes":
        return Buffer.from(content as string, "latin1");
      case "$chunks":
        return chunks((content as readonly string[]).map((item) => Buffer.from(item, "latin1")));
      case "$text_chunks":
        return chunks(content as readonly string[]);
      case "$float":
        return content === "inf" ? Infinity : Number(content);
      case "$int":
        return BigInt(content as string);
      case "$set":
        return new Set(content as readonly string[]);
      case "$memory": {
        const [name, bytes] = content as Pair;
        return new File([Buffer.from(bytes, "latin1")], name);
      }
      case "$open":
        return createReadStream(this.file(...(content as Pair)));
      case "$basic":
        return new HTTPBasicAuth(...(content as Pair));
      case "$proxybasic":
        return new HTTPProxyAuth(...(content as Pair));
      case "$digest":
        return new HTTPDigestAuth(...(content as Pair));
      case "$bearer":
        return new HTTPBearerAuth(content as string);
      case "$signer":
        return signer(...(content as Pair));
      case "$jar":
        return jar(content as readonly [string, string, { path?: string }][]);
      default:
        throw new Error(`Calls have no value ${kind}`);
    }
  }
}

function* chunks(items: readonly unknown[]): Generator<unknown> {
  yield* items;
}

function signer(name: string, value: string): (request: PreparedRequest) => PreparedRequest {
  return (request) => {
    request.headers[name] = value;
    return request;
  };
}

function jar(cookies: readonly [string, string, { path?: string }][]): RequestsCookieJar {
  const made = new RequestsCookieJar();
  for (const [name, value, attributes] of cookies) made.set(name, value, attributes);
  return made;
}
