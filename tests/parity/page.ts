/** The departures as they stand in docs/coming-from-python.md. */
import type { Departure, Kind } from "./departures.js";

export const BEGIN = "<!-- departures: written by npm run docs -- parity from tests/parity/departures/ -->";
export const END = "<!-- end of the departures -->";

const WIDTH = 120;

const SECTIONS: readonly (readonly [Kind, heading: string, words: string])[] = [
  ["purpose", "Different on purpose", ""],
  ["language", "Different because values are JavaScript's", ""],
  ["later", "Different from the version that was recorded", "Later versions of requests and urllib3 do here as we do."],
  ["open", "Different, and not yet as it should be", ""],
];

/** The figures of the comparison. */
export interface Compared {
  readonly versions: Readonly<Record<string, string>>;
  readonly total: number;
  readonly same: number;
}

/** Markdown; the numbers go on from section to section. */
export function renderedDepartures(departures: readonly Departure[], { versions, total, same }: Compared): string {
  const recorded = Object.entries(versions).map(
    ([name, version]) => `${name === "python" ? "Python" : name} ${version}`,
  );
  const parts = [
    filled(
      `${total} calls were made with Python's requests and recorded (${recorded.join(", ")}): every byte that went out, and what came back. The same calls with requests-ts end in the same in ${same} of them; each difference in the others belongs to one of these lines. [tests/parity](../tests/parity/README.md) has the calls and the recordings, and says what is levelled before comparing: such things as boundaries and the product in User-Agent.`,
      "",
    ),
  ];
  for (const [kind, heading, words] of SECTIONS) {
    const lines = departures.filter((departure) => departure.kind === kind);
    if (lines.length === 0) continue;
    parts.push(`## ${heading}`);
    if (words !== "") parts.push(words);
    parts.push(
      lines
        .map(({ id, title, text }) => filled(`${id}. **${title}** ${text}`, "    ".slice(0, `${id}. `.length)))
        .join("\n"),
    );
  }
  return parts.join("\n\n");
}

/** Words in lines of at most 120 characters; code in backquotes stays on one line. */
function filled(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/(?:[^\s`]|`[^`]*`)+/g) ?? []) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
