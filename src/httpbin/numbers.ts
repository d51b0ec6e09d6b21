/** Numbers in options, read as Python's `int()` and `float()` read them. Anything else ends in a 500, as in Python. */

/** Python's `int(text)`. */
export function pythonInt(text: string): number {
  return Number(pythonBigInt(text));
}

/** Python's `int(text)`, without a limit. */
export function pythonBigInt(text: string): bigint {
  const trimmed = text.trim();
  if (!/^[-+]?[0-9]+(?:_[0-9]+)*$/.test(trimmed)) throw new Error(`invalid literal for int(): ${text}`);
  const digits = trimmed.replaceAll("_", "").replace(/^[-+]/, "");
  return trimmed.startsWith("-") ? -BigInt(digits) : BigInt(digits);
}

/** Python's `float(text)`. */
export function pythonFloat(text: string): number {
  const trimmed = text.trim().toLowerCase();
  const word = /^([-+]?)(inf|infinity|nan)$/.exec(trimmed);
  if (word !== null) return word[2] === "nan" ? NaN : word[1] === "-" ? -Infinity : Infinity;
  if (!/^[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:e[-+]?[0-9]+)?$/.test(trimmed)) {
    throw new Error(`could not convert string to float: ${text}`);
  }
  return Number(trimmed.replaceAll("_", ""));
}

/** Seconds: a plain number, or a number with a unit as in go-httpbin (`250ms`, `1.5s`, `1m`). */
export function seconds(text: string): number {
  const match = /^([0-9.]+)(ms|s|m)$/.exec(text);
  if (match === null) return pythonFloat(text);
  return pythonFloat(match[1] ?? "") * { ms: 0.001, s: 1, m: 60 }[match[2] as "ms" | "s" | "m"];
}
