// The workloads. Each gives one row for each contestant, with the figures of every round: { id, name, rounds }.
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

import { askAlone, Worker } from "./crew.mjs";
import { BLOCK } from "./servers/index.mjs";

const here = import.meta.dirname;

/** Requests for so long, by turns. */
export function rates(servers) {
  const get = (url, more = {}) => ({ call: "json", url, concurrency: 50, keepAlive: true, expected: 1, ...more });
  return [
    { id: "get-50", title: "GET of 192 bytes of JSON, parsed, 50 at a time", ...get(`${servers.plain}/json`) },
    { id: "get-1", title: "the same, one at a time", ...get(`${servers.plain}/json`, { concurrency: 1 }) },
    { id: "post-50", title: "POST of JSON, the answer parsed, 50 at a time", ...get(`${servers.plain}/post`, { call: "post", value: { id: 7, name: "requests-ts", tags: ["a", "b"] } }) },
    { id: "block-50", title: "GET of 64 KiB, 50 at a time", ...get(`${servers.plain}/block`, { call: "bytes", expected: BLOCK }) },
    { id: "gzip-50", title: "GET of 52 KB of JSON as gzip, decoded and parsed, 50 at a time", ...get(`${servers.plain}/gzip`, { call: "decoded" }) },
    { id: "br-50", title: "the same as br", ...get(`${servers.plain}/br`, { call: "decoded" }) },
    { id: "tls-50", title: "GET of JSON over TLS, connections kept, 50 at a time", ...get(`${servers.tls}/json`) },
    { id: "tls-new", title: "GET of JSON over TLS, a new connection each, 10 at a time", ...get(`${servers.tls}/json`, { concurrency: 10, keepAlive: false }) },
  ]; // prettier-ignore
}

export async function measureRate(workload, contestants, servers, { rounds, seconds }, report) {
  const { id: _id, title: _title, ...message } = workload;
  const workers = new Map(contestants.map(({ id }) => [id, new Worker(id, servers.certificate)]));
  const found = new Map(contestants.map(({ id }) => [id, []]));
  const failures = new Map();
  try {
    // A round that is not counted: compiling, connecting. Each round begins with another client.
    for (let round = -1; round < rounds; round += 1)
      for (const { id } of rotated(contestants, round)) {
        if (failures.has(id)) continue;
        const milliseconds = round === -1 ? Math.min(700, seconds * 1000) : seconds * 1000;
        try {
          const value = await workers.get(id).ask({ task: "rate", ...message, milliseconds });
          if (value === null) failures.set(id, null);
          else if (round >= 0) found.get(id).push(value);
        } catch (error) {
          failures.set(id, messageOf(error));
          report(`${id}: ${messageOf(error)}`);
        }
      }
  } finally {
    for (const worker of workers.values()) worker.stop();
  }
  return rowsOf(contestants, failures, found);
}

export function transfers(servers, bytes) {
  return [
    { id: "down", title: "1 GiB down, piece by piece", message: { task: "transfer", call: "download", url: `${servers.plain}/big`, bytes } },
    { id: "up", title: "1 GiB up from a file", message: { task: "transfer", call: "upload", url: `${servers.special}/count`, path: servers.bigFile, bytes } },
  ]; // prettier-ignore
}

export function crowds(servers) {
  return [
    { id: "crowd", title: "10,000 GETs at once through 10 connections", message: { task: "crowd", url: `${servers.plain}/json`, requests: 10_000, connections: 10 } },
    { id: "memory", title: "Memory of an idle client with its connection, and of a request that waits", message: { task: "memory", url: `${servers.plain}/json`, stalled: `${servers.special}/stall`, clients: 200, requests: 1000 } },
  ]; // prettier-ignore
}

/** A task in fresh processes, by turns. */
export async function measureAlone({ message }, contestants, servers, rounds, report) {
  const found = new Map(contestants.map(({ id }) => [id, []]));
  const failures = new Map();
  for (let round = 0; round < rounds; round += 1)
    for (const { id } of rotated(contestants, round)) {
      if (failures.has(id)) continue;
      try {
        const value = await askAlone(id, servers.certificate, message);
        if (value === null) failures.set(id, null);
        else found.get(id).push(value);
      } catch (error) {
        failures.set(id, messageOf(error));
        report(`${id}: ${messageOf(error)}`);
      }
    }
  return rowsOf(contestants, failures, found);
}

/** Milliseconds that an import takes in a process that has done nothing else. */
export function measureImports(contestants, rounds) {
  const imports = contestants.filter(({ package: name, import: path }) => name !== undefined || path !== undefined);
  const found = new Map(imports.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const { id, package: name, import: path } of imports) {
      const specifier = path === undefined ? name : pathToFileURL(join(here, path)).href;
      const program = `const start = performance.now(); await import(${JSON.stringify(specifier)}); console.log(performance.now() - start);`;
      const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
        cwd: here,
        encoding: "utf8",
      });
      found.get(id).push({ milliseconds: Number(stdout) });
    }
  return rowsOf(imports, new Map(), found);
}

function rotated(contestants, round) {
  const first = Math.max(round, 0) % contestants.length;
  return [...contestants.slice(first), ...contestants.slice(0, first)];
}

/** Clients that cannot do the task (their failure is null) have no row. */
function rowsOf(contestants, failures, found) {
  return contestants
    .filter(({ id }) => failures.get(id) !== null)
    .map(({ id, name }) =>
      failures.has(id) ? { id, name, error: failures.get(id) } : { id, name, rounds: found.get(id) },
    );
}

function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
