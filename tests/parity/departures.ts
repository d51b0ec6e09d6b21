/**
 * The departures from Python's requests: `departures/NN-name.json` has its row in the table of
 * docs/coming-from-python.md, and the recorded calls that show it with the differences between both sides.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Why there is a departure. */
export type Kind =
  /** The behavior of requests is a trap, and this package decided otherwise. */
  | "purpose"
  /** Values, numbers and texts are those of JavaScript. */
  | "language"
  /** The recorded version differs; later versions of requests or urllib3 behave like this package. */
  | "later"
  /** A known fault of this package that is not fixed yet. */
  | "open";

/** One difference between the recording and the replay, at a place such as `sent.0`; both sides as JSON. */
export interface Recorded {
  readonly at: string;
  readonly theirs: string;
  readonly ours: string;
}

export interface Departure {
  /** The number on the page and at the beginning of the file's name. */
  readonly id: number;
  readonly kind: Kind;
  /** The topic in a few words. This and the following three are Markdown. */
  readonly title: string;
  /** The behavior of this package. */
  readonly ours: string;
  /** The behavior of requests. */
  readonly theirs: string;
  /** Why this package differs, in one sentence. */
  readonly reason: string;
  /** The test for a departure that no exchange over plain sockets can show: its file below tests/, and its tag. */
  readonly provenBy?: readonly [file: string, tag: string];
  /**
   * The recorded calls that show it, and what differs there. The key is `subject: call`, or
   * `subject: call @ part of the place` when the call's other differences belong to another departure.
   */
  readonly differences?: Readonly<Record<string, readonly Recorded[]>>;
}

const FOLDER = join(import.meta.dirname, "../../../tests/parity/departures");

/** Every departure, in the order of numbers. */
export function readDepartures(): Departure[] {
  return files().map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Departure);
}

/** Writes the departure into its file, one line for each difference. */
export function writeDeparture({ differences, ...rest }: Departure): void {
  const file = files().find((name) => name.startsWith(`${String(rest.id).padStart(2, "0")}-`));
  if (file === undefined) throw new Error(`tests/parity/departures has no file for number ${rest.id}`);
  const members = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  if (differences !== undefined) members.push(`  "differences": ${renderedDifferences(differences)}`);
  writeFileSync(join(FOLDER, file), `{\n${members.join(",\n")}\n}\n`);
}

function renderedDifferences(differences: Readonly<Record<string, readonly Recorded[]>>): string {
  const calls = Object.entries(differences).map(([call, recorded]) => {
    const lines = recorded.map((difference) => `\n      ${JSON.stringify(difference)}`);
    return `    ${JSON.stringify(call)}: [${lines.join(",")}\n    ]`;
  });
  return `{\n${calls.join(",\n")}\n  }`;
}

function files(): string[] {
  return readdirSync(FOLDER).sort();
}
