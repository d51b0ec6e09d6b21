/** "Did you mean …?" for the names of options. */

/** Longer names are not compared: they are not typing mistakes. */
const MAX_LENGTH = 64;

/**
 * The known name that a wrong one was most likely meant to be: the same letters in another case or with underscores
 * (`allow_redirects` → `allowRedirects`), else the one with the fewest typing mistakes.
 *
 * @param name - the name that is not known.
 * @param known - the names that are.
 * @returns null when none is near (more than a third of the letters differ).
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  if (name.length > MAX_LENGTH) return null;
  const plain = plainName(name);
  let nearest: string | null = null;
  let fewest = Math.floor(plain.length / 3) + 1;
  for (const candidate of known) {
    const mistakes = editDistance(plain, plainName(candidate));
    if (mistakes < fewest) {
      nearest = candidate;
      fewest = mistakes;
    }
  }
  return nearest;
}

/**
 * Refuses names that are not known.
 *
 * @param given - an options object of the caller.
 * @param known - an object that has each name that it may have, such as a table of options.
 * @param where - what the object is, for the message: "timeout".
 * @throws TypeError naming the unknown option and the nearest known one.
 */
export function refuseUnknownNames(given: object, known: object, where: string): void {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(known, name)) throw unknownOption(name, Object.keys(known), where);
}

/**
 * The error for an option that does not exist.
 *
 * @param known - the names that exist: the nearest is suggested, or all are listed.
 * @param where - what the option was given to: "get()".
 */
export function unknownOption(name: string, known: Iterable<string>, where: string): TypeError {
  const nearest = nearestName(name, known);
  return new TypeError(
    `Unknown option ${JSON.stringify(name)} for ${where}. ${
      nearest === null ? `Valid options: ${[...known].join(", ")}.` : `Did you mean ${JSON.stringify(nearest)}?`
    }`,
  );
}

/** A name without regard to case, "_" and "-". */
export function plainName(name: string): string {
  return name.replaceAll("_", "").replaceAll("-", "").toLowerCase();
}

/** Levenshtein's distance, one row at a time. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let from = 1; from <= one.length; from += 1) {
    const next = [from];
    for (let to = 1; to <= other.length; to += 1) {
      const changed = row[to - 1] + (one[from - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(changed, row[to] + 1, next[to - 1] + 1));
    }
    row = next;
  }
  return row[other.length];
}
