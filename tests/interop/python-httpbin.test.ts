/** Every scene of the tour against Python's httpbin: what the embedded one is modelled on. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startPythonHttpbin, whyNoPythonHttpbin, type PythonHttpbin } from "../_support/python-httpbin.js";
import { SCENES } from "../tour/chapters/index.js";
import { NOTHING, shown, type Outcome } from "../tour/scene.js";
import { openTheatre, type Theatre } from "../tour/stage.js";

describe("the tour on Python's httpbin", { skip: whyNoPythonHttpbin() }, () => {
  let server: PythonHttpbin;
  let theatre: Theatre;
  before(async () => {
    server = await startPythonHttpbin();
    theatre = await openTheatre(server.url);
  });
  after(async () => {
    await theatre?.[Symbol.asyncDispose]();
    await server?.close();
  });

  for (const { number, scene } of SCENES)
    it(`${number}  ${scene.title}`, async () => {
      const outcome = await theatre.play(scene);
      assert.ok(outcome.ok, faults(outcome));
      assert.ok(outcome.checks.length > 0, "the scene printed nothing, so it shows nothing");
    });
});

function faults({ checks, error }: Outcome): string {
  const wrong = checks.filter(({ ok }) => !ok);
  const lines = wrong.map(({ actual, expected }) => `printed ${said(actual)}, expected ${said(expected)}`);
  if (error !== undefined) lines.push(error instanceof Error ? (error.stack ?? String(error)) : shown(error));
  return lines.join("\n");
}

function said(value: unknown): string {
  return value === NOTHING ? "nothing" : shown(value);
}
