#!/usr/bin/env node
/** `requests-httpbin`: the server as a command. */
import { parseArgs } from "node:util";
import { httpbin, type HttpbinOptions } from "./server.js";

const HELP = `Usage: requests-httpbin [--port PORT] [--host HOST] [--https]

Starts an httpbin and prints where it listens. Ctrl+C ends it.

  -p, --port PORT   0 to 65535; 0 takes a free one (default 8080)
      --host HOST   address to bind (default 127.0.0.1)
      --https       speak HTTPS, with a certificate of a test authority
  -h, --help        show this
`;

/** Something the user can put right: shown without a stack. */
class UsageError extends Error {}

function readOptions(args: readonly string[]): HttpbinOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", short: "p", default: "8080" },
      host: { type: "string", default: "127.0.0.1" },
      https: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not ${JSON.stringify(values.port)}`);
  }
  return { port, host: values.host, tls: values.https };
}

/** The message for the user about an error, or `undefined` for a fault of our own. */
function explain(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  switch (error.code) {
    case "EADDRINUSE":
      return "This port is in use. Choose another with --port, or --port 0 for a free one.";
    case "EACCES":
      return "This port needs more rights. Choose one from 1024 on with --port.";
    case "EADDRNOTAVAIL":
    case "EINVAL": // Deno's word for it
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "This machine has no such address. Choose another with --host.";
    default:
      return String(error.code).startsWith("ERR_PARSE_ARGS") ? error.message : undefined;
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(HELP);
    return;
  }
  const server = await httpbin(options);
  process.stdout.write(`httpbin listens on ${server.url}\n`);
  if (server.ca !== undefined) process.stdout.write(`Its certificate is issued by this authority:\n${server.ca}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}

main().catch((error: unknown) => {
  const explanation = explain(error);
  if (explanation === undefined) throw error;
  process.stderr.write(`requests-httpbin: ${explanation}\nTry requests-httpbin --help.\n`);
  process.exitCode = 2;
});
