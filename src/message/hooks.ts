/** Hooks: functions that see each request before it is sent and each response before the caller does. */
import { kindOf } from "../options/kind.js";
import { isPlainObject } from "../options/kinds.js";
import type { PreparedRequest } from "./prepared.js";
import type { Response } from "./response.js";

/** The settings with which the request was sent: the second argument of a response hook. */
export interface HookSettings {
  /** Whether the response came with its head alone. */
  readonly stream: boolean;
  /** Seconds, as the caller gave them. */
  readonly timeout: unknown;
  /** true, false, or the certificate authorities: a path, or PEM in memory. */
  readonly verify: unknown;
  /** The client certificate, null for none. */
  readonly cert: unknown;
  /** The proxies that applied, by scheme or `scheme://host`. */
  readonly proxies: Readonly<Record<string, string | null>>;
}

/** Sees a response. It may return another one to use instead, or a promise of one. */
export type ResponseHook = (
  response: Response,
  settings: HookSettings,
) => Response | void | null | undefined | Promise<Response | void | null | undefined>;

/**
 * Sees a request before it is sent: the first one and each that follows by a redirect, but not the retries. It may change
 * the request, return another one to send instead, or return a promise of one.
 */
export type RequestHook = (
  request: PreparedRequest,
) => PreparedRequest | void | null | undefined | Promise<PreparedRequest | void | null | undefined>;

/** The hook of each event. requests has the event `response` only. */
export interface HookTypes {
  /** Before a request is sent. */
  readonly request: RequestHook;
  /** After a response has arrived. */
  readonly response: ResponseHook;
}

/** The events that hooks can be registered for. */
export type HookEvent = keyof HookTypes;

/** The hooks of a request or a session. */
export interface Hooks {
  /** Called in order before a request is sent, each with the request of the one before it. */
  get request(): RequestHook[];
  set request(hooks: RequestHook | readonly RequestHook[] | null | undefined);
  /** Called in order, each with the response of the one before it. One function or a list can be assigned. */
  get response(): ResponseHook[];
  set response(hooks: ResponseHook | readonly ResponseHook[] | null | undefined);
}

/** The values of the option `hooks`. A function is a response hook. */
export type HooksInit =
  | ResponseHook
  | {
      /** One function or several that see each request before it is sent. */
      readonly request?: RequestHook | readonly RequestHook[] | null | undefined;
      /** One function or several that see each response. */
      readonly response?: ResponseHook | readonly ResponseHook[] | null | undefined;
      /** For a call: run these after the session's hooks instead of replacing them. @defaultValue false */
      readonly add?: boolean | undefined;
    };

const EVENTS: readonly HookEvent[] = ["request", "response"];

/**
 * @returns Hooks that share no list with the argument.
 * @throws TypeError for an unknown event, and for a hook that is not a function.
 */
export function hooksFrom(init: HooksInit | null | undefined): Hooks {
  checkHooks(init);
  let request = hookList(given(init, "request"), "request");
  let response = hookList(given(init, "response"), "response");
  return {
    get request() {
      return request;
    },
    set request(next) {
      request = hookList(next, "request");
    },
    get response() {
      return response;
    },
    set response(next) {
      response = hookList(next, "response");
    },
  };
}

/** The hooks of a call for one event: its own in place of the session's, or after them. */
export function hooksFor<Event extends HookEvent>(
  event: Event,
  session: Hooks,
  call: Hooks | null,
  adds: boolean,
): readonly HookTypes[Event][] {
  const common = listOf(session, event);
  const own = call === null ? NONE : listOf(call, event);
  if (own.length === 0) return common;
  return adds ? [...common, ...own] : own;
}

const NONE: readonly never[] = Object.freeze([]);

/** The compiler cannot relate the two lists to the event by itself. */
function listOf<Event extends HookEvent>(hooks: Hooks, event: Event): HookTypes[Event][] {
  return hooks[event] as unknown as HookTypes[Event][];
}

/** Whether the hooks of a call are to run after those of the session. */
export function addsHooks(init: HooksInit | null | undefined): boolean {
  return typeof init === "object" && init !== null && Object.hasOwn(init, "add") && init.add === true;
}

/** The hooks that were given for an event. Properties of `Object.prototype` are ignored. */
function given<Event extends HookEvent>(
  init: HooksInit | null | undefined,
  event: Event,
): HookTypes[Event] | readonly HookTypes[Event][] | null | undefined {
  type Given = HookTypes[Event] | readonly HookTypes[Event][] | null | undefined;
  if (typeof init === "function") return event === "response" ? (init as Given) : null;
  return init !== null && init !== undefined && Object.hasOwn(init, event) ? (init[event] as Given) : null;
}

function checkHooks(init: HooksInit | null | undefined): void {
  if (init === null || init === undefined || typeof init === "function") return;
  if (typeof init !== "object" || !isPlainObject(init))
    throw new TypeError(`hooks must be an object such as { response: (response) => … }, not ${kindOf(init)}`);
  for (const event of Object.keys(init)) if (event !== "add") checkEvent(event);
  if (Object.hasOwn(init, "add") && init.add !== undefined && typeof init.add !== "boolean")
    throw new TypeError(`hooks.add must be true or false, not ${kindOf(init.add)}`);
}

function hookList<Event extends HookEvent>(
  given: HookTypes[Event] | readonly HookTypes[Event][] | null | undefined,
  event: Event,
): HookTypes[Event][] {
  if (given === null || given === undefined) return [];
  if (typeof given === "function") return [given];
  if (!Array.isArray(given))
    throw new TypeError(`hooks.${event} must be a function or an array of functions, not ${kindOf(given)}`);
  for (const one of given as readonly unknown[]) if (typeof one !== "function") throw notAHook(one, event);
  return [...(given as readonly HookTypes[Event][])];
}

function notAHook(value: unknown, event: HookEvent): TypeError {
  return new TypeError(`A hook must be a function of the ${event}, not ${kindOf(value)}`);
}

/** @throws TypeError for an unknown event, and for a hook that is not a function. */
export function registerHook<Event extends HookEvent>(
  hooks: Hooks,
  event: Event,
  hook: HookTypes[Event] | readonly HookTypes[Event][],
): void {
  checkEvent(event);
  if (hook === null || hook === undefined) throw notAHook(hook, event);
  listOf(hooks, event).push(...hookList(hook, event));
}

/** @returns False when it was not registered. */
export function deregisterHook<Event extends HookEvent>(hooks: Hooks, event: Event, hook: HookTypes[Event]): boolean {
  const list = EVENTS.includes(event) ? listOf(hooks, event) : [];
  const at = list.indexOf(hook);
  if (at === -1) return false;
  list.splice(at, 1);
  return true;
}

function checkEvent(event: string): void {
  if (!(EVENTS as readonly string[]).includes(event))
    throw new TypeError(
      `Unsupported event specified, with event name "${event}": the events are "request" and "response"`,
    );
}
