/**
 * `npm run tour`: plays every example of the tutorials, shows the code and what came back, and checks it.
 * Exit status 0: all as it should be; 1: some scene was not; 2: a mistake in the command line.
 */
import { parseArgs } from "node:util";
import requests from "requests-ts";

import { SCENES, type Placed } from "./chapters/index.js";
import { Page } from "./page.js";
import { codeOf, importsOf } from "./source.js";
import { calmEnvironment, openTheatre } from "./stage.js";

const HELP = `Usage: npm run tour -- [--base URL] [--only WORD] … [--list]

Plays the examples of the tutorials one by one: the code, what came back, and whether it is right.

  -b, --base URL    play on this httpbin, not on the one that comes with the package
  -o, --only WORD   only scenes with this word in the title or the chapter's title, or with this number
  -l, --list        show the titles
  -h, --help        show this
`;

/** Something the user can put right: shown without a stack. */
class UsageError extends Error {}

interface Options {
  readonly base: string | undefined;
  readonly list: boolean;
  readonly help: boolean;
  readonly scenes: readonly Placed[];
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      base: { type: "string", short: "b" },
      only: { type: "string", short: "o", multiple: true, default: [] },
      list: { type: "boolean", short: "l", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { base, list, help } = values;
  if (base !== undefined && !/^https?:\/\/./.test(base))
    throw new UsageError(`--base must be a URL such as http://127.0.0.1:8080, not ${JSON.stringify(base)}`);
  const scenes = SCENES.filter(
    (placed) => values.only.length === 0 || values.only.some((word) => matches(placed, word)),
  );
  if (scenes.length === 0)
    throw new UsageError(`No scene has ${values.only.join(" or ")} in its title; --list shows them all`);
  return { base, list, help, scenes };
}

function matches({ number, chapter, scene }: Placed, word: string): boolean {
  return word === String(number) || `${chapter.title}\n${scene.title}`.toLowerCase().includes(word.toLowerCase());
}

function printList(scenes: readonly Placed[]): void {
  for (const [at, { number, chapter, scene }] of scenes.entries()) {
    if (scenes[at - 1]?.chapter !== chapter) process.stdout.write(`${at === 0 ? "" : "\n"}${chapter.title}\n`);
    process.stdout.write(`${String(number).padStart(4)}  ${scene.title}\n`);
  }
}

/** @throws UsageError when nothing answers there. */
async function checkBase(base: string): Promise<void> {
  try {
    await requests.get(`${base}/get`, { timeout: 10 }).raiseForStatus().json();
  } catch (error) {
    throw new UsageError(`There is no httpbin at ${base}: ${String(error)}`, { cause: error });
  }
}

/** @returns Whether every scene was as it should be. */
async function playAll({ base, scenes }: Options): Promise<boolean> {
  const colours = process.stdout.isTTY && !process.env["NO_COLOR"];
  const width = Math.max(40, Math.min(process.stdout.columns ?? 100, 100));
  const page = new Page({ write: (text) => void process.stdout.write(text), colours, width });
  await using theatre = await openTheatre(base);
  if (base !== undefined) await checkBase(theatre.base);

  const own = "the httpbin of this package, started for this tour";
  page.heading(
    `requests-ts ${requests.version}, a tour in ${scenes.length} ${scenes.length === 1 ? "scene" : "scenes"} (Node.js ${process.version})`,
    [
      ["base", `${theatre.base}${base === undefined ? `, ${own}` : ""}`],
      ["lab", base === undefined ? "the same, where a scene needs a route that only it has" : `${theatre.lab}, ${own}`],
    ],
  );
  const start = performance.now();
  const failed: string[] = [];
  for (const [at, { number, chapter, scene }] of scenes.entries()) {
    if (scenes[at - 1]?.chapter !== chapter) page.chapter(chapter.title, importsOf(chapter));
    page.scene(number, scene.title, codeOf(chapter, scene));
    const outcome = await theatre.play(scene);
    page.outcome(outcome);
    if (!outcome.ok) failed.push(`${number}  ${scene.title}`);
  }
  page.summary(scenes.length - failed.length, failed, (performance.now() - start) / 1000);
  return failed.length === 0;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else if (options.list) printList(options.scenes);
  else if (!(await playAll(options))) process.exitCode = 1;
}

// `npm run tour | head` ends the tour, which is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
calmEnvironment(process.env);
main().catch((error: unknown) => {
  const usage =
    error instanceof UsageError ||
    (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
  if (!usage) throw error;
  process.stderr.write(`tour: ${error.message}\nTry npm run tour -- --help.\n`);
  process.exitCode = 2;
});
