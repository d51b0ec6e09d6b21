/** Multipart bodies over the wire: read back by readers of others, sent again, broken off, and taken apart as they come. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";

import {
  ConnectionError,
  HTTPDigestAuth,
  InvalidHeader,
  RequestException,
  Session,
  UnrewindableBodyError,
  type FilesInit,
  type RequestOptions,
} from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";
import {
  ImproperBodyPartContentException,
  MultipartDecoder,
  MultipartEncoder,
  MultipartEncoderMonitor,
  MultipartTruncatedError,
  NonMultipartContentTypeException,
  type MultipartFile,
} from "requests-ts/multipart";

import { readByBusboy, startFormServer, type FormServer, type ReceivedForm } from "../_support/form-server.js";
import { asShown, asWritten, BACKSLASHES, CASES, CONTENTS } from "../_support/multipart-cases.js";
import { readStrictly } from "../_support/strict-multipart.js";
import { closedPort, failure } from "./client/serve.js";

type Files = readonly (readonly [name: string, file: MultipartFile])[];

/** The two ways to send the same parts. */
const SENDERS: Readonly<Record<string, (files: Files) => RequestOptions>> = {
  MultipartEncoder: (files) => {
    const encoder = new MultipartEncoder(files);
    return { data: encoder, headers: { "Content-Type": encoder.contentType } };
  },
  "files=": (files) => ({ files: files as FilesInit }),
};

let bin: Server;
let forms: FormServer;
let session: Session;
let folder: string;
let path: string;
before(async () => {
  bin = await httpbin();
  forms = await startFormServer(respond);
  session = new Session();
  folder = await mkdtemp(join(tmpdir(), "multipart-"));
  path = join(folder, "möwe.txt");
  await writeFile(path, "from a file");
});
after(async () => {
  await session.close();
  await forms.close();
  await bin.close();
  await rm(folder, { recursive: true, force: true });
});

