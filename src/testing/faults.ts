/** Faults by name → what the wire makes of them, by the wire's own words. */
import { TotalTimeout } from "../index.js";
import { connectFailure, connectTimedOut, readTimedOut, type WireRequest } from "../extend/index.js";
import type { Fault } from "./reply.js";

/** System errors, as Node gives them. */
function systemError(code: string, call: string): Error {
  return Object.assign(new Error(`${call} ${code}`), { code, syscall: call });
}

/** The error of a fault that comes before there is a connection, or null for another. */
export function faultBeforeConnection(fault: Fault, address: string, request: WireRequest): Error | null {
  switch (fault) {
    case "dns":
      return connectFailure(systemError("ENOTFOUND", "getaddrinfo"), address, "dns");
    case "refused":
      return connectFailure(systemError("ECONNREFUSED", "connect"), address, "connect");
    case "unreachable":
      return connectFailure(systemError("EHOSTUNREACH", "connect"), address, "connect");
    case "tls":
      return connectFailure(
        Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
        address,
        "tls",
      );
    case "ConnectTimeout": {
      const limit = request.limits.connect ?? 0;
      return connectTimedOut(address, limit, limit, "connect");
    }
    default:
      return null;
  }
}

/** The error of a timeout that comes once the request was sent, or null for another fault. */
export function timeoutFault(fault: Fault, address: string, request: WireRequest): Error | null {
  if (fault === "ReadTimeout") {
    const limit = request.limits.read ?? 0;
    return readTimedOut(address, limit, limit, "wait");
  }
  if (fault === "TotalTimeout")
    return new TotalTimeout(
      "Total timeout reached. The call, with its redirects, retries and body, did not finish in time",
      {
        phase: "wait",
        address,
      },
    );
  return null;
}

/** The error of a socket whose peer resets the connection. */
export function connectionReset(): Error {
  return systemError("ECONNRESET", "read");
}

/** The error of a server that speaks another protocol on this port. */
export const GARBAGE = Buffer.from("\x15\x03\x01\x00\x02\x02\x46 this is not HTTP\r\n\r\n", "latin1");
