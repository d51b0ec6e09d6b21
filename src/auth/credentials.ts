/** User names and passwords as bytes, and as what may be shown of them. */
import { InvalidHeader } from "../exceptions.js";
import { isUint8Array } from "../options/kinds.js";
import { kindOf } from "../options/kind.js";

/** A user name or password: text is sent as UTF-8 (RFC 7617 §2.1), bytes as they are. */
export type Credential = string | Uint8Array;

/** Replaces secrets when an auth object is printed. */
export const MASK = "***";

/**
 * The bytes of a credential.
 *
 * @param value - text or bytes.
 */
export function credentialBytes(value: Credential): Buffer {
  return typeof value === "string"
    ? Buffer.from(value, "utf8")
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/**
 * Refuses what is neither text nor bytes.
 *
 * @param value - what the caller gave.
 * @param name - the argument, for the message.
 * @throws TypeError without the value itself, which may be secret.
 */
export function requireCredential(value: unknown, name: string): asserts value is Credential {
  if (typeof value !== "string" && !isUint8Array(value))
    throw new TypeError(
      `${name} must be a string or bytes, not ${kindOf(value)}` +
        (value === undefined ? " (is an environment variable unset?)" : ""),
    );
}

/**
 * The index of the first control character (RFC 5234 CTL: 0–31 and 127), or -1. UTF-8 has these bytes for nothing
 * else, so text and its bytes give the same answer.
 *
 * @param value - text or bytes.
 */
export function controlCharacterAt(value: Credential): number {
  for (let at = 0; at < value.length; at += 1) {
    const code = typeof value === "string" ? value.charCodeAt(at) : value[at];
    if (code < 0x20 || code === 0x7f) return at;
  }
  return -1;
}

/**
 * Refuses control characters, which would end the header or hide in it.
 *
 * @param value - the credential.
 * @param name - the argument, for the message.
 * @throws InvalidHeader naming the argument and the place, never the value.
 * @see RFC 7617 §2: "The user-id and password MUST NOT contain any control characters"
 */
export function refuseControlCharacters(value: Credential, name: string): void {
  const at = controlCharacterAt(value);
  if (at === -1) return;
  const code = typeof value === "string" ? value.charCodeAt(at) : value[at];
  throw new InvalidHeader(
    `The ${name} has a control character (0x${code.toString(16).padStart(2, "0")} at index ${at}), which cannot be sent` +
      (code === 0x0a || code === 0x0d ? ": credentials read from a file often end in a line break, trim them" : ""),
  );
}

/**
 * Whether two credentials are the same bytes.
 *
 * @param one - text or bytes.
 * @param other - text or bytes.
 */
export function sameCredential(one: Credential, other: Credential): boolean {
  return typeof one === "string" && typeof other === "string"
    ? one === other
    : credentialBytes(one).equals(credentialBytes(other));
}

/**
 * A user name for printing.
 *
 * @param username - text or bytes.
 */
export function shownUsername(username: Credential): string {
  return typeof username === "string" ? username : credentialBytes(username).toString("utf8");
}