function respond({ target, headers }: ReceivedForm, response: ServerResponse): void {
  if (target === "/moved") response.writeHead(307, { Location: "/" }).end();
  else if (target === "/digest" && headers.authorization === undefined)
    response.writeHead(401, { "WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"' }).end();
  else response.end("ok");
}

async function sentTo(target: string, options: RequestOptions): Promise<ReceivedForm> {
  forms.received();
  assert.equal((await session.post(forms.url + target, options)).statusCode, 200);
  return forms.received().at(-1)!;
}

for (const [sender, optionsOf] of Object.entries(SENDERS))
  describe(`by ${sender}, a strict reader, busboy, our decoder and httpbin read`, () => {
    for (const { why, name, filename, content } of CASES)
      it(why, async () => {
        const files: Files = [
          ["before", [null, "1"]],
          [name, [filename, content]],
          ["behind", [null, "2"]],
        ];
        const form = await sentTo("/", optionsOf(files));
        const [writtenName, writtenFile] = [asWritten(name), asWritten(filename)];
        assert.equal(form.headers["content-length"], String(form.body.length));
        const type = form.headers["content-type"]!;
        assert.deepEqual(
          readStrictly(form.body, type).map((part) => [part.name, part.filename, part.content]),
          [
            ["before", null, Buffer.from("1")],
            [writtenName, writtenFile, content],
            ["behind", null, Buffer.from("2")],
          ],
        );
        // busboy reports a file when its stream ends, which may be after the next field.
        const byBusboy = (await readByBusboy(form)).filter(([, file]) => file !== null);
        assert.deepEqual(byBusboy, [[writtenName, writtenFile, content]]);
        const ours = new MultipartDecoder(form.body, type).parts[1];
        assert.deepEqual([ours.name, ours.filename, ours.content], [name, filename, content]);
        const echo = (await session.post(`${bin.url}/post`, optionsOf(files))).json<{ form: object; files: object }>();
        assert.deepEqual(echo.form, { before: "1", behind: "2" });
        assert.deepEqual(echo.files, { [writtenName]: asShown(content) });
      });

    for (const { text, unescaped } of BACKSLASHES)
      it(`${JSON.stringify(text)}, except for readers that treat a backslash as an escape`, async () => {
        const form = await sentTo("/", optionsOf([[text, [text, "x"]]]));
        const type = form.headers["content-type"]!;
        for (const part of [readStrictly(form.body, type)[0], new MultipartDecoder(form.body, type).parts[0]])
          assert.deepEqual([part.name, part.filename], [text, text]);
        const byBusboy = await readByBusboy(form);
        assert.deepEqual(byBusboy, unescaped === null ? [] : [[unescaped, unescaped, Buffer.from("x")]]);
      });

    it("10,000 parts", async () => {
      const files = Array.from({ length: 10_000 }, (_, at): Files[number] =>
        at % 2 === 0
          ? [`field-${at}`, [null, `value ${at}`]]
          : [`file-${at}`, [`${at}.txt`, Buffer.from(`content ${at}`)]],
      );
      const expected = files.map(([name, [filename, content]]) => [name, filename, Buffer.from(content as string)]);
      const form = await sentTo("/", optionsOf(files));
      const type = form.headers["content-type"]!;
      assert.deepEqual(readStrictly(form.body, type).map((part) => [part.name, part.filename, part.content]), expected); // prettier-ignore
      assert.equal((await readByBusboy(form)).length, 10_000);
      const { parts } = new MultipartDecoder(form.body, type, { maxParts: 10_000 });
      assert.deepEqual(parts.map((part) => [part.name, part.filename, part.content]), expected); // prettier-ignore
      const echo = (await session.post(`${bin.url}/post`, optionsOf(files))).json<{ form: object; files: object }>();
      assert.deepEqual([Object.keys(echo.form).length, Object.keys(echo.files).length], [5000, 5000]);
    });

    it("contents of every kind together, and with a boundary of the caller", async () => {
      const files = CONTENTS.map(([why, content], at): Files[number] => [
        `file ${at}`,
        [why, content, "a/b", { "X-Why": why }],
      ]);
      const expected = CONTENTS.map(([why, content]) => ["a/b", [`X-Why: ${why}`], content]);
      const own = new MultipartEncoder(files, { boundary: "(own = boundary)" });
      for (const options of [
        optionsOf(files),
        { data: own },
        { files: files as FilesInit, headers: { "Content-Type": own.contentType } },
      ]) {
        const form = await sentTo("/", options);
        const read = readStrictly(form.body, form.headers["content-type"]!);
        assert.deepEqual(read.map((part) => [part.type, part.others, part.content]), expected); // prettier-ignore
        assert.equal((await readByBusboy(form)).length, files.length);
      }
      assert.equal((await sentTo("/", { data: own })).headers["content-type"], 'multipart/form-data; boundary="(own = boundary)"'); // prettier-ignore
    });
  });

describe("a MultipartEncoder as data", () => {
  it("sends every kind of source, with its length or chunked", async () => {
    const handle = await open(path);
    try {
      const known = new MultipartEncoder({ s: createReadStream(path), h: ["h", handle], b: ["b", new Blob(["x"])] });
      const form = await sentTo("/", { data: known });
      assert.equal(form.headers["content-length"], String(known.length));
      const parts = readStrictly(form.body, known.contentType);
      assert.deepEqual(
        parts.map((part) => [part.filename, part.content.toString()]),
        [["möwe.txt", "from a file"], ["h", "from a file"], ["b", "x"]],
      ); // prettier-ignore
      const unknown = new MultipartEncoder({ r: ["r", Readable.from(["a", "b"])], w: ["w", new Blob(["x"]).stream()] });
      const chunked = await sentTo("/", { data: unknown });
      assert.equal(chunked.headers["transfer-encoding"], "chunked");
      assert.equal(chunked.headers["content-length"], undefined);
      assert.deepEqual(readStrictly(chunked.body, unknown.contentType).map((part) => part.content.toString()), ["ab", "x"]); // prettier-ignore
    } finally {
      await handle.close();
    }
  });

  it("sends a Content-Length for content that is larger than one piece in memory", async () => {
    const encoder = new MultipartEncoder({ f: ["f", Buffer.alloc(3_000_001, "ab")], g: "1" });
    const { body } = await sentTo("/", { data: encoder });
    assert.equal(body.length, encoder.length);
  });

  it("is sent again after a 307 and a digest challenge", async () => {
    const fields = (): MultipartEncoder => new MultipartEncoder({ f: createReadStream(path), g: "1" });
    const moved = fields();
    const form = await sentTo("/moved", { data: moved });
    assert.equal(readStrictly(form.body, moved.contentType)[0].content.toString(), "from a file");
    const challenged = fields();
    const answer = await sentTo("/digest", { data: challenged, auth: new HTTPDigestAuth("u", "p") });
    assert.match(answer.headers.authorization!, /^Digest /);
    assert.equal(readStrictly(answer.body, challenged.contentType)[0].content.toString(), "from a file");
    const monitored = new MultipartEncoderMonitor(fields());
    await sentTo("/moved", { data: monitored });
    assert.equal(monitored.bytesRead, monitored.length);
  });

  it("is not sent again when a part can be read only once", async () => {
    const data = new MultipartEncoder({ f: Readable.from(["x"]) });
    assert.ok((await failure(session.post(`${forms.url}/moved`, { data }))) instanceof UnrewindableBodyError);
    assert.ok((await failure(session.post(forms.url, { data }))) instanceof UnrewindableBodyError);
  });

  it("checks the length that an iterable declares, and aborts when it is wrong", async () => {
    const declared = (length: number): object => ({
      length,
      async *[Symbol.asyncIterator]() {
        yield "12345";
      },
    });
    const form = await sentTo("/", { data: declared(5) as never });
    assert.equal(form.headers["content-length"], "5");
    assert.equal(form.body.toString(), "12345");
    for (const length of [4, 6])
      assert.ok((await failure(session.post(forms.url, { data: declared(length) as never }))) instanceof InvalidHeader);
  });

  for (const sender of ["MultipartEncoder", "files="] as const) {
    const sources = (): [Readable[], RequestOptions] => {
      const streams = [createReadStream(path), Readable.from(["x"])];
      return [streams, SENDERS[sender](streams.map((stream, at) => [`f${at}`, [`n${at}`, stream]]))];
    };
    const isClosed = (streams: readonly Readable[]): void => {
      assert.deepEqual(streams.map((stream) => stream.destroyed), [true, true]); // prettier-ignore
    };

    it(`by ${sender} closes its sources when no server listens`, async () => {
      const [streams, options] = sources();
      const port = await closedPort();
      assert.ok((await failure(session.post(`http://127.0.0.1:${port}/`, options))) instanceof ConnectionError);
      isClosed(streams);
    });

    it(`by ${sender} closes its sources when it is aborted before or during sending`, async () => {
      const [streams, options] = sources();
      await failure(session.post(forms.url, { ...options, signal: AbortSignal.abort() }));
      isClosed(streams);
      const abort = new AbortController();
      const slow = Readable.from((async function* () {
        yield "begun";
        abort.abort();
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield "on";
      })()); // prettier-ignore
      const behind = Readable.from(["x"]);
      const started = SENDERS[sender]([["a", ["a", slow]], ["b", ["b", behind]]]); // prettier-ignore
      await failure(session.post(forms.url, { ...started, signal: abort.signal }));
      isClosed([slow, behind]);
    });

    it(`by ${sender} closes its sources when one fails, and throws that error`, async () => {
      const bad = Readable.from((function* () { yield "x"; throw new Error("disk on fire"); })()); // prettier-ignore
      const behind = createReadStream(path);
      const options = SENDERS[sender]([["a", ["a", bad]], ["b", ["b", behind]]]); // prettier-ignore
      assert.match((await failure(session.post(forms.url, options))).message, /disk on fire/);
      isClosed([bad, behind]);
    });
  }
});

describe("a MultipartEncoderMonitor as data", () => {
  it("calls back while the body is sent, until the end of the body", async () => {
    const seen: number[] = [];
    const encoder = new MultipartEncoder({ f: ["f", Buffer.alloc(1_000_000)], s: createReadStream(path) });
    const monitor = new MultipartEncoderMonitor(encoder, ({ bytesRead }) => seen.push(bytesRead));
    const form = await sentTo("/", { data: monitor, headers: { "Content-Type": monitor.contentType } });
    assert.equal(form.headers["content-length"], String(encoder.length));
    assert.ok(seen.length >= 16, `${seen.length} calls`);
    assert.equal(seen.at(-1), form.body.length);
    assert.equal(readStrictly(form.body, monitor.contentType)[0].content.length, 1_000_000);
  });

  it("aborts the request when its callback throws", async () => {
    const stream = createReadStream(path);
    const stop = new Error("enough");
    const monitor = new MultipartEncoderMonitor(new MultipartEncoder({ a: "1", s: stream }), () => {
      throw stop;
    });
    const error = await failure(session.post(forms.url, { data: monitor }));
    assert.ok(error instanceof RequestException && error.cause === stop, String(error));
    assert.equal(stream.destroyed, true);
  });
});

describe("a multipart response", () => {
  const RANGES =
    "--R\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\nab\r\n" +
    "--R\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\nij\r\n--R--\r\n";
  const ANSWERS: Readonly<Record<string, readonly [type: string, body: string]>> = {
    "/ranges": ["multipart/byteranges; boundary=R", RANGES],
    "/large": ["multipart/mixed; boundary=R", `--R\r\n\r\n${"x".repeat(2_000_000)}\r\n--R\r\n\r\nlast\r\n--R--\r\n`],
    "/cut": ["multipart/mixed; boundary=R", "--R\r\n\r\nbegun"],
    "/garbage": ["multipart/mixed; boundary=R", "--R\r\ngarbage\r\n\r\n\r\n--R--"],
    "/page": ["text/html", "<h1>Not found</h1>"],
  };
  let answers: FormServer;
  before(async () => {
    answers = await startFormServer(({ target }, response) => {
      const [type, body] = ANSWERS[target];
      response.writeHead(200, { "Content-Type": type }).end(body);
    });
  });
  after(() => answers.close());

  it("is decoded as a whole", async () => {
    const { parts } = MultipartDecoder.fromResponse(await session.get(`${answers.url}/ranges`));
    assert.deepEqual(
      parts.map((part) => [part.headers["content-range"], part.text]),
      [["bytes 0-1/10", "ab"], ["bytes 8-9/10", "ij"]],
    ); // prettier-ignore
  });

  it("is decoded as it arrives, and its connection is reused", async () => {
    const texts: string[] = [];
    for (let time = 0; time < 2; time += 1) {
      const response = await session.get(`${answers.url}/ranges`, { stream: true });
      assert.equal(response.reused, true);
      for await (const part of MultipartDecoder.stream(response)) texts.push(await part.text());
      assert.equal(response.raw.closed, true);
    }
    assert.deepEqual(texts, ["ab", "ij", "ab", "ij"]);
  });

  it("skips a large part without buffering it", async () => {
    const response = await session.get(`${answers.url}/large`, { stream: true });
    const texts: string[] = [];
    for await (const part of MultipartDecoder.stream(response)) {
      if (texts.length === 0) texts.push("skipped");
      else texts.push(await part.text());
    }
    assert.deepEqual(texts, ["skipped", "last"]);
  });

  it("is closed when the loop is left", async () => {
    const response = await session.get(`${answers.url}/large`, { stream: true });
    for await (const _part of MultipartDecoder.stream(response)) break;
    assert.equal(response.raw.closed, true);
  });

  const refused = [
    ["/cut", MultipartTruncatedError],
    ["/garbage", ImproperBodyPartContentException],
    ["/page", NonMultipartContentTypeException],
  ] as const;
  for (const [target, kind] of refused)
    it(`${target} throws a ${kind.name} that has the response, whole and streamed, and the connection is reused or closed`, async () => {
      const whole = await session.get(answers.url + target);
      assert.throws(() => MultipartDecoder.fromResponse(whole), (error) => error instanceof kind && error.response === whole); // prettier-ignore
      const response = await session.get(answers.url + target, { stream: true });
      const reading = async (): Promise<void> => {
        for await (const part of MultipartDecoder.stream(response)) await part.read();
      };
      const error = await failure(reading());
      assert.ok(error instanceof kind && error.response === response, String(error));
      assert.equal(response.raw.closed, true);
    });
});
