/** A scene: a few lines of code that a reader could copy, and what they must print. */
import { inspect, isDeepStrictEqual } from "node:util";

/** What a scene finds when it begins. */
export interface Stage {
  /** Where the httpbin listens, without a slash at the end. */
  readonly base: string;
  /** An httpbin of this package, with routes that Python's does not have; the same as `base` unless `--base` is given. */
  readonly lab: string;
  /** An empty folder of the scene's own. */
  readonly folder: string;
  /** In place of the global one: what is logged is what the scene is judged by. */
  readonly console: { log(value: unknown): void };
}

/** A few lines of code and what they must print. */
export interface Scene {
  readonly title: string;
  /** The code, shown as it stands in the source. */
  play(stage: Stage): Promise<void>;
  /** One for each `console.log`: a value to equal, or a RegExp for the text of the value. */
  readonly expected: readonly unknown[] | ((stage: Stage) => readonly unknown[]);
}

/** Scenes about one subject. */
export interface Chapter {
  readonly title: string;
  /** `import.meta.url` of the module that has the scenes. */
  readonly module: string;
  readonly scenes: readonly Scene[];
}

/** @param module - `import.meta.url` of the caller. */
export function chapter(title: string, module: string, scenes: readonly Scene[]): Chapter {
  return { title, module, scenes };
}

/** Something that a scene printed, or should have. */
export interface Check {
  readonly ok: boolean;
  readonly actual: unknown;
  readonly expected: unknown;
}

/** What stands for a value that was not printed, or not expected. */
export const NOTHING = Symbol("nothing");

/** How a scene went. */
export interface Outcome {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** What the scene threw, else undefined. */
  readonly error: unknown;
}

/** Milliseconds after which a scene counts as stuck. */
const PATIENCE = 60_000;

/** A value as console.log shows it. */
export function shown(value: unknown, breakLength = 100): string {
  return typeof value === "string" ? value : inspect(value, { breakLength, depth: 6 });
}

/** Plays a scene, and compares what it prints with what it should. */
export async function playScene(scene: Scene, place: Omit<Stage, "console">): Promise<Outcome> {
  const printed: unknown[] = [];
  const stage: Stage = { ...place, console: { log: (value) => void printed.push(value) } };
  let error: unknown;
  let timer: NodeJS.Timeout | undefined;
  try {
    const stuck = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The scene was not over after ${PATIENCE / 1000} s`)), PATIENCE);
    });
    await Promise.race([scene.play(stage), stuck]);
  } catch (thrown) {
    error = thrown ?? new Error(`The scene threw ${String(thrown)}`);
  } finally {
    clearTimeout(timer);
  }
  const expected = typeof scene.expected === "function" ? scene.expected(stage) : scene.expected;
  // After an error the scene says nothing more: the error is what is wrong, not the silence.
  const count = error === undefined ? Math.max(printed.length, expected.length) : printed.length;
  const checks = Array.from({ length: count }, (_, at) =>
    check(at < printed.length ? printed[at] : NOTHING, at < expected.length ? expected[at] : NOTHING),
  );
  return { ok: error === undefined && checks.every(({ ok }) => ok), checks, error };
}

function check(actual: unknown, expected: unknown): Check {
  const ok = expected instanceof RegExp ? expected.test(shown(actual)) : isDeepStrictEqual(actual, expected);
  return { ok, actual, expected };
}
