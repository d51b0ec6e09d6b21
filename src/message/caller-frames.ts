/** Where in the caller's program a failed request was made. */

/**
 * Adds the functions that await this call to the stack of an error that was made in a callback of a socket. Must be
 * called in an `async` function after an `await`, where V8 knows who is waiting; a successful call pays nothing.
 */
export function appendCallerFrames(error: Error): void {
  const { stack } = error;
  if (typeof Error.captureStackTrace !== "function" || typeof stack !== "string") return;
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, appendCallerFrames);
  const waiting = (here.stack ?? "").split("\n").filter((frame) => /^\s+at async /.test(frame));
  const missing = waiting.filter((frame) => !stack.includes(frame));
  if (missing.length > 0) error.stack = `${stack}\n${missing.join("\n")}`;
}
