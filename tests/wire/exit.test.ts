/** A program ends when it has nothing more to do: connections that are kept for the next request do not hold it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { answering, OK, pause, rawServer, type Peer, type RawServer } from "../_support/raw-server.js";
import { runText } from "../_support/runtime.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Milliseconds: half of what a pool keeps an idle connection. */
const PATIENCE = 15_000;

const PROGRAMS: Readonly<Record<string, string>> = {
  "one call": `await session.get(url + "/ok");`,
  "many at once": `await Promise.all(Array.from({ length: 30 }, () => session.get(url + "/ok")));`,
  "others idle while the last one is cut": `
    await Promise.allSettled([session.get(url + "/ok"), session.get(url + "/ok"), session.get(url + "/cut")]);`,
  "others idle while the last one is aborted": `
    await Promise.allSettled([
      session.get(url + "/ok"),
      session.get(url + "/never", { signal: AbortSignal.timeout(150) }),
    ]);`,
  "others idle while the last one times out": `
    await Promise.allSettled([session.get(url + "/ok"), session.get(url + "/never", { timeout: 0.15 })]);`,
  "others idle while a stream is left early": `
    const [response] = await Promise.all([session.get(url + "/long", { stream: true }), session.get(url + "/ok")]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    response.close();`,
  "with a streamed body that has arrived and is not read, under a total timeout": `
    globalThis.response = await session.get(url + "/ok", { stream: true, timeout: { total: 60 } });
    await new Promise((resolve) => setTimeout(resolve, 50));`,
  "others idle while a connection cannot be made": `
    const nowhere = new HTTPAdapter({ lookup: (_host, _options, done) => setTimeout(done, 100, new Error("no")) });
    session.mount("http://nowhere.test", nowhere);
    await Promise.allSettled([session.get(url + "/ok"), session.get("http://nowhere.test/")]);`,
};

async function answer(peer: Peer): Promise<void> {
  for (;;) {
    const { head } = await peer.request();
    const path = head.split(" ")[1];
    if (path === "/ok") await peer.send(OK);
    else if (path === "/never") await peer.gone;
    else {
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nab");
      if (path === "/long") await peer.gone;
      await pause(100);
      peer.reset();
      return;
    }
  }
}

describe("a program ends", () => {
  let server: RawServer;
  before(async () => {
    server = await rawServer(answer);
  });
  after(() => server.close());

  for (const [name, calls] of Object.entries(PROGRAMS))
    it(name, async () => {
      const program = `
        import { HTTPAdapter, Session } from "requests-ts";
        const session = new Session();
        const url = process.argv.at(-1);
        // The first connection to idle is let go of in any case; what counts is how the later ones are.
        await session.get(url + "/ok");
        await new Promise((resolve) => setTimeout(resolve, 20));
        ${calls}
        console.log("done");`;
      const { stdout } = await runText(program, [server.url], { cwd: root, timeout: PATIENCE });
      assert.equal(stdout, "done\n");
    });

  it("after a call that is not awaited got its response", async () => {
    const slow = await rawServer(async (peer) => {
      await peer.request();
      await pause(200);
      await peer.send(OK);
    });
    const program = `
      import { get } from "requests-ts";
      const [ok, slow] = process.argv.at(-1).split(",");
      await get(ok + "/ok");
      get(slow).then(() => console.log("done"));`;
    const { stdout } = await runText(program, [`${server.url},${slow.url}`], { cwd: root, timeout: PATIENCE });
    assert.equal(stdout, "done\n");
    await slow.close();
  });

  it("with connections that were idle and are in use again", async () => {
    const peers = await rawServer(answering(OK, OK));
    const program = `
      import { Session } from "requests-ts";
      const session = new Session();
      const url = process.argv.at(-1);
      await session.get(url);
      await new Promise((resolve) => setTimeout(resolve, 50));
      session.get(url).then(() => console.log("done"));`;
    const { stdout } = await runText(program, [peers.url], { cwd: root, timeout: PATIENCE });
    assert.equal(stdout, "done\n");
    await peers.close();
  });
});
