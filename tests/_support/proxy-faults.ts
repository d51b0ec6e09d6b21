/** A proxy that follows a script of faults, asked by a session; and what is common to all that comes of it. */
import assert from "node:assert/strict";

import { HTTPAdapter, Session, type RequestException } from "requests-ts";

import { rawServer, rejection, type Script } from "./raw-server.js";

/** Whom the proxies are asked for. */
export const TARGET = "target.test:8443";
/** Who we are there; the password is "sécret". */
export const CREDENTIALS = "user:s%C3%A9cret@";

/** One way to fail, and what comes of it. */
export interface Fault {
  readonly title: string;
  readonly script: Script;
  readonly code: string;
  readonly words: RegExp;
  /** Connections that the client makes; 1 unless it is told. */
  readonly rounds?: number;
}

/** What came of a fault. */
export interface Failed {
  readonly error: RequestException;
  readonly shown: string;
  readonly address: string;
  readonly rounds: number;
}

/** Asks a proxy that follows the script: it is named without its password, and nothing is left open. */
export async function failsThrough(script: Script, scheme = "http", url = `https://${TARGET}/`): Promise<Failed> {
  await using proxy = await rawServer(script);
  const adapter = new HTTPAdapter();
  const session = new Session({ proxies: { all: `${scheme}://${CREDENTIALS}${proxy.address}` }, timeout: 0.25 });
  session.mount("http://", adapter);
  session.mount("https://", adapter);
  const error = await rejection(session.get(url));
  const shown = `${scheme}://user:***@${proxy.address}`;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    assert.doesNotMatch(cause.message, /cret/, cause.message);
  await Promise.all(proxy.peers.map((peer) => peer.gone));
  const { open, idle, waiting } = adapter.statistics;
  assert.deepEqual({ open, idle, waiting }, { open: 0, idle: 0, waiting: 0 });
  return { error, shown, address: proxy.address, rounds: proxy.peers.length };
}

/** A 407 that asks for Digest. */
export function digestChallenge(nonce: number, stale = false): string {
  const fields = `realm="r", nonce="n${nonce}", qop="auth"${stale ? ", stale=true" : ""}`;
  return `HTTP/1.1 407 Who Are You\r\nProxy-Authenticate: Digest ${fields}\r\nContent-Length: 0\r\n\r\n`;
}
