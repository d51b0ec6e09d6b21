/** Checks the options of callers by the rows of the registry, with messages that show what to write. */
import { kindOf } from "../options/kind.js";
import { checkOptionsObject, resolveRows, type Check, type Resolved, type Row } from "../options/option.js";
import { ownOptions } from "../options/own-options.js";
import { looksLikeOption, unknownRequestOption } from "./option-aliases.js";
import { CALL_OPTIONS, SEND_OPTIONS, SESSION_OPTIONS, type RequestOptions, type SendOptions } from "./options.js";
import type { SessionOptions } from "./session-options.js";

/** The first arguments of calls that do not begin with the URL alone. */
const FIRST_ARGUMENTS: Readonly<Record<string, string>> = { "request()": "method, url", "send()": "prepared" };

/** Calls for which values in the place of the options were meant for the query, and for the body. */
const BODILESS: ReadonlySet<string> = new Set(["get()", "head()", "options()"]);
const WITH_BODY: ReadonlySet<string> = new Set(["post()", "put()", "patch()", "delete()", "request()"]);

/** The calls that are named after their method. */
export const VERB_CALLS: Readonly<Record<string, string>> = {
  GET: "get()",
  OPTIONS: "options()",
  HEAD: "head()",
  POST: "post()",
  PUT: "put()",
  PATCH: "patch()",
  DELETE: "delete()",
};

/**
 * @returns The options that the caller gave, and none that `Object.prototype` has.
 * @throws TypeError for an unknown option (naming the nearest), and for a value of the wrong type.
 */
export function checkOptions(options: unknown, call: string): RequestOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw notOptions(options, call);
  const given = ownOptions(options);
  let isEmpty = true;
  for (const name in given) {
    const check = CALL_OPTIONS.get(name);
    if (check === undefined) throw isContent(options) ? notOptions(options, call) : unknownOption(name, call, given);
    const value = (given as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) check(value, name);
    isEmpty = false;
  }
  // FormData and URLSearchParams have no properties: they would be ignored.
  if (isEmpty && isContent(options)) throw notOptions(options, call);
  return given;
}

/**
 * @returns The options of `send`.
 * @throws TypeError for an unknown option, one that belongs to the request, and a value of the wrong type.
 */
export function checkSendOptions(options: unknown): SendOptions {
  if (options instanceof CheckedSendOptions) return options;
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw notOptions(options, "send()");
  const given = ownOptions(options);
  for (const name in given) {
    if (SEND_OPTIONS.has(name)) continue;
    if (CALL_OPTIONS.has(name))
      throw new TypeError(
        `send() has no option "${name}": the request is prepared already. Give it to new Request(), or change the PreparedRequest`,
      );
    throw unknownRequestOption(name, [...SEND_OPTIONS.keys()], "send()");
  }
  checkValues(given, SEND_OPTIONS);
  return given;
}

/** Options that were checked as a part of a call's. */
class CheckedSendOptions {}
Object.setPrototypeOf(CheckedSendOptions.prototype, null);

/** Those of a call's options that concern the sending; undefined when there is none. */
export function sendOptionsOf(given: RequestOptions): SendOptions | undefined {
  let found: Record<string, unknown> | undefined;
  for (const name in given)
    if (SEND_OPTIONS.has(name)) {
      found ??= new CheckedSendOptions() as Record<string, unknown>;
      found[name] = given[name as keyof RequestOptions];
    }
  return found;
}

/**
 * @returns The options of a session, and none that `Object.prototype` has.
 * @throws TypeError for an unknown option (naming the nearest); TypeError or RangeError for a wrong value.
 */
export function checkSessionOptions(options: unknown): SessionOptions {
  checkOptionsObject(options, "The argument of new Session()", "new Session({ timeout: 5 })");
  const given = ownOptions(options);
  for (const name of Object.keys(given))
    if (!SESSION_OPTIONS.has(name)) throw unknownRequestOption(name, [...SESSION_OPTIONS.keys()], "Session");
  checkValues(given, SESSION_OPTIONS);
  return given;
}

/**
 * The options of a function that makes calls, such as paginate(): its own, with their defaults, and those of each call.
 *
 * @param table - The rows of its own options.
 * @param call - As the caller wrote it, for messages.
 * @param except - Options of a call that it does not take.
 * @throws TypeError for an unknown option, and what the checks of the values throw.
 */
export function splitOptions<Table extends Readonly<Record<string, Row>>>(
  options: unknown,
  table: Table,
  call: string,
  except: readonly (keyof RequestOptions)[] = [],
): { readonly own: Resolved<Table>; readonly shared: RequestOptions } {
  checkOptionsObject(options, `The second argument of ${call}`, `${call.replace("()", "")}(url, { … })`);
  const given = ownOptions(options) as Readonly<Record<string, unknown>>;
  const shared = Object.create(null) as Record<string, unknown>;
  const known = [...CALL_OPTIONS.keys()].filter((name) => !(except as readonly string[]).includes(name));
  for (const name in given) {
    if (Object.hasOwn(table, name)) continue;
    if (!known.includes(name)) throw unknownRequestOption(name, [...Object.keys(table), ...known], call);
    shared[name] = given[name];
  }
  checkValues(shared, CALL_OPTIONS);
  return { own: resolveRows(given, table, call), shared };
}

function checkValues(given: object, checks: ReadonlyMap<string, Check>): void {
  for (const name in given) {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) checks.get(name)!(value, name);
  }
}

function notOptions(options: unknown, call: string): TypeError {
  return new TypeError(
    `The ${ordinalOfOptions(call)} argument of ${call} must be an options object, not ${kindOf(options)}: ${example(call, hintFor(options))}`,
  );
}

/** Whether an object is a body, a promise or the like, and no options object. */
function isContent(value: object): boolean {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return (tag !== "Object" && tag !== "Module") || Symbol.asyncIterator in value;
}

function unknownOption(name: string, call: string, given: object): TypeError {
  const known = [...CALL_OPTIONS.keys()];
  const error = unknownRequestOption(name, known, call);
  const names = Object.keys(given);
  const isData = names.every((one) => !CALL_OPTIONS.has(one)) && names.some((one) => !looksLikeOption(one, known));
  const meant = isData ? wrapped(name, call) : null;
  if (meant !== null)
    error.message += ` The ${ordinalOfOptions(call)} argument of ${call} is an options object. ${meant}`;
  return error;
}

/** The hint for values that were given in place of options, as in `axios.post(url, data)`. */
function wrapped(name: string, call: string): string | null {
  const first = /^[A-Za-z_$][\w$]{0,40}$/.test(name) ? name : JSON.stringify(name.slice(0, 40));
  if (WITH_BODY.has(call))
    return `To send an object as the body, write ${example(call, `json: { ${first}: … }`)}, or data: { … } for a form.`;
  return BODILESS.has(call)
    ? `To send an object as the query, write ${example(call, `params: { ${first}: … }`)}.`
    : null;
}

function ordinalOfOptions(call: string): string {
  return call === "request()" ? "third" : "second";
}

function example(call: string, options: string): string {
  return `${call.replace("()", "")}(${FIRST_ARGUMENTS[call] ?? "url"}, { ${options} })`;
}

/** requests takes params or data at this place. */
function hintFor(options: unknown): string {
  if (typeof options === "string") return "data: text";
  return typeof options === "object" && options !== null && isContent(options) ? "data: …" : "params: …, headers: …";
}
