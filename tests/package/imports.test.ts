/** The import table: which layer may know which. ARCHITECTURE.md draws it; this fails with the offending line. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import {
  environmentReads,
  findCycle,
  importsOf,
  reachable,
  root,
  sources,
  type ImportEdge,
  type SourceText,
} from "./source-graph.js";

/**
 * Layer → what it may import, from the bottom up. A layer may always import from itself.
 */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  version: [],
  exceptions: [],
  // The channels that the engine and the layers above it publish on; at the bottom, since all of them do.
  diagnostics: [],
  // How options are described, checked and explained, and how values are recognized.
  options: [],
  // HTTP vocabulary as values.
  http: ["exceptions", "options"],
  // Bytes to text and data.
  content: ["exceptions", "http"],
  auth: ["exceptions", "options", "http"],
  // The cookie jar.
  cookies: ["exceptions", "options", "http"],
  message: ["exceptions", "options", "http", "content", "cookies", "auth"],
  // Decisions over values.
  policy: ["exceptions", "options", "http"],
  // The engine knows HTTP and nothing of sessions, requests and responses.
  wire: ["exceptions", "diagnostics", "http"],
  adapters: ["exceptions", "diagnostics", "options", "http", "auth", "message", "policy", "wire"],
  client: [
    "version",
    "exceptions",
    "diagnostics",
    "options",
    "http",
    "content",
    "auth",
    "cookies",
    "message",
    "policy",
    "wire",
    "adapters",
  ],
  index: [
    "version",
    "exceptions",
    "diagnostics",
    "http",
    "content",
    "auth",
    "cookies",
    "message",
    "policy",
    "wire",
    "adapters",
    "client",
  ],
  // It tests the client, so it shares no code with it.
  httpbin: [],
  // What authors of companions need beside the main entry: the companions of this package use it as others do.
  extend: ["options", "http", "content", "cookies", "message", "wire", "adapters", "client"],
  events: ["index", "extend"],
  multipart: ["index", "extend"],
  testing: ["index", "extend"],
  har: ["index", "extend"],
  opentelemetry: ["index", "extend"],
};

/** Layers whose types a lower layer may name; they leave nothing in the JavaScript. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  // An exception names the request and the response that it carries, and the policy of retries.
  exceptions: ["message", "policy"],
  // The contract of auth objects is about requests and responses.
  auth: ["message"],
};

/** Packages that a layer may import beside Node's own modules. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  content: ["chardet", "eventsource-parser"],
  cookies: ["tough-cookie"],
  wire: ["socks"],
  opentelemetry: ["@opentelemetry/api"],
};

/** The only readers of `process.env`. */
const ENVIRONMENT_READERS = ["client/environment.ts", "httpbin/main.ts"];

const MAX_LINES = 600;

const COMPANIONS: readonly string[] = ["httpbin", "events", "multipart", "testing", "har", "opentelemetry"];

const files = sources();
const edges = files.flatMap(importsOf);
const loaded = graph(edges.filter(({ typeOnly, isDeferred }) => !typeOnly && !isDeferred));

function layerOf(path: string): string {
  const [first = "", ...rest] = path.split("/");
  // The namespaces of the default export are a part of the entry.
  if (first === "namespaces") return "index";
  return rest.length === 0 ? first.replace(/\.ts$/, "") : first;
}

function graph(list: readonly ImportEdge[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { from, to } of list)
    if (to !== null) {
      const targets = found.get(from);
      if (targets === undefined) found.set(from, [to]);
      else targets.push(to);
    }
  return found;
}

/** The imports that the table does not allow, each as a line that leads to it. */
function offences(list: readonly ImportEdge[]): string[] {
  return list.flatMap((edge) => {
    const reason = offence(edge);
    return reason === null ? [] : [`src/${edge.from}:${edge.line} imports "${edge.specifier}": ${reason}`];
  });
}

function offence({ from, to, specifier, typeOnly }: ImportEdge): string | null {
  const layer = layerOf(from);
  const allowed = TABLE[layer];
  if (allowed === undefined) return `the layer "${layer}" is not in the import table`;
  if (to === null) {
    if (specifier.startsWith("node:")) return null;
    if ((PACKAGES[layer] ?? []).includes(specifier)) return null;
    return `"${layer}" may import the packages ${(PACKAGES[layer] ?? []).join(", ") || "(none)"}, and Node's by "node:"`;
  }
  if (layerOf(to) === layer) return null;
  if (allowed.includes(layerOf(to)) || (typeOnly && TYPES[layer]?.includes(layerOf(to)) === true)) return null;
  return `"${layer}" may import ${allowed.join(", ") || "nothing of ours"}`;
}

