/** A lookup that remembers its answers for a while. */
import type { LookupAddress, LookupOptions } from "node:dns";
import type { LookupFunction } from "node:net";

const MAX_NAMES = 1000;

interface Answer {
  readonly until: number;
  readonly address: string | LookupAddress[];
  readonly family: number | undefined;
}

/**
 * @param seconds - How long an answer is good for. Failures are not remembered.
 */
export function cachedLookup(lookup: LookupFunction, seconds: number): LookupFunction {
  const answers = new Map<string, Answer>();
  return (hostname, options: LookupOptions, callback) => {
    const key = `${hostname}|${String(options.family ?? 0)}|${String(options.all ?? false)}|${String(options.hints ?? 0)}`;
    const known = answers.get(key);
    if (known !== undefined && known.until > performance.now()) {
      // As a real lookup: never before the caller has returned.
      process.nextTick(callback, null, known.address, known.family);
      return;
    }
    lookup(hostname, options, (error, address, family) => {
      if (error === null || error === undefined) {
        if (answers.size >= MAX_NAMES) answers.delete(answers.keys().next().value!);
        answers.set(key, { until: performance.now() + seconds * 1000, address, family });
      }
      callback(error, address, family);
    });
  };
}
