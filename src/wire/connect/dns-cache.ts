/** A resolver that remembers its answers for a while. */
import type { Resolver } from "./resolver.js";

const MAX_NAMES = 1000;

interface Answer {
  readonly until: number;
  readonly addresses: readonly string[];
}

/** @param seconds - How long an answer is good for. Failures are not remembered. */
export function cachedResolver(resolve: Resolver, seconds: number): Resolver {
  const answers = new Map<string, Answer>();
  return async (host, family) => {
    const key = `${host}|${family}`;
    const known = answers.get(key);
    if (known !== undefined && known.until > performance.now()) return known.addresses;
    const addresses = await resolve(host, family);
    if (answers.size >= MAX_NAMES) answers.delete(answers.keys().next().value!);
    answers.set(key, { until: performance.now() + seconds * 1000, addresses });
    return addresses;
  };
}
