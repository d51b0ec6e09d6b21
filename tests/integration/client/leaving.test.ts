/** Leaving a streamed response while it waits for the server: it settles at once, and the socket is closed. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { ReadableStream, WritableStream } from "node:stream/web";
import { afterEach, beforeEach, describe, it } from "node:test";

import { events } from "requests-ts/events";
import { HTTPAdapter, Response, Session, StreamConsumedError } from "requests-ts";
import { eventually, pause, rawServer, type RawServer } from "../../_support/raw-server.js";

/** What a busy machine is forgiven; the server is silent for longer than the test may take. */
const PROMPT = 250;

let server: RawServer;
let session: Session;
let adapter: HTTPAdapter;

beforeEach(async () => {
  server = await rawServer(async (peer) => {
    await peer.request();
    await peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1\n{"\r\n');
    await peer.gone;
  });
  session = new Session({ trustEnv: false });
  adapter = new HTTPAdapter();
  session.mount("http://", adapter);
});
afterEach(async () => {
  await session.close();
  await server.close();
});

async function assertLeft(started: number): Promise<void> {
  const late = performance.now() - started;
  assert.ok(late < PROMPT, `${late} ms`);
  await server.peers[0].gone;
  await eventually(() => adapter.statistics.open === 0);
}

const DONE = { done: true, value: undefined };
const get = (): Promise<Response> => session.get(server.url, { stream: true });

describe("return() while next() is pending", { timeout: 20_000 }, () => {
  const iterators: Readonly<Record<string, (response: Response) => AsyncGenerator<unknown, void>>> = {
    "of the response": (response) => response[Symbol.asyncIterator](),
    "of iterContent()": (response) => response.iterContent(),
    "of iterContent(2)": (response) => response.iterContent(2),
    "of iterContent with text": (response) => response.iterContent(null, { decodeUnicode: true }),
    "of iterLines()": (response) => response.iterLines(),
    "of iterLines with text": (response) => response.iterLines({ decodeUnicode: true }),
    "of iterJson()": (response) => response.iterJson(),
    "of iterEvents()": (response) => response.iterEvents(),
    "of raw": (response) => response.raw[Symbol.asyncIterator]() as AsyncGenerator<unknown, void>,
  };
  for (const [name, iterate] of Object.entries(iterators)) {
    it(name, async () => {
      const iterator = iterate(await get());
      let waiting = iterator.next();
      for (;;) {
        const step = await Promise.race([waiting, pause(30)]);
        if (step === undefined) break;
        waiting = iterator.next();
      }
      const started = performance.now();
      assert.deepEqual(await iterator.return(), DONE);
      // The beginning of a line without its end is not a line.
      assert.deepEqual(await waiting, DONE);
      assert.deepEqual(await iterator.next(), DONE);
      await assertLeft(started);
    });

    it(`${name}, by destroy() of a Readable`, async () => {
      const readable = Readable.from(iterate(await get()));
      readable.resume();
      await pause(30);
      const started = performance.now();
      readable.destroy();
      await new Promise((resolve) => readable.once("close", resolve));
      await assertLeft(started);
    });
  }
});

describe("the web stream of a response body", { timeout: 20_000 }, () => {
  const bodies: Readonly<Record<string, () => Promise<globalThis.ReadableStream<Uint8Array>>>> = {
    "response.body": async () => (await get()).body,
    "the body of session.fetch": async () => (await session.fetch(server.url)).body!,
  };
  for (const [what, bodyOf] of Object.entries(bodies)) {
    it(`cancels ${what} while a read is pending`, async () => {
      const reader = (await bodyOf()).getReader();
      await reader.read();
      const waiting = reader.read();
      await pause(10);
      const started = performance.now();
      await reader.cancel();
      assert.deepEqual(await waiting, DONE);
      await assertLeft(started);
    });

    it(`cancels ${what} before the first read`, async () => {
      const body = await bodyOf();
      const started = performance.now();
      await body.cancel();
      await assertLeft(started);
    });

    it(`destroys ${what} as a Readable`, async () => {
      const readable = Readable.fromWeb((await bodyOf()) as ReadableStream);
      readable.resume();
      await pause(30);
      const started = performance.now();
      readable.destroy();
      await new Promise((resolve) => readable.once("close", resolve));
      await assertLeft(started);
    });

    it(`stops piping ${what} when the signal is aborted`, async () => {
      const controller = new AbortController();
      const piping = ((await bodyOf()) as ReadableStream).pipeTo(new WritableStream(), { signal: controller.signal });
      await pause(30);
      const started = performance.now();
      controller.abort(new Error("mine"));
      await assert.rejects(piping, /mine/);
      await assertLeft(started);
    });

    it(`ends ${what} when a loop is left, and when return() is called during a read`, async () => {
      const iterator = ((await bodyOf()) as ReadableStream)[Symbol.asyncIterator]();
      await iterator.next();
      const started = performance.now();
      await iterator.return?.();
      await assertLeft(started);
    });

    it(`gives ${what} a BYOB reader`, async () => {
      const reader = ((await bodyOf()) as ReadableStream).getReader({ mode: "byob" });
      const pieces: string[] = [];
      for (const size of [1, 2, 10]) {
        const { value } = await reader.read(new Uint8Array(size));
        pieces.push(Buffer.from(value!).toString());
      }
      assert.deepEqual(pieces, ["1", "\n{", '"']);
      const waiting = reader.read(new Uint8Array(10));
      await pause(10);
      const started = performance.now();
      await reader.cancel();
      assert.equal((await waiting).done, true);
      await assertLeft(started);
    });

    it(`closes ${what} when the upload that sends it on is aborted`, async () => {
      await using sink = await rawServer(async (peer) => {
        await peer.until('{"');
        await peer.gone;
      });
      const controller = new AbortController();
      const upload = session.post(sink.url, { data: await bodyOf(), signal: controller.signal });
      const failed = upload.then(() => assert.fail("the call succeeded"), (error: unknown) => error); // prettier-ignore
      await eventually(() => sink.peers[0]?.received.includes('{"') === true);
      const started = performance.now();
      controller.abort(new Error("mine"));
      assert.match(String(await failed), /mine/);
      await assertLeft(started);
    });
  }

  it("is the same object each time", async () => {
    const response = await get();
    assert.equal(response.body, response.body);
    response.close();
    const whole = new Response({ body: "abc" });
    assert.equal(whole.body, whole.body);
    assert.equal(await new globalThis.Response(whole.body).text(), "abc");
    assert.equal(whole.text, "abc", "the content is kept");
  });

  it("consumes nothing until it is read", async () => {
    const response = new Response({ body: Readable.from(["a", "b"]) });
    assert.ok(response.body instanceof ReadableStream);
    assert.equal((await response.read()).toString(), "ab");
    assert.equal(await new globalThis.Response(response.body).text(), "ab");
  });

  it("rejects with StreamConsumedError after the response was iterated", async () => {
    const response = new Response({ body: Readable.from(["a"]) });
    for await (const _ of response.iterContent());
    assert.throws(() => response.body, StreamConsumedError);
  });

  it("fails when the response is closed during a read", async () => {
    const response = await get();
    const reader = response.body.getReader();
    await reader.read();
    const waiting = reader.read();
    await pause(10);
    response.close();
    await assert.rejects(waiting, /closed before its body was read to the end/);
  });

  it("gives all bytes to every kind of reader, also through tee()", async () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
    const whole = (): Response => new Response({ body: Readable.from([content.subarray(0, 100_000), content.subarray(100_000)]) }); // prettier-ignore
    const byLoop: Uint8Array[] = [];
    for await (const piece of whole().body) byLoop.push(piece);
    assert.deepEqual(Buffer.concat(byLoop), content);
    const copies = await Promise.all(
      whole()
        .body.tee()
        .map((one) => new globalThis.Response(one).arrayBuffer()),
    );
    for (const copy of copies) assert.deepEqual(Buffer.from(copy), content);
    const reader = (whole().body as ReadableStream).getReader({ mode: "byob" });
    const byView: Buffer[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(7000));
      if (done) break;
      byView.push(Buffer.from(value));
    }
    assert.deepEqual(Buffer.concat(byView), content);
    // The stream takes over the memory of what it gives: the caller's must stay as it was.
    assert.equal(content.length, 300_000);
    assert.equal(content[299_999], 299_999 % 251);
  });
});

