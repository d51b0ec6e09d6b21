/** json(schema) with the libraries that people use. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { type } from "arktype";
import { get, JSONDecodeError, type SchemaIssue, type StandardSchema } from "requests-ts";
import * as v from "valibot";
import { z } from "zod";

import { failure, serve } from "./serve.js";

const GOOD = '{"name":"Ada","tags":["x"],"since":"1843-07-01"}';
const BAD = '{"name":5,"tags":["x",7]}';
let body = GOOD;
const server = await serve((_, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end(body);
});
after(() => server.close());

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

interface User {
  readonly name: string;
  readonly tags: string[];
  readonly since: string;
}

const schemas: readonly (readonly [name: string, schema: StandardSchema<User>])[] = [
  ["zod", z.object({ name: z.string(), tags: z.array(z.string()), since: z.string() })],
  ["valibot", v.object({ name: v.string(), tags: v.array(v.string()), since: v.string() })],
  ["arktype", type({ name: "string", tags: "string[]", since: "string" })],
];

for (const [name, schema] of schemas)
  describe(`json(schema) with ${name}`, () => {
    it("returns a value that fits", async () => {
      body = GOOD;
      const expected: unknown = JSON.parse(GOOD);
      assert.deepEqual((await get(server.url)).json(schema), expected);
      assert.deepEqual(await get(server.url).json(schema), expected);
      const streamed = await get(server.url, { stream: true });
      assert.deepEqual(await all(streamed.iterJson(schema)), [expected]);
    });

    it("throws with the path of what does not fit", async () => {
      body = BAD;
      const streamed = await get(server.url, { stream: true });
      for (const error of [
        await failure(get(server.url).then((response) => response.json(schema))),
        await failure(get(server.url).json(schema)),
        await failure(streamed.iterJson(schema).next()),
      ]) {
        assert.ok(error instanceof JSONDecodeError, String(error));
        assert.equal(error.code, "ERR_SCHEMA");
        assert.match(error.message, /^The JSON does not fit the schema: /);
        for (const path of ["name", "tags.1", "since"])
          assert.ok(error.message.includes(`${path}: `), `${path}: ${error.message}`);
        assert.equal(error.doc, BAD);
        assert.equal((error.cause as readonly SchemaIssue[]).length, 3);
        assert.equal(error.response?.statusCode, 200);
      }
    });
  });

describe("json(schema)", () => {
  it("returns the result of the schema [json-schema]", async () => {
    body = GOOD;
    const zod = z.object({ since: z.coerce.date() }).transform(({ since }) => since.getUTCFullYear());
    const valibot = v.pipe(v.object({ since: v.pipe(v.string(), v.toDate()) }), v.transform(({ since }) => since.getUTCFullYear())); // prettier-ignore
    const arktype = type({ since: "string.date.parse" }).pipe(({ since }) => since.getUTCFullYear());
    const response = await get(server.url);
    assert.deepEqual([response.json(zod), response.json(valibot), response.json(arktype)], [1843, 1843, 1843]);
  });

  it("throws JSONDecodeError for invalid JSON, without calling the schema", async () => {
    body = "<html>";
    const error = await failure(get(server.url).json(schemas[0][1]));
    assert.ok(error instanceof JSONDecodeError);
    assert.equal(error.code, "ERR_JSON_DECODE");
  });

  it("throws a TypeError for a value that is not a schema", async () => {
    body = GOOD;
    const response = await get(server.url);
    for (const thing of [{ type: "object" }, () => true, null, "x"]) {
      assert.throws(() => response.json(thing as never), /takes a Standard Schema/);
      await assert.rejects(get(server.url).json(thing as never), /takes a Standard Schema/);
    }
  });
});

describe("json(schema) with an asynchronous schema", () => {
  const known = async (name: string): Promise<boolean> => name === "Ada";
  const cases: readonly (readonly [name: string, schema: StandardSchema<{ name: string }>])[] = [
    ["zod", z.object({ name: z.string().refine(known, "unknown") })],
    ["valibot", v.objectAsync({ name: v.pipeAsync(v.string(), v.checkAsync(known, "unknown")) })],
  ];
  for (const [name, schema] of cases) {
    it(`${name}: json() of the call's promise awaits it`, async () => {
      body = '{"name":"Ada"}';
      assert.deepEqual(await get(server.url).json(schema), { name: "Ada" });
      const streamed = await get(server.url, { stream: true });
      assert.deepEqual((await streamed.iterJson(schema).next()).value, { name: "Ada" });
      body = '{"name":"Bob"}';
      const error = await failure(get(server.url).json(schema));
      assert.ok(error instanceof JSONDecodeError);
      assert.match(error.message, /name: unknown/);
    });

    it(`${name}: response.json() throws a TypeError with advice, because it cannot wait`, async () => {
      body = '{"name":"Ada"}';
      const response = await get(server.url);
      assert.throws(
        () => response.json(schema),
        (error: Error) =>
          error instanceof TypeError && /await requests\.get\(url\)\.json\(schema\)/.test(error.message),
      );
    });
  }
});
