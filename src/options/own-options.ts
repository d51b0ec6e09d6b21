/** Options as the caller gave them, without what they inherit from `Object.prototype`. */

// Its prototype is null, and reading what is not there is as fast as of `{}`; Object.create(null) makes a slower object.
class Bare {}
Object.setPrototypeOf(Bare.prototype, null);

/** No options: the default in place of `{}`. */
export const NO_OPTIONS: Readonly<Record<never, never>> = Object.freeze(new Bare());

/**
 * The options, without what they would inherit from `Object.prototype`: a key that a careless merge in other code
 * put there (`__proto__` in JSON) must not become a proxy, a credential or a socket of every request.
 *
 * @returns The object itself, as long as `Object.prototype` is in order, which is all that is looked at then.
 */
export function ownOptions<T extends object>(options: T): T {
  for (const _ in Object.prototype) return withoutInherited(options);
  return options;
}

function withoutInherited<T extends object>(options: T): T {
  const own = new Bare() as Record<string, unknown>;
  const given = options as Record<string, unknown>;
  for (let level: unknown = options; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level))
    for (const name of Object.getOwnPropertyNames(level)) if (name !== "constructor") own[name] ??= given[name];
  return own as T;
}