describe("response.close() while the body is being read", { timeout: 20_000 }, () => {
  it("rejects a pending read()", async () => {
    const response = await get();
    const reading = response.read();
    await pause(10);
    response.close();
    await assert.rejects(reading, StreamConsumedError);
  });

  it("ends a for-await loop", async () => {
    const response = await get();
    setTimeout(() => response.close(), 20);
    let text = "";
    for await (const piece of response) text += piece.toString();
    assert.equal(text, '1\n{"');
  });
});

describe("return() while the first or a later response is awaited", { timeout: 20_000 }, () => {
  const iterators: Readonly<Record<string, (url: string) => AsyncGenerator<unknown, void>>> = {
    "events()": (url) => events(url, { session })[Symbol.asyncIterator](),
    "paginate()": (url) => session.paginate(url),
    "paginate() with a signal": (url) => session.paginate(url, { signal: new AbortController().signal }),
    "paginate() with items": (url) => session.paginate(url, { items: () => [1] }),
    "paginate() of streamed pages": (url) => session.paginate(url, { stream: true }),
  };
  const first: Readonly<Record<string, string>> = {
    "an answer": "",
    "the next event or page":
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nLink: </next>; rel=next\r\nContent-Length: 1000\r\n\r\ndata: 1\n\n",
  };
  for (const [name, iterate] of Object.entries(iterators))
    for (const [what, answer] of Object.entries(first))
      it(`${name}, ${what}`, async () => {
        await server.close();
        server = await rawServer(async (peer) => {
          await peer.request();
          if (answer !== "") await peer.send(name === "events()" ? answer : answer + " ".repeat(991));
          await peer.gone;
        });
        const iterator = iterate(server.url);
        let waiting = iterator.next();
        for (;;) {
          const step = await Promise.race([waiting, pause(50)]);
          if (step === undefined) break;
          assert.notEqual(step.done, true);
          waiting = iterator.next();
        }
        const started = performance.now();
        assert.deepEqual(await iterator.return(), DONE);
        assert.deepEqual(await waiting, DONE);
        assert.deepEqual(await iterator.next(), DONE);
        await assertLeft(started);
      });
});
