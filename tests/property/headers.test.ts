/** Lists of fields that share what they have in common: none sees what another one was changed to. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { FieldList } from "#internal/http/fields";
import { headLines } from "#internal/wire/http1/request-head";

const name = fc.constantFrom("A", "a", "Host", "Connection", "content-length", "X-Long-Name");
const value = fc.constantFrom("", "1", "close", "keep-alive", "a, b");
const which = fc.nat(9);

/** A step: on the list of that number, counted round. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("set" as const), which, name, value }),
    fc.record({ kind: fc.constant("append" as const), which, name, value }),
    fc.record({ kind: fc.constant("delete" as const), which, name }),
    fc.record({ kind: fc.constant("setAll" as const), which, name, values: fc.array(value, { maxLength: 3 }) }),
    fc.record({ kind: fc.constant("copy" as const), which }),
    fc.record({ kind: fc.constant("copyOnWrite" as const), which }),
    fc.record({ kind: fc.constant("lines" as const), which }),
  ),
  { maxLength: 40 },
);

type Model = [name: string, value: string][];

function has(model: Model, wanted: string): boolean {
  return model.some(([each]) => each.toLowerCase() === wanted.toLowerCase());
}

function setAll(model: Model, name: string, values: readonly string[]): Model {
  const lower = name.toLowerCase();
  const at = model.findIndex(([each]) => each.toLowerCase() === lower);
  const kept = (from: Model): Model => from.filter(([each]) => each.toLowerCase() !== lower);
  const made = values.map((each): [string, string] => [name, each]);
  return at === -1 ? [...model, ...made] : [...model.slice(0, at), ...made, ...kept(model.slice(at))];
}

function assertSame(fields: FieldList, model: Model): void {
  assert.deepEqual(fields.raw, model.flat());
  assert.deepEqual(
    fields.lower,
    model.map(([each]) => each.toLowerCase()),
  );
  const { text, hasHost, hasFraming, closes } = fields.derive(headLines);
  assert.deepEqual(
    { text, hasHost, hasFraming, closes },
    {
      text: model.map(([each, content]) => `${each}: ${content}\r\n`).join(""),
      hasHost: has(model, "host"),
      hasFraming: has(model, "content-length"),
      closes: model.some(([each, content]) => each.toLowerCase() === "connection" && content === "close"),
    },
  );
}

describe("FieldList", () => {
  it("has the result of its own changes, whatever happens to its copies", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const lists: { readonly fields: FieldList; model: Model }[] = [{ fields: new FieldList(), model: [] }];
        for (const step of all) {
          const list = lists[step.which % lists.length];
          const { fields, model } = list;
          if (step.kind === "set") {
            fields.set(step.name, step.value);
            list.model = setAll(model, step.name, [step.value]);
          } else if (step.kind === "append") {
            fields.append(step.name, step.value);
            list.model = [...model, [step.name, step.value]];
          } else if (step.kind === "delete") {
            assert.equal(fields.delete(step.name), has(model, step.name));
            list.model = setAll(model, step.name, []);
          } else if (step.kind === "setAll") {
            fields.setAll(step.name, step.values);
            list.model = setAll(model, step.name, step.values);
          } else if (step.kind === "lines") {
            assertSame(fields, model);
          } else lists.push({ fields: fields[step.kind](), model });
        }
        for (const { fields, model } of lists) assertSame(fields, model);
      }),
      { numRuns: 2000 },
    );
  });
});
