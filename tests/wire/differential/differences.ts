/**
 * Where our parser and llhttp part, on purpose. A contradiction between them that no line here explains is a fault of
 * one of them. Each line is shown by a case of the corpus, and none explains more than its class of inputs.
 */
import { contradictions, type Reading } from "../../_support/llhttp.js";

export interface Difference {
  readonly id: string;
  /** The class of inputs. */
  readonly inputs: string;
  readonly ours: string;
  readonly llhttp: string;
  readonly why: string;
  /** Whether a contradiction is of this kind; both faults are those of the readings, "" where there is none. */
  readonly explains: (ours: Reading, theirs: Reading) => boolean;
}

/** We refuse, for this reason, whatever llhttp does. */
function weRefuse(fault: RegExp): Difference["explains"] {
  return (ours) => fault.test(ours.fault);
}

/** llhttp refuses, for this reason, what we take. */
function theyRefuse(fault: RegExp): Difference["explains"] {
  return (_ours, theirs) => fault.test(theirs.fault);
}

/** Nothing differs but whether the connection is kept, and we close or keep it as said. */
function onlyKeeping(oursKeeps: boolean, condition: (ours: Reading) => boolean): Difference["explains"] {
  return (ours, theirs) =>
    ours.keepAlive === oursKeeps && contradictions(ours, theirs).join() === "keepAlive" && condition(ours);
}

function field(reading: Reading, name: string): string {
  const raw = reading.head?.[3] ?? [];
  return raw.filter((_text, at) => at % 2 === 1 && raw[at - 1].toLowerCase() === name).join();
}

export const DIFFERENCES: readonly Difference[] = [];
