/** Downloads from nginx that are cut, changed and gone on with. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { ChunkedEncodingError, Session, type SaveOptions, type SaveResult } from "requests-ts";

import { whyNot, type Daemon } from "../_support/daemons.js";
import { faultProxy, type FaultProxy, type Plan } from "../_support/fault-proxy.js";
import { startNginx } from "../_support/nginx.js";

const SIZE = 5_000_000;

describe("a download from nginx", { skip: whyNot("nginx"), timeout: 60_000 }, () => {
  let nginx: Daemon;
  let proxy: FaultProxy;
  let folder: string;
  let content: Buffer;
  let sha256: string;
  /** What happens to the next connections, one each. */
  let plans: Plan[] = [];
  const session = new Session();
  const served = (): string => join(nginx.workspace.path, "file.bin");

  before(async () => {
    nginx = await startNginx(
      2,
      ([plain, limited], workspace) => `
  server { listen 127.0.0.1:${plain}; root ${workspace.path}; }
  server { listen 127.0.0.1:${limited}; root ${workspace.path}; max_ranges 0; }`,
    );
    proxy = await faultProxy(nginx.ports[0], (connection) => plans[connection - 1] ?? {});
  });
  after(async () => {
    await session.close();
    await proxy?.close();
    await nginx?.close();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "requests-nginx-"));
    await change();
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Puts another file in place of the one that is served. */
  async function change(): Promise<void> {
    content = randomBytes(SIZE);
    sha256 = createHash("sha256").update(content).digest("hex");
    await writeFile(served(), content);
    // nginx makes the ETag of time and size.
    const time = new Date(Date.now() - Math.floor(Math.random() * 1e9));
    await utimes(served(), time, time);
  }

  async function save(options: SaveOptions, port = proxy.port): Promise<SaveResult> {
    const response = await session.get(`http://127.0.0.1:${port}/file.bin`, { stream: true });
    return response.saveTo(join(folder, "file.bin"), options);
  }

  async function cut(kind: "cut" | "reset", at: number): Promise<number> {
    const own = await faultProxy(nginx.ports[0], { down: { kind, at } });
    try {
      await assert.rejects(save({ resume: true }, own.port), ChunkedEncodingError);
    } finally {
      await own.close();
    }
    return (await stat(join(folder, "file.bin.part"))).size;
  }

  async function isWhole(): Promise<void> {
    assert.deepEqual(await readFile(join(folder, "file.bin")), content);
    assert.deepEqual(await readdir(folder), ["file.bin"]);
  }

  it("continues after a truncation to the same SHA-256", async () => {
    plans = [{ down: { kind: "cut", at: 2_000_000 } }];
    await assert.rejects(save({ resume: true, sha256 }), ChunkedEncodingError);
    const { size } = await stat(join(folder, "file.bin.part"));
    assert.ok(size > 1_000_000 && size < 2_000_000, `${size} bytes were kept`);
    const result = await save({ resume: true, sha256 });
    assert.equal(result.resumedFrom, size);
    await isWhole();
  });

  it("completes after many truncations", async () => {
    let attempts = 0;
    // Each connection is cut, the one that goes on as well, but it has come further each time.
    const own = await faultProxy(nginx.ports[0], () => ({ down: { kind: "cut", at: 1_500_000 } }));
    try {
      for (; attempts < 20; attempts += 1) {
        const saved = await save({ resume: true, sha256 }, own.port).catch((error: unknown) => error);
        if (!(saved instanceof Error)) break;
        assert.ok(saved instanceof ChunkedEncodingError, String(saved));
      }
    } finally {
      await own.close();
    }
    assert.ok(attempts > 1 && attempts < 20, `${attempts} attempts were cut`);
    await isWhole();
  });

  it("of a file that changed meanwhile starts over", async () => {
    const own = await faultProxy(nginx.ports[0], (connection) => (connection === 1 ? { down: { kind: "reset", at: 2_000_000 } } : {})); // prettier-ignore
    try {
      await assert.rejects(save({ resume: true }, own.port), ChunkedEncodingError);
      await change();
      const result = await save({ resume: true, sha256 }, own.port);
      assert.equal(result.resumedFrom, 0);
    } finally {
      await own.close();
    }
    await isWhole();
  });

  it("from another URL starts over, even for the same file", async () => {
    assert.ok((await cut("reset", 2_000_000)) > 0);
    const result = await save({ resume: true, sha256 }, nginx.ports[0]);
    assert.equal(result.resumedFrom, 0);
    await isWhole();
  });

  it("takes the whole file from a server without ranges", async () => {
    const own = await faultProxy(nginx.ports[1], (connection) => (connection === 1 ? { down: { kind: "cut", at: 2_000_000 } } : {})); // prettier-ignore
    try {
      await assert.rejects(save({ resume: true }, own.port), ChunkedEncodingError);
      const result = await save({ resume: true, sha256 }, own.port);
      assert.equal(result.resumedFrom, 0);
    } finally {
      await own.close();
    }
    await isWhole();
  });
});
