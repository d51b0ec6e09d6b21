/** Names → addresses, by the caller's `lookup` or the system's. */
import { ADDRCONFIG, lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { inspect } from "node:util";

import { isThenable } from "./address-policy.js";

/**
 * The addresses of a name, at least one, in the order in which they are to be tried.
 *
 * @param family - 4 or 6 for addresses of that family only, 0 for all.
 */
export type Resolver = (host: string, family: 0 | 4 | 6) => Promise<readonly string[]>;

/** As `net.connect` asks: no addresses of a family that this machine has no address of. */
const HINTS = process.platform === "win32" ? 0 : ADDRCONFIG;
const MAX_SHOWN = 80;

/** @param lookup - With the signature of Node's `dns.lookup`. One address will do where all were asked for. */
export function resolverOf(lookup = systemLookup as unknown as LookupFunction): Resolver {
  return async (host, family) => {
    const addresses = await lookUp(lookup, host, family);
    const fitting = family === 0 ? addresses : addresses.filter((address) => isIP(address) === family);
    if (fitting.length === 0) throw noAddress(family === 0 ? "no address" : `no IPv${family} address`);
    return fitting;
  };
}

/** Asks the lookup. Its callback runs within code of the caller or of Node, so that nothing may be thrown in it. */
async function lookUp(lookup: LookupFunction, host: string, family: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const fail = (reason: unknown): void =>
      reject(typeof reason === "object" && reason !== null ? reason : new Error(String(reason)));
    try {
      // A second call of the callback settles nothing.
      const returned: unknown = lookup(host, { all: true, family, hints: HINTS }, (error, found: unknown) => {
        if (error !== null && error !== undefined) {
          fail(error);
          return;
        }
        try {
          resolve([...new Set(addressesIn(found))]);
        } catch (reason) {
          fail(reason);
        }
      });
      // An async function that throws.
      if (isThenable(returned)) returned.then(undefined, fail);
    } catch (reason) {
      fail(reason);
    }
  });
}

function addressesIn(found: unknown): readonly string[] {
  return (Array.isArray(found) ? (found as unknown[]) : [found]).map((entry) => {
    const address = typeof entry === "string" ? entry : (entry as { readonly address?: unknown } | null)?.address;
    if (typeof address === "string" && isIP(address) !== 0) return address;
    const shown = inspect(entry, { depth: 1, breakLength: Infinity }).slice(0, MAX_SHOWN);
    throw new TypeError(`lookup answered ${shown}, which is not an IP address or { address, family }`);
  });
}

function noAddress(message: string): Error {
  return Object.assign(new Error(message), { code: "ENOTFOUND" });
}