describe("the import table", () => {
  it("has a layer for every file, and a file for every layer", () => {
    const found = new Set(files.filter(({ path }) => !path.endsWith(".d.ts")).map(({ path }) => layerOf(path)));
    assert.deepEqual([...found].sort(), Object.keys(TABLE).sort());
  });

  it("allows every import", () => {
    assert.deepEqual(offences(edges), []);
  });

  it("has no unused permission", () => {
    const used = new Set(edges.flatMap(({ from, to }) => (to === null ? [] : [`${layerOf(from)} → ${layerOf(to)}`])));
    const given = [TABLE, TYPES].flatMap((table) =>
      Object.entries(table).flatMap(([layer, allowed]) => allowed.map((other) => `${layer} → ${other}`)),
    );
    assert.deepEqual(
      given.filter((permission) => !used.has(permission)),
      [],
    );
  });

  it("has no member that is marked @internal: such members are public to users", () => {
    assert.deepEqual(
      files.filter(({ text }) => text.includes("@internal")).map(({ path }) => path),
      [],
    );
  });

  it("resolves every import to a file that exists", () => {
    const known = new Set(files.map(({ path }) => path));
    const lost = edges.filter(({ to }) => to !== null && !known.has(to)).map(({ from, line }) => `src/${from}:${line}`);
    assert.deepEqual(lost, []);
  });

  it("has every dependency of package.json, and no other package", async () => {
    const manifest = (await import(join(root, "package.json"), { with: { type: "json" } })) as {
      default: { dependencies: Record<string, string>; peerDependencies: Record<string, string> };
    };
    const { dependencies, peerDependencies } = manifest.default;
    const imported = edges.filter(({ to, specifier }) => to === null && !specifier.startsWith("node:"));
    assert.deepEqual(
      [...new Set(imported.map(({ specifier }) => specifier))].sort(),
      [...Object.keys(dependencies), ...Object.keys(peerDependencies)].sort(),
    );
  });

  const forbidden: readonly (readonly [SourceText, string])[] = [
    [
      { path: "message/url.ts", text: '\nimport { Session } from "../client/session.js";' },
      'src/message/url.ts:2 imports "../client/session.js": "message" may import exceptions, options, http, content, cookies, auth',
    ],
    [
      { path: "wire/pool.ts", text: 'export type { Response } from "../message/response.js";' },
      'src/wire/pool.ts:1 imports "../message/response.js": "wire" may import exceptions, diagnostics, http',
    ],
    [
      { path: "exceptions.ts", text: 'import { type Response } from "./message/response.js";' },
      'src/exceptions.ts:1 imports "./message/response.js": "exceptions" may import nothing of ours',
    ],
    [
      { path: "httpbin/body.ts", text: 'const headers = await import("../message/headers.js");' },
      'src/httpbin/body.ts:1 imports "../message/headers.js": "httpbin" may import nothing of ours',
    ],
    [
      { path: "auth/basic.ts", text: 'const base: import("../wire/pool.js").Pool | null = null;' },
      'src/auth/basic.ts:1 imports "../wire/pool.js": "auth" may import exceptions, options, http',
    ],
    [
      { path: "policy/retry.ts", text: 'import "undici";' },
      'src/policy/retry.ts:1 imports "undici": "policy" may import the packages (none), and Node\'s by "node:"',
    ],
    [
      { path: "helpers/x.ts", text: 'import "node:fs";' },
      'src/helpers/x.ts:1 imports "node:fs": the layer "helpers" is not in the import table',
    ],
  ];
  for (const [source, message] of forbidden)
    it(`refuses ${source.text.trim()} in ${source.path}`, () => {
      assert.deepEqual(offences(importsOf(source)), [message]);
    });

  it("lets exceptions.ts import types from higher layers", () => {
    assert.deepEqual(
      offences(importsOf({ path: "exceptions.ts", text: 'import type { R } from "./message/response.js";' })),
      [],
    );
  });
});

describe("the graph of loaded modules", () => {
  it("has no cycle", () => {
    assert.deepEqual(findCycle(loaded), null);
  });

  it("detects a cycle", () => {
    const cycle = new Map([
      ["a", ["b"]],
      ["b", ["c"]],
      ["c", ["b"]],
    ]);
    assert.deepEqual(findCycle(cycle), ["b", "c", "b"]);
  });

  it('loads no companion with the entry "."', () => {
    const found = [...reachable(loaded, "index.ts")];
    assert.ok(found.includes("client/session.ts"), "the walk from index.ts found nothing");
    assert.deepEqual(
      found.filter((path) => COMPANIONS.includes(layerOf(path))),
      [],
    );
  });
});

describe("a source file of src/", () => {
  it("reads process.env only in the files for the environment", () => {
    const lines = files
      .filter(({ path }) => !ENVIRONMENT_READERS.includes(path))
      .flatMap((source) => environmentReads(source).map((line) => `src/${source.path}:${line} reads process.env`));
    assert.deepEqual(lines, []);
  });

  const reads = [
    "process.env.HTTP_PROXY",
    'process["env"]',
    "const { env } = process",
    "const { env: variables } = process",
    "globalThis.process.env",
    'import { env } from "node:process"',
  ];
  for (const text of reads)
    it(`that reads the environment with ${text} is detected`, () => {
      assert.deepEqual(environmentReads({ path: "x.ts", text }), [1]);
    });

  it("has no vague name such as utils, helpers or common", () => {
    const drawers = files.filter(({ path }) => /(^|\/|-)(utils?|helpers?|common|misc)(\/|-|\.ts$)/.test(path));
    assert.deepEqual(
      drawers.map(({ path }) => path),
      [],
    );
  });

  it("has a name in kebab-case", () => {
    const others = files.filter(({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(basename(path)));
    assert.deepEqual(
      others.map(({ path }) => path),
      [],
    );
  });

  it(`has fewer than ${MAX_LINES} lines`, () => {
    const long = files
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .filter(({ lines }) => lines >= MAX_LINES)
      .map(({ path, lines }) => `src/${path} has ${lines} lines; look for the seam`);
    assert.deepEqual(long, []);
  });

  it("is compiled", () => {
    const missing = files.filter(
      ({ path }) => !path.endsWith(".d.ts") && !existsSync(join(root, "build", "src", path.replace(/\.ts$/, ".js"))),
    );
    assert.deepEqual(
      missing.map(({ path }) => path),
      [],
    );
  });
});
