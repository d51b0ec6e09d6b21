/** Hooks: functions that see each response before anyone else, and may replace it. */
import { kindOf } from "../options/kind.js";
import { isPlainObject } from "../options/kinds.js";
import type { Response } from "./response.js";

/** How the exchange was made, as a hook is told. */
export interface HookSettings {
  /** Whether the response came with its head alone. */
  readonly stream: boolean;
  /** Seconds, as the caller gave them. */
  readonly timeout: unknown;
  /** true, false, or the path of a CA file or directory. */
  readonly verify: boolean | string;
  /** The client certificate, null for none. */
  readonly cert: unknown;
  /** The proxies that applied, by scheme or `scheme://host`. */
  readonly proxies: Readonly<Record<string, string | null>>;
}

/** Sees a response; may return another to use in its place, or a promise of one. */
export type ResponseHook = (
  response: Response,
  settings: HookSettings,
) => Response | void | null | undefined | Promise<Response | void | null | undefined>;

/** The hooks of a request or a session. `response` is the only event, as in requests. */
export interface Hooks {
  /** Called in order, each with what the one before it returned. One function or a list can be assigned. */
  get response(): ResponseHook[];
  set response(hooks: ResponseHook | readonly ResponseHook[] | null | undefined);
}

/** What the option `hooks` accepts; a function is a response hook. */
export type HooksInit =
  | ResponseHook
  | {
      /** One function or several. */
      readonly response?: ResponseHook | readonly ResponseHook[] | null | undefined;
    };

/**
 * @returns Hooks that share no list with the argument.
 * @throws TypeError for another event than `response`, or what is not a function.
 */
export function hooksFrom(init: HooksInit | null | undefined): Hooks {
  let hooks = init === null || init === undefined ? [] : hooksOf(init);
  return {
    get response() {
      return hooks;
    },
    set response(next) {
      hooks = hookList(next);
    },
  };
}

function hooksOf(init: HooksInit): ResponseHook[] {
  if (typeof init === "function") return [init];
  if (typeof init !== "object" || !isPlainObject(init))
    throw new TypeError(`hooks must be an object such as { response: (response) => … }, not ${kindOf(init)}`);
  for (const event of Object.keys(init)) checkEvent(event);
  return hookList(init.response);
}

function hookList(given: ResponseHook | readonly ResponseHook[] | null | undefined): ResponseHook[] {
  if (given === null || given === undefined) return [];
  if (typeof given === "function") return [given];
  if (!Array.isArray(given))
    throw new TypeError(`hooks.response must be a function or an array of functions, not ${kindOf(given)}`);
  for (const one of given as readonly unknown[])
    if (typeof one !== "function") throw new TypeError(`A hook must be a function of the response, not ${kindOf(one)}`);
  return [...(given as readonly ResponseHook[])];
}

/** @throws TypeError for another event than `response`, or what is not a function. */
export function registerHook(hooks: Hooks, event: string, hook: ResponseHook | readonly ResponseHook[]): void {
  checkEvent(event);
  if (hook === null || hook === undefined)
    throw new TypeError(`A hook must be a function of the response, not ${kindOf(hook)}`);
  hooks.response.push(...hookList(hook));
}

/** @returns False when it was not registered. */
export function deregisterHook(hooks: Hooks, event: string, hook: ResponseHook): boolean {
  const at = event === "response" ? hooks.response.indexOf(hook) : -1;
  if (at === -1) return false;
  hooks.response.splice(at, 1);
  return true;
}

function checkEvent(event: string): void {
  if (event !== "response")
    throw new TypeError(`Unsupported event specified, with event name "${event}": "response" is the only one`);
}
