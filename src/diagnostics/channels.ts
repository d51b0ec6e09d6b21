/**
 * The channels of `node:diagnostics_channel`. Publishers ask `hasSubscribers` first, and make no message
 * without subscribers.
 */
import { channel } from "node:diagnostics_channel";
import { debuglog } from "node:util";

import { eventLine } from "./lines.js";
import type { DiagnosedConnection, DiagnosedError, DiagnosticsMessages } from "./messages.js";

/** A channel that is held to the type of its messages. */
export interface TypedChannel<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

type Name = keyof DiagnosticsMessages;

const names: Name[] = [];

function open<N extends Name>(name: N): TypedChannel<DiagnosticsMessages[N]> {
  names.push(name);
  return channel(name);
}

export const requestStart = open("requests:request:start");
export const requestHead = open("requests:request:head");
export const requestEnd = open("requests:request:end");
export const requestError = open("requests:request:error");
export const requestRetry = open("requests:request:retry");
export const requestRedirect = open("requests:request:redirect");
export const poolWait = open("requests:pool:wait");
export const connectionOpen = open("requests:connection:open");
export const connectionTls = open("requests:connection:tls");
export const connectionError = open("requests:connection:error");
export const connectionClose = open("requests:connection:close");

/**
 * `NODE_DEBUG=requests`: each event becomes a line on stderr.
 *
 * @param nodeDebug - Reads the variable; asked only where `debuglog` does not say whether it is on (Bun).
 */
export function printEvents(nodeDebug: () => string): void {
  const debug = debuglog("requests");
  const { enabled } = debug as { readonly enabled?: boolean };
  if (!(enabled ?? /(^|,) *(requests|\*) *(,|$)/i.test(nodeDebug()))) return;
  const print = <N extends Name>(name: N): void =>
    channel(name).subscribe((message) => debug("%s", eventLine(name, message as DiagnosticsMessages[N])));
  for (const name of names) print(name);
}

let requests = 0;
let connections = 0;

export function nextRequestId(): number {
  return (requests += 1);
}

/** A connection as subscribers see it. */
export function diagnosedConnection(address: string, proxy: string | null): DiagnosedConnection {
  return { id: (connections += 1), address, proxy };
}

/** The parts of an error that are published: no request, no response, no cause. */
export function diagnosedError(error: unknown): DiagnosedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), code: undefined, phase: undefined };
  const { code, phase } = error as { readonly code?: unknown; readonly phase?: unknown };
  return { name: error.name, message: error.message, code: textOf(code), phase: textOf(phase) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
