/** JSON text → a value, with errors that say where; and values that a schema has checked. */
import { JSONDecodeError, type ExceptionDetails } from "../exceptions.js";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.js";

/**
 * @throws JSONDecodeError with the position of the first fault.
 */
export function parseJson(text: string, details: ExceptionDetails = {}): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (text.trim() === "") throw notJson("Expecting value: the body is empty", text, 0, details);
    const at = faultOf(text);
    throw notJson(`${explain(text, at)}; the body is not JSON`, text, at, details);
  }
}

/** The engine's own error is not the cause: it quotes the body, which may hold secrets. */
function notJson(message: string, text: string, at: number, details: ExceptionDetails): JSONDecodeError {
  return new JSONDecodeError(message, text, at, { ...details, cause: new SyntaxError(`No JSON at position ${at}`) });
}

/** Whether a text is JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function explain(text: string, at: number): string {
  if (at >= text.length) return "Unexpected end of the text";
  if (text.startsWith("<")) return "Expecting value, found markup (an error page?)";
  return `Expecting value or punctuation, found ${JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))}`;
}

/**
 * Lets the schema check and convert the value.
 *
 * @throws JSONDecodeError that names each issue with its path; TypeError for a schema that works asynchronously.
 */
export function validateJson<T>(
  value: unknown,
  schema: StandardSchema<T>,
  doc: string,
  details: ExceptionDetails = {},
): T {
  const result = schemaOf(schema).validate(value);
  if (!isPromise(result)) return accepted(result, doc, details);
  // Its outcome is not needed.
  result.then(undefined, () => undefined);
  throw new TypeError(
    "This schema validates asynchronously, and response.json() is synchronous: await requests.get(url).json(schema), or take json() and await the schema yourself",
  );
}

/**
 * The same for a schema that may work asynchronously.
 *
 * @throws JSONDecodeError that names each issue with its path.
 */
export async function validateJsonLater<T>(
  value: unknown,
  schema: StandardSchema<T>,
  doc: string,
  details: ExceptionDetails = {},
): Promise<T> {
  return accepted(await schemaOf(schema).validate(value), doc, details);
}

/** @throws TypeError for a value that is not a schema. */
function schemaOf<T>(schema: StandardSchema<T>): StandardSchema<T>["~standard"] {
  // arktype's schemas are functions.
  const standard = (schema as Partial<StandardSchema<T>> | null)?.["~standard"];
  if (typeof standard?.validate === "function") return standard;
  throw new TypeError(
    "json(schema) takes a Standard Schema (zod 3.24, valibot 1, arktype 2 or later), and this has no ~standard.validate",
  );
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Partial<Promise<T>>).then === "function";
}

function accepted<T>(result: SchemaResult<T>, doc: string, details: ExceptionDetails): T {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.slice(0, 5).map(describeIssue).join("; ");
  throw new JSONDecodeError(`The JSON does not fit the schema: ${issues}`, doc, 0, {
    ...details,
    code: "ERR_SCHEMA",
    cause: result.issues,
  });
}

function describeIssue(issue: SchemaIssue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

/** The position where a text stops being JSON (RFC 8259). Engines report it differently. The loop is iterative, so that depth costs no stack. */
export function faultOf(text: string): number {
  let at = 0;
  const open: string[] = [];
  const skip = (): void => {
    while (at < text.length && (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t"))
      at += 1;
  };
  /** Reads a key and its colon; false at a fault. */
  const key = (): boolean => {
    if (text[at] !== '"' || !string()) return false;
    skip();
    if (text[at] !== ":") return false;
    at += 1;
    return true;
  };
  const string = (): boolean => {
    const start = at;
    for (at += 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 34) {
        at += 1;
        return true;
      }
      if (code < 32) return false;
      if (code !== 92) continue;
      ESCAPE.lastIndex = at;
      const escape = ESCAPE.exec(text);
      if (escape === null) return false;
      at += escape[0].length - 1;
    }
    // An unfinished string is reported where it began, as Python does.
    at = start;
    return false;
  };
  for (;;) {
    skip();
    // A value is expected.
    const first = text[at];
    let complete = false;
    if (first === "{" || first === "[") {
      open.push(first);
      at += 1;
      skip();
      if (text[at] === (first === "{" ? "}" : "]")) {
        open.pop();
        at += 1;
        complete = true;
      } else if (first === "{" && !key()) return at;
    } else if (first === '"') {
      if (!string()) return at;
      complete = true;
    } else {
      SCALAR.lastIndex = at;
      const scalar = SCALAR.exec(text);
      if (scalar === null) return at;
      at += scalar[0].length;
      complete = true;
    }
    while (complete) {
      skip();
      const container = open.at(-1);
      if (container === undefined) return at;
      if (text[at] === ",") {
        at += 1;
        skip();
        if (container === "{" && !key()) return at;
        complete = false;
      } else if (text[at] === (container === "{" ? "}" : "]")) {
        open.pop();
        at += 1;
      } else return at;
    }
  }
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
