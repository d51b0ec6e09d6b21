/** The code of a scene, taken from the file that it is compiled from: what is shown cannot differ from what is run. */
import { readFileSync } from "node:fs";
import { sep } from "node:path";
import { fileURLToPath } from "node:url";

import type { Chapter, Scene } from "./scene.js";

const files = new Map<string, readonly string[]>();

/** The lines between the braces of the scene's `play`. */
export function codeOf(chapter: Chapter, scene: Scene): readonly string[] {
  const lines = linesOf(chapter);
  const title = lines.indexOf(`    title: ${JSON.stringify(scene.title)},`);
  const start = lines.findIndex((line, at) => at > title && line.startsWith("    async play("));
  const end = lines.indexOf("    },", start);
  if (title === -1 || start === -1 || end === -1)
    throw new Error(`The code of "${scene.title}" is not in ${sourceOf(chapter)}: is that file formatted by prettier?`);
  return lines.slice(start + 1, end).map((line) => line.replace(/^ {6}/, ""));
}

/** What a reader must import to run the scenes of a chapter. */
export function importsOf(chapter: Chapter): readonly string[] {
  return linesOf(chapter).filter((line) => /^import .* from "[^.]/.test(line));
}

function linesOf(chapter: Chapter): readonly string[] {
  const path = sourceOf(chapter);
  const known = files.get(path);
  if (known !== undefined) return known;
  const lines = readFileSync(path, "utf8").split(/\r?\n/);
  files.set(path, lines);
  return lines;
}

/** `build/tests/tour/chapters/x.js` is made from `tests/tour/chapters/x.ts`. */
function sourceOf(chapter: Chapter): string {
  const compiled = fileURLToPath(chapter.module);
  const at = compiled.lastIndexOf(`${sep}build${sep}tests${sep}`);
  return `${compiled.slice(0, at)}${compiled.slice(at + `${sep}build`.length)}`.replace(/\.js$/, ".ts");
}
