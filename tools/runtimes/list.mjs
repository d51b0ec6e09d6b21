// The runtimes that npm test -- runtimes knows, and the files that mean nothing on one of them.

/**
 * @typedef {object} Runtime
 * @property {string} label
 * @property {string[]} packages - By platform; one of them is installed.
 * @property {string} program - In the package.
 * @property {string} onPath - The program where no package is installed.
 * @property {(version: string) => boolean} fits
 * @property {(file: string) => string[]} run
 * @property {(test: { setup: string, report: string, file: string }) => string[]} args
 */

/** Packages by platform: only the one that fits this machine is installed. */
/**
 * @param {number} major
 * @param {string} [least]
 * @returns {Runtime}
 */
function node(major, least = `${major}.0.0`) {
  return {
    label: "Node",
    packages: ["linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64"].map((platform) => `node${major}-${platform}`),
    program: "bin/node",
    onPath: "node",
    fits: (version) => version.startsWith(`${major}.`) && version.localeCompare(least, "en", { numeric: true }) >= 0,
    run: (file) => [file],
    args: ({ setup, report, file }) => [
      "--conditions=unbundled",
      `--import=${setup}`,
      "--test-reporter=junit",
      `--test-reporter-destination=${report}`,
      file,
    ],
  };
}

/**
 * `run` is how a program is started, and `args` how a test file is, with its report in JUnit's form. The condition, for
 * the modules that the bundle is made of, goes to the test alone: the programs that tests start load what users load.
 */
export const RUNTIMES = /** @type {Record<string, Runtime>} */ ({
  node20: node(20, "20.19.0"),
  node22: node(22),
  node24: node(24),
  node26: node(26),
  bun: {
    label: "Bun",
    packages: ["linux-x64", "linux-aarch64", "darwin-aarch64", "darwin-x64"].map((each) => `@oven/bun-${each}`),
    program: "bin/bun",
    onPath: "bun",
    fits: () => true,
    run: (file) => ["run", file],
    args: ({ setup, report, file }) => [
      "test",
      "--conditions=unbundled",
      `--preload=${setup}`,
      "--timeout=30000",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      file,
    ],
  },
  deno: {
    label: "Deno",
    packages: ["linux-x64-glibc", "linux-arm64-glibc", "darwin-arm64", "darwin-x64"].map((each) => `@deno/${each}`),
    program: "deno",
    onPath: "deno",
    fits: () => true,
    run: (file) => ["run", "--allow-all", "--no-lock", file],
    args: ({ setup, report, file }) => [
      "test",
      "--conditions=unbundled",
      "--allow-all",
      "--no-lock",
      "--no-check",
      `--preload=${setup}`,
      `--junit-path=${report}`,
      file,
    ],
  },
});

/** Files that measure time run alone: what runs beside them would be measured, too. */
export const ALONE = /^wire\/(resilience|timeouts)|^integration\/(testing\/faults|httpbin\/retries)/;

/** Files that are left out on a runtime, and why: they test Node's own insides, or the runtime cannot run them at all. */
export const EXCLUDED = /** @type {{ on: string[], files: string[], why: string }[]} */ ([]);
