/** The kind of a wrong value, for error messages. */

/**
 * The kind of a value, for the part "not …" of a message: "a string", "an array", "an instance of Map". It never shows
 * the content, which may be a secret.
 */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value === "") return "an empty string";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: { readonly name?: unknown } } | null;
  // Object.prototype, of whichever realm, is the end of the chain.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return "an object";
  const name = prototype.constructor?.name;
  return `an instance of ${typeof name === "string" && name !== "" ? name : "an unnamed class"}`;
}

/** A number as it is, for it says what is wrong with it; the kind of any other value. */
export function numberOrKind(value: unknown): string {
  return typeof value === "number" ? String(value) : kindOf(value);
}
