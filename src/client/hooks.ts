/** Runs the hooks of a request. */
import { RequestException } from "../exceptions.js";
import type { HookSettings, RequestHook, ResponseHook } from "../message/hooks.js";
import { PreparedRequest } from "../message/prepared.js";
import { Response } from "../message/response.js";

/**
 * Hands the request through its hooks, in order. A hook that returns a request replaces it.
 *
 * @throws RequestException `ERR_HOOK` around what a hook throws; a RequestException as it is.
 */
export async function runRequestHooks(
  hooks: readonly RequestHook[],
  request: PreparedRequest,
): Promise<PreparedRequest> {
  let current = request;
  for (const hook of hooks) {
    try {
      const replacement = await hook(current);
      if (replacement instanceof PreparedRequest) current = replacement;
    } catch (error) {
      throw hookError("request", error, { request: current });
    }
  }
  return current;
}

/**
 * Hands the response through the hooks, in order. A hook that returns a response replaces it.
 *
 * @throws RequestException `ERR_HOOK` around what a hook throws; a RequestException as it is.
 */
export async function runResponseHooks(
  hooks: readonly ResponseHook[],
  response: Response,
  settings: HookSettings,
): Promise<Response> {
  const { stream, timeout, verify, cert, proxies } = settings;
  const shown: HookSettings = { stream, timeout, verify, cert, proxies };
  let current = response;
  for (const hook of hooks) {
    try {
      const replacement = await hook(current, shown);
      if (replacement instanceof Response) current = replacement;
    } catch (error) {
      current.close();
      throw hookError("response", error, { response: current });
    }
  }
  return current;
}

function hookError(
  event: "request" | "response",
  error: unknown,
  about: { readonly request: PreparedRequest } | { readonly response: Response },
): unknown {
  if (error instanceof RequestException) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RequestException(`A ${event} hook threw: ${message}`, { code: "ERR_HOOK", cause: error, ...about });
}
