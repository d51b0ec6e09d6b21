// Downloads a file with a progress bar, and goes on where it was cut.
//   node examples/download.mjs URL [path] [--sha256 HEX]
// Exit status: 0 saved; 1 not saved; 2 a mistake in the command line; 130 stopped by Ctrl-C.
import { basename } from "node:path";
import { parseArgs } from "node:util";

import cliProgress from "cli-progress";
import requests from "requests-ts";

const USAGE = "Usage: node examples/download.mjs URL [path] [--sha256 HEX]";
/** Seconds that the server may be silent. */
const PATIENCE = 30;

const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("stopped")));
process.once("SIGTERM", () => stop.abort(new Error("stopped")));

process.exitCode = await main(process.argv.slice(2));

async function main(/** @type {string[]} */ args) {
  let order;
  try {
    order = readOrder(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  const { url, path, sha256 } = order;
  const progress = process.stdout.isTTY ? terminalProgress(path) : plainProgress(path);
  const session = new requests.Session({ retries: 3 });
  let response;
  try {
    response = await session.get(url, { stream: true, timeout: PATIENCE, signal: stop.signal });
    const { size, resumedFrom } = await response.raiseForStatus().saveTo(path, {
      resume: true,
      sha256,
      onProgress: progress.show,
    });
    progress.stop();
    console.log(`${path}: ${bytes(size)}${resumedFrom > 0 ? `, continued from ${bytes(resumedFrom)}` : ""}`);
    return 0;
  } catch (error) {
    progress.stop();
    if (stop.signal.aborted) {
      console.error("Stopped. The part received is kept: the same command continues from there.");
      return 130;
    }
    console.error(`Not saved: ${explain(error, path)}`);
    return 1;
  } finally {
    response?.close();
    await session.close();
  }
}

function readOrder(/** @type {string[]} */ args) {
  const { values, positionals } = parseArgs({
    args,
    options: { sha256: { type: "string" } },
    allowPositionals: true,
  });
  const [url, path, more] = positionals;
  if (url === undefined) throw new Error("Which URL?");
  if (more !== undefined) throw new Error(`One URL and one path, and not ${JSON.stringify(more)}`);
  if (!URL.canParse(url) || !/^https?:/i.test(url))
    throw new Error(`${JSON.stringify(url)} is not an http or https URL`);
  return { url, path: path ?? nameOf(url), sha256: values.sha256 };
}

/** The last part of the URL's path; a name that could lead elsewhere is none. */
function nameOf(/** @type {string} */ url) {
  const name = basename(decodeURI(new URL(url).pathname));
  return /^[^/\\\0]+$/.test(name) && name !== "." && name !== ".." ? name : "download";
}

/** A bar that is drawn in place. */
function terminalProgress(/** @type {string} */ path) {
  const bar = new cliProgress.SingleBar(
    {
      format: "{name} {bar} {percentage}% {come} of {all} in {duration_formatted}",
      hideCursor: true,
      stopOnComplete: false,
      stream: process.stdout,
    },
    cliProgress.Presets.shades_classic,
  );
  let started = false;
  return {
    /** @param {{ transferred: number, total?: number }} progress */
    show: ({ transferred, total }) => {
      const payload = { name: path, come: bytes(transferred), all: total === undefined ? "?" : bytes(total) };
      if (!started) bar.start(total ?? 0, transferred, payload);
      else {
        if (total !== undefined) bar.setTotal(total);
        bar.update(transferred, payload);
      }
      started = true;
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}

/** A line for each tenth, or for each 10 MB where the size is not known: for logs. */
function plainProgress(/** @type {string} */ path) {
  let last = -1;
  return {
    /** @param {{ transferred: number, total?: number }} progress */
    show: ({ transferred, total }) => {
      const step = Math.floor(total === undefined ? transferred / 10e6 : (10 * transferred) / total);
      if (step === last) return;
      last = step;
      console.log(`${path}: ${bytes(transferred)}${total === undefined ? "" : ` of ${bytes(total)}`}`);
    },
    stop: () => undefined,
  };
}

/** What went wrong, in words; the messages of requests-ts say what to try. */
function explain(/** @type {unknown} */ error, /** @type {string} */ path) {
  if (!(error instanceof Error)) return String(error);
  switch (/** @type {NodeJS.ErrnoException} */ (error).code) {
    case "ENOENT":
    case "ENOTDIR":
      return `there is no folder for ${path}`;
    case "EACCES":
    case "EPERM":
      return `${path} may not be written`;
    case "ENOSPC":
      return "the disk is full; what has come is kept";
    default:
      return error instanceof requests.ChunkedEncodingError || error instanceof requests.Timeout
        ? `${error.message}. The part received is kept: the same command continues from there`
        : error.message;
  }
}

function bytes(/** @type {number} */ count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
