/** What the tour prints: readable in a plain log, coloured on a terminal. */
import { styleText } from "node:util";

import { NOTHING, shown, type Check, type Outcome } from "./scene.js";

/** Where the page goes. */
export interface Paper {
  write(text: string): void;
  readonly colours: boolean;
  /** Characters in a line, at least 40. */
  readonly width: number;
}

type Style = Parameters<typeof styleText>[0];

const TOKENS =
  /(?<comment>\/\/.*$)|(?<string>"[^"]*"|'[^']*'|`[^`]*`)|\b(?<keyword>import|type|from|const|let|await|async|using|new|for|of|try|catch|if|throw|return|yield|function|class|extends|override|instanceof|typeof)\b/g;

/** Writes scenes one below the other. */
export class Page {
  readonly #paper: Paper;

  constructor(paper: Paper) {
    this.#paper = paper;
  }

  /** The first lines: what this is, and against which server. */
  heading(title: string, facts: readonly (readonly [string, string])[]): void {
    this.#line();
    this.#line(`  ${this.#in("bold", title)}`);
    this.#line();
    for (const [name, fact] of facts) this.#line(`  ${this.#in("cyan", name.padEnd(5))} ${this.#in("dim", fact)}`);
  }

  /** The head of a chapter, with what a reader must import. */
  chapter(title: string, imports: readonly string[]): void {
    const rule = "─".repeat(Math.max(3, this.#paper.width - title.length - 6));
    this.#line();
    this.#line();
    this.#line(this.#in("bold", `── ${title} ${rule}`));
    this.#line();
    this.#code(imports);
  }

  /** The title and the code of a scene, before it is played. */
  scene(number: number, title: string, code: readonly string[]): void {
    this.#line();
    this.#line(`${this.#in("cyan", String(number).padStart(3))}  ${this.#in("bold", title)}`);
    this.#line();
    this.#code(code);
    this.#line();
  }

  /** What came back. */
  outcome({ checks, error }: Outcome): void {
    for (const check of checks) this.#check(check);
    if (error !== undefined)
      this.#wrapped("✗", "red", error instanceof Error ? (error.stack ?? String(error)) : shown(error));
  }

  /** The last lines; the very last one is for programs. */
  summary(passed: number, failed: readonly string[], seconds: number): void {
    this.#line();
    this.#line(this.#in("bold", "─".repeat(this.#paper.width)));
    this.#line();
    for (const title of failed) this.#line(`  ${this.#in("red", "✗")}  ${title}`);
    if (failed.length > 0) this.#line();
    const style = failed.length === 0 ? "green" : "red";
    this.#line(this.#in("dim", `played in ${seconds.toFixed(1)} s`));
    this.#line(this.#in(style, `${passed} scenes passed, ${failed.length} failed`));
    this.#line(`${passed} passed, ${failed.length} failed`);
  }

  #check({ ok, actual, expected }: Check): void {
    if (ok) return this.#wrapped("✓", "green", this.#value(actual));
    this.#wrapped("✗", "red", actual === NOTHING ? "nothing was printed" : this.#value(actual));
    this.#wrapped(" ", "red", `expected ${expected === NOTHING ? "nothing more" : this.#value(expected)}`);
  }

  #value(value: unknown): string {
    return shown(value, this.#paper.width - 6);
  }

  #code(lines: readonly string[]): void {
    for (const line of lines) this.#line(line === "" ? "" : `     ${this.#highlighted(line)}`);
  }

  #highlighted(line: string): string {
    if (!this.#paper.colours) return line;
    return line.replace(TOKENS, (token, comment?: string, string?: string) =>
      this.#in(comment !== undefined ? "dim" : string !== undefined ? "yellow" : "magenta", token),
    );
  }

  /** A mark and a text after it, whose further lines begin below its first. */
  #wrapped(mark: string, style: Style, content: string): void {
    const lines = content.split("\n").flatMap((line) => folded(line, this.#paper.width - 5));
    for (const [at, line] of lines.entries())
      this.#line(`${at === 0 ? `  ${this.#in(style, mark)}  ` : "     "}${line}`);
  }

  #in(style: Style, content: string): string {
    return this.#paper.colours ? styleText(style, content, { validateStream: false }) : content;
  }

  #line(content = ""): void {
    this.#paper.write(`${content}\n`);
  }
}

/** A line in lines of at most `width` characters, broken at blanks where there are any. */
function folded(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const blank = rest.lastIndexOf(" ", width);
    const end = blank > width / 2 ? blank : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
