/** Multipart bodies as Python's httpbin (Werkzeug) reads them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Session, type FilesInit, type RequestOptions } from "requests-ts";
import { MultipartEncoder, MultipartEncoderMonitor, type MultipartFile } from "requests-ts/multipart";

import { asShown, asWritten, BACKSLASHES, CASES, CONTENTS } from "../_support/multipart-cases.js";
import { startPythonHttpbin, whyNoPythonHttpbin, type PythonHttpbin } from "../_support/python-httpbin.js";

type Files = readonly (readonly [name: string, file: MultipartFile])[];

interface Echo {
  readonly form: Readonly<Record<string, string | readonly string[]>>;
  readonly files: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

const SENDERS: Readonly<Record<string, (files: Files) => RequestOptions>> = {
  MultipartEncoder: (files) => ({ data: new MultipartEncoder(files) }),
  MultipartEncoderMonitor: (files) => ({ data: new MultipartEncoderMonitor(new MultipartEncoder(files)) }),
  "files=": (files) => ({ files: files as FilesInit }),
};

describe("multipart on Python's httpbin", { skip: whyNoPythonHttpbin() }, () => {
  let server: PythonHttpbin;
  let session: Session;
  before(async () => {
    server = await startPythonHttpbin();
    session = new Session();
  });
  after(async () => {
    await session?.close();
    await server?.close();
  });

  const echoed = async (options: RequestOptions): Promise<Echo> =>
    (await session.post(`${server.url}/post`, options).raiseForStatus()).json<Echo>();

  for (const [sender, optionsOf] of Object.entries(SENDERS))
    describe(`by ${sender}`, () => {
      for (const { why, name, filename, content } of CASES)
        it(why, async () => {
          const { form, files } = await echoed(
            optionsOf([
              ["before", [null, "1"]],
              [name, [filename, content]],
              ["behind", [null, "2"]],
              [name, [null, "as a field"]],
            ]),
          );
          assert.deepEqual(files, { [asWritten(name)]: asShown(content) });
          assert.deepEqual(form, { before: "1", behind: "2", [asWritten(name)]: "as a field" });
        });

      for (const { text, unescaped } of BACKSLASHES)
        it(`${JSON.stringify(text)}: it may treat a backslash as an escape, as in browsers`, async () => {
          const { files } = await echoed(optionsOf([[text, ["x", "x"]]]));
          assert.deepEqual(files, unescaped === null ? {} : { [unescaped]: "x" });
        });

      it("contents of every kind together", async () => {
        const { files } = await echoed(optionsOf(CONTENTS.map(([why, content]) => [why, ["n", content]])));
        assert.deepEqual(files, Object.fromEntries(CONTENTS.map(([why, content]) => [why, asShown(content)])));
      });

      it("streams of unknown length, chunked", async () => {
        async function* content(): AsyncGenerator<Buffer> {
          for (const [, bytes] of CONTENTS) yield bytes;
        }
        const { files, headers } = await echoed(optionsOf([["f", ["n", content()]]]));
        assert.equal(headers["Transfer-Encoding"], "chunked");
        assert.deepEqual(files, { f: asShown(Buffer.concat(CONTENTS.map(([, bytes]) => bytes))) });
      });

      it("10,000 parts, or Werkzeug's limit", { timeout: 120_000 }, async () => {
        const files = Array.from({ length: 10_000 }, (_, at): Files[number] =>
          at % 2 === 0 ? [`field-${at}`, [null, `${at}`]] : [`file-${at}`, [`${at}.txt`, `${at}`]],
        );
        const response = await session.post(`${server.url}/post`, optionsOf(files));
        // Werkzeug 2.2.3 and later take 1,000 parts and answer 413 to more.
        if (response.statusCode === 413) {
          const few = await echoed(optionsOf(files.slice(0, 1000)));
          assert.deepEqual([Object.keys(few.form).length, Object.keys(few.files).length], [500, 500]);
          return;
        }
        const echo = response.raiseForStatus().json<Echo>();
        assert.deepEqual(
          { ...echo.form, ...echo.files },
          Object.fromEntries(files.map(([name, [, content]]) => [name, content])),
        );
      });
    });
});
