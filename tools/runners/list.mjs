// The test runners, bundlers and programs that npm test -- runtimes runners tries the package with.

/**
 * @typedef {object} Step
 * @property {readonly string[]} args - Of Node. In them, {project} is the folder of the fixture, and {modules} its node_modules.
 * @property {boolean} [apart] - Run where nothing is installed, with the contents of the folder out/.
 * @property {boolean} [fails] - Whether the exit code must be another than 0.
 * @property {readonly RegExp[]} [prints] - The output has each of them.
 * @property {readonly RegExp[]} [hides] - The output has none of them.
 *
 * @typedef {object} Runner
 * @property {string} label
 * @property {string} folder - Below fixtures/.
 * @property {readonly string[]} [shared] - Files of fixtures/shared/ that it needs.
 * @property {readonly string[]} nodes - As npm test -- runtimes names them.
 * @property {readonly Step[]} steps
 */

const EXPECTED = /^HTTPError true ProxyError 1 windows-1252 1 true$/m;
/** A token, and the same in Basic credentials. */
const SECRET = /s3cr3t-t0ken|YWRhOnMzY3IzdC10MGtlbg/;
const ESM_FLAGS = ["--experimental-vm-modules", "--no-warnings"];
const BANNER =
  '--banner:js=import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';
const ESBUILD = ["{modules}/esbuild/bin/esbuild", "program.mjs", "--bundle", "--platform=node", "--target=node20"];

/** @type {readonly Runner[]} */
export const RUNNERS = [
  {
    label: "Jest, CommonJS",
    folder: "jest",
    shared: ["client.ts"],
    nodes: ["node20", "node22", "node24"],
    steps: [
      { args: ["{modules}/jest/bin/jest.js", "--ci"], prints: [/Tests: +6 passed, 6 total/] },
      {
        args: ["{modules}/jest/bin/jest.js", "--ci", "--testRegex", "failing\\.ts$"],
        fails: true,
        prints: [/Tests: +3 failed, 3 total/, /500 Server Error/],
        hides: [SECRET],
      },
    ],
  },
  {
    label: "Jest, ES modules",
    folder: "jest-esm",
    shared: ["client.ts"],
    nodes: ["node20", "node22"],
    steps: [{ args: [...ESM_FLAGS, "{modules}/jest/bin/jest.js", "--ci"], prints: [/Tests: +6 passed, 6 total/] }],
  },
  {
    label: "vitest",
    folder: "vitest",
    shared: ["client.ts"],
    nodes: ["node22", "node24"],
    steps: [
      { args: ["{modules}/vitest/vitest.mjs", "run"], prints: [/Tests +10 passed \(10\)/] },
      {
        args: ["{modules}/vitest/vitest.mjs", "run", "--config", "failing.config.ts"],
        fails: true,
        prints: [/Tests +3 failed \(3\)/, /500 Server Error/],
        hides: [SECRET],
      },
    ],
  },
  {
    label: "node:test with TypeScript, node file.mts",
    folder: "node-test",
    shared: ["client.ts"],
    nodes: ["node22", "node24"],
    steps: [
      { args: ["--no-warnings", "--test", "client.test.ts"], prints: [/^. pass 4$/m] },
      { args: ["--no-warnings", "program.mts"], prints: [/^one copy$/m] },
    ],
  },
  {
    label: "tsx",
    folder: "tsx",
    shared: ["client.ts"],
    nodes: ["node20", "node22"],
    steps: [
      { args: ["--import=tsx", "--test", "client.test.ts"], prints: [/^. pass 4$/m] },
      { args: ["{modules}/tsx/dist/cli.mjs", "program.ts"], prints: [/^one copy$/m] },
    ],
  },
  {
    label: "mocha with ts-node",
    folder: "mocha",
    shared: ["client.ts"],
    nodes: ["node20", "node22"],
    steps: [{ args: ["{modules}/mocha/bin/mocha.js"], prints: [/3 passing/] }],
  },
  {
    label: "esbuild, CommonJS",
    folder: "bundlers",
    nodes: ["node20"],
    steps: [
      { args: [...ESBUILD, "--format=cjs", "--outfile=out/program.cjs"] },
      { args: ["program.cjs"], apart: true, prints: [EXPECTED] },
    ],
  },
  {
    label: "esbuild, ES modules",
    folder: "bundlers",
    nodes: ["node20"],
    steps: [
      { args: [...ESBUILD, "--format=esm", "--outfile=out/program.mjs", BANNER] },
      { args: ["program.mjs"], apart: true, prints: [EXPECTED] },
    ],
  },
  {
    label: "Rollup, one file",
    folder: "bundlers",
    nodes: ["node20"],
    steps: [
      { args: ["{modules}/rollup/dist/bin/rollup", "--config", "rollup.config.mjs", "--silent"] },
      { args: ["rollup.mjs"], apart: true, prints: [EXPECTED] },
    ],
  },
  {
    label: "webpack",
    folder: "bundlers",
    nodes: ["node20"],
    steps: [{ args: ["webpack.mjs"] }, { args: ["webpack.cjs"], apart: true, prints: [EXPECTED] }],
  },
  {
    label: "vite build --ssr",
    folder: "bundlers",
    nodes: ["node20", "node22"],
    steps: [
      { args: ["{modules}/vite/bin/vite.js", "build", "--logLevel", "warn"] },
      { args: ["vite.mjs"], apart: true, prints: [EXPECTED] },
    ],
  },
  {
    label: "import and require in one program",
    folder: "programs",
    nodes: ["node20", "node22", "node24", "node26"],
    steps: [{ args: ["one-copy.mjs"], prints: [/^one copy$/m] }],
  },
  {
    label: "worker_threads, AWS Lambda's handler",
    folder: "programs",
    nodes: ["node20", "node24"],
    steps: [
      { args: ["worker.mjs"], prints: [/^worker done$/m] },
      { args: ["lambda.mjs"], prints: [/^lambda done$/m] },
    ],
  },
  {
    label: "the permission model",
    folder: "programs",
    nodes: ["node22", "node24"],
    steps: [
      {
        args: ["--no-warnings", "--permission", "--allow-fs-read={project}/*", "permission.mjs"],
        prints: [/^permission done$/m],
      },
    ],
  },
  {
    label: "the permission model with --allow-net",
    folder: "programs",
    nodes: ["node26"],
    steps: [
      {
        args: ["--no-warnings", "--permission", "--allow-net", "--allow-fs-read={project}/*", "permission.mjs"],
        prints: [/^permission done$/m],
      },
    ],
  },
  {
    label: "msw",
    folder: "interceptors",
    nodes: ["node22"],
    steps: [{ args: ["msw.mjs"], prints: [/^the server answers$/m] }],
  },
  {
    label: "nock",
    folder: "interceptors",
    nodes: ["node22"],
    steps: [{ args: ["nock.mjs"], prints: [/the host of nock: ReadTimeout$/m, /another host: 200$/m] }],
  },
];
