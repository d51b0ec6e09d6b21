/** Which addresses may be connected to, as the caller's `allowAddress` decides. */
import { ConnectionError } from "../../exceptions.js";
import { literalAddresses } from "./host-address.js";

/** Whether an address may be connected to: `true` allows it, anything else refuses it. */
export type AllowAddress = (address: string) => boolean;

/**
 * Whether an address may be connected to: each of its readings must be allowed.
 *
 * @param address - An IP address, perhaps with a zone.
 * @throws TypeError when `allowAddress` returns a promise, and whatever `allowAddress` throws.
 */
export function isAllowed(allow: AllowAddress, address: string): boolean {
  const readings = literalAddresses(address);
  return readings !== null && readings.length > 0 && readings.every((reading) => isAllowedReading(allow, reading));
}

/**
 * Refuses a host that is an address and may not be connected to. A name passes: its addresses are checked where it is resolved.
 *
 * @param address - `host:port`, for the error.
 * @throws ConnectionError `ERR_ADDRESS_NOT_ALLOWED`.
 */
export function checkHost(allow: AllowAddress, host: string, address: string): void {
  if (literalAddresses(host) !== null && !isAllowed(allow, host)) throw notAllowed(address);
}

function isAllowedReading(allow: AllowAddress, address: string): boolean {
  const answer: unknown = allow(address);
  if (!isThenable(answer)) return answer === true;
  // A rejection that is not handled would end the process.
  answer.then(undefined, () => undefined);
  throw new TypeError(
    "allowAddress of HTTPAdapter must be synchronous: it returned a promise for an address, and must return true or false",
  );
}

/** A promise, also one of another library or realm. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

/** @param address - The address of the connection: `host:port`, or the path of a Unix socket. */
export function notAllowed(address: string): ConnectionError {
  return new ConnectionError(
    `Connection to ${address} refused here: its address is not allowed by allowAddress of HTTPAdapter`,
    { code: "ERR_ADDRESS_NOT_ALLOWED", phase: "connect", address },
  );
}
