/** The table of departures in docs/coming-from-python.md. */
import type { Departure } from "./departures.js";

export const BEGIN = "<!-- departures: written by npm run docs -- parity from tests/parity/departures/ -->";
export const END = "<!-- end of the departures -->";

const HEAD = ["", "about", "requests-ts", "requests", "why"];

/** The figures of the comparison. */
export interface Compared {
  readonly versions: Readonly<Record<string, string>>;
  readonly total: number;
  readonly same: number;
}

/** A table with a row for each departure. */
export function renderedDepartures(departures: readonly Departure[], { versions, total, same }: Compared): string {
  const recorded = Object.entries(versions).map(
    ([name, version]) => `${name === "python" ? "Python" : name} ${version}`,
  );
  const later = departures.filter(({ kind }) => kind === "later").map(({ id }) => id);
  const intro = [
    `${total} calls of Python's requests were recorded (${recorded.join(", ")}), with every byte that was sent.`,
    `The same calls with requests-ts have the same result in ${same} cases. Each other difference belongs to a row of this table.`,
    `Rows ${later[0]} to ${later.at(-1)} differ from the recorded version only; later versions behave like requests-ts.`,
    `[tests/parity](../tests/parity/README.md) has the calls and the recordings.`,
  ];
  const rows = departures.map(({ id, title, ours, theirs, reason }) => row([String(id), title, ours, theirs, reason]));
  return [intro.join("\n"), [row(HEAD), row(HEAD.map(() => "---")), ...rows].join("\n")].join("\n\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
