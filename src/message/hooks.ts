/** Hooks: functions that see each response before anyone else, and may replace it. */
import { kindOf } from "../options/kind.js";
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
  /** Called in order, each with what the one before it returned. */
  response: ResponseHook[];
}

/** What the option `hooks` accepts. */
export interface HooksInit {
  /** One function or several. */
  readonly response?: ResponseHook | readonly ResponseHook[] | null | undefined;
}

/**
 * @throws TypeError for another event than `response`, or what is not a function.
 */
export function hooksFrom(init: HooksInit | null | undefined): Hooks {
  const hooks: Hooks = { response: [] };
  if (init === null || init === undefined) return hooks;
  for (const [event, value] of Object.entries(init) as [
    string,
    ResponseHook | readonly ResponseHook[] | null | undefined,
  ][]) {
    checkEvent(event);
    const found = typeof value === "function" ? [value] : (value ?? []);
    for (const hook of found) registerHook(hooks, event, hook);
  }
  return hooks;
}

/** @throws TypeError for another event than `response`, or what is not a function. */
export function registerHook(hooks: Hooks, event: string, hook: ResponseHook | readonly ResponseHook[]): void {
  checkEvent(event);
  for (const one of typeof hook === "function" ? [hook] : hook) {
    if (typeof one !== "function") throw new TypeError(`A hook must be a function of the response, not ${kindOf(one)}`);
    hooks.response.push(one);
  }
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
