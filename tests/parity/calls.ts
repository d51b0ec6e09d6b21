/** The calls, how they are written, and what Python's requests made of them. README.md says it in words. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** An answer: latin-1 text, then UTF-8 text, then bytes; `{length}` in the text is the length of the latter two. */
export type Answer =
  | string
  | {
      readonly text?: string;
      readonly utf8?: string;
      readonly base64?: string;
      /** What the server does after it; by default it waits for the next request. */
      readonly then?: "close" | "reset" | "silence";
    };

/** The verb, and its arguments. */
export type Step = readonly [string, ...Json[]];

export interface Call {
  readonly name: string;
  /** A Session is made with these settings; without them the functions of the module are called. */
  readonly session?: { readonly [name: string]: Json };
  /** Answers to successive requests, on whatever connection they come; the last one answers all that follow. */
  readonly server?: readonly Answer[];
  readonly env?: { readonly [name: string]: string };
  /** The content of the file that NETRC names. */
  readonly netrc?: string;
  readonly steps: readonly Step[];
}

/** A request as the server got it. */
export interface Sent {
  /** 1 for `{origin}`, 2 for `{other}`. */
  readonly origin: number;
  /** Of this origin, counted from 1. */
  readonly connection: number;
  /** Latin-1 text of the bytes. */
  readonly bytes: string;
}

/** What a call ended in. */
export interface Played {
  readonly sent: readonly Sent[];
  /** Of each step. */
  readonly results: readonly Json[];
  /** Status and URL of the responses that a hook saw. */
  readonly hooked?: readonly Json[];
}

export interface Subject {
  readonly name: string;
  readonly calls: readonly Call[];
  readonly recording: {
    readonly versions: Readonly<Record<string, string>>;
    readonly calls: Readonly<Record<string, Played>>;
  };
}

const FOLDER = join(import.meta.dirname, "../../../tests/parity");

/** Every file of calls/ with its recording. */
export function subjects(): Subject[] {
  return readdirSync(join(FOLDER, "calls"))
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ""),
      calls: read(join(FOLDER, "calls", file)) as Call[],
      recording: read(join(FOLDER, "recordings", file)) as Subject["recording"],
    }));
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
