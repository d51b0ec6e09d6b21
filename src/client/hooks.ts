/** Runs the response hooks. */
import { RequestException } from "../exceptions.js";
import type { HookSettings, ResponseHook } from "../message/hooks.js";
import { Response } from "../message/response.js";

/**
 * Hands the response through the hooks, in order; one that returns a response replaces it.
 *
 * @throws RequestException `ERR_HOOK` around what a hook throws; a RequestException as it is.
 */
export async function runHooks(
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
      if (error instanceof RequestException) throw error;
      throw new RequestException(`A response hook threw: ${error instanceof Error ? error.message : String(error)}`, {
        code: "ERR_HOOK",
        cause: error,
        response: current,
      });
    }
  }
  return current;
}
