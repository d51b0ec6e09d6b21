/** The caller's stack frames for errors: the place where a failed request was made, or its body read. */
import { RequestException } from "../exceptions.js";

/**
 * Adds the functions that await this call to the stack of an error that was made in a callback of a socket. Must be
 * called in an `async` function after an `await`, where V8 knows who is waiting; a successful call pays nothing.
 *
 * @param entry - The function that the caller called, if it has not returned yet: its callers are added, too.
 */
export function appendCallerFrames(error: Error, entry?: (...given: never) => unknown): void {
  const { stack } = error;
  if (typeof Error.captureStackTrace !== "function" || typeof stack !== "string") return;
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, entry ?? appendCallerFrames);
  const isCaller = entry === undefined ? /^\s+at async / : /^\s+at (?!.*\(node:)/;
  const callers = (here.stack ?? "").split("\n").filter((frame) => isCaller.test(frame));
  const missing = callers.filter((frame) => !stack.includes(frame));
  if (missing.length > 0) error.stack = `${stack}\n${missing.join("\n")}`;
}

/** @returns The error; one of a request with the frames of `appendCallerFrames`, under the same condition. */
export function withCallerFrames(error: unknown, entry?: (...given: never) => unknown): unknown {
  if (error instanceof RequestException) appendCallerFrames(error, entry);
  return error;
}
