/** Content-Disposition: the names of parts, as browsers, mail programs and others write them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { MultipartDecoder } from "requests-ts/multipart";

function namesOf(disposition: string): [name: string | null, filename: string | null] {
  const content = Buffer.from(`--B\r\nContent-Disposition: ${disposition}\r\n\r\n\r\n--B--`);
  const [part] = new MultipartDecoder(content, "multipart/x; boundary=B").parts;
  return [part.name, part.filename];
}

type Row = readonly [disposition: string, name: string | null, filename: string | null];

const TABLES: Readonly<Record<string, readonly Row[]>> = {
  "as browsers write them": [
    ['form-data; name="a"; filename="b.txt"', "a", "b.txt"],
    ['form-data; name="a"', "a", null],
    ['form-data; name=""; filename=""', "", ""],
    ['form-data; name="%22%0D%0A%0d%0a"; filename="a%22b"', '"\r\n\r\n', 'a"b'],
    ['form-data; name="100%25 %2522 %zz %"', "100%25 %2522 %zz %", null],
    ['form-data; name="C:\\temp\\new"; filename="\\\\host\\share"', "C:\\temp\\new", "\\\\host\\share"],
    ['form-data; name="C:\\dir\\"; filename="D:\\"', "C:\\dir\\", "D:\\"],
    ['form-data; name="a; filename=b"; filename="c=d; e"', "a; filename=b", "c=d; e"],
    ['form-data; name="日本"; filename="Ω😀.txt"', "日本", "Ω😀.txt"],
    ['form-data; name=" a "', " a ", null],
  ],
  "as others write them": [
    ["form-data; name=a; filename=b.txt", "a", "b.txt"],
    ["Form-Data ;NAME = a ; FileName\t=\t\"b\" ;", "a", "b"],
    ['form-data;name="a";filename="b"', "a", "b"],
    ['form-data; name="a\\"b"; filename="c\\\\d"', 'a"b', "c\\d"],
    ['form-data; name="a";; filename="b"', "a", "b"],
    ['attachment; filename="a\\"b\\\\c"', null, 'a"b\\c'],
    ['attachment; filename="C:\\temp\\"', null, "C:\\temp\\"],
    ['attachment; filename="100%22.txt"', null, "100%22.txt"],
    ["inline", null, null],
  ],
  "with filename*, which is read and never written": [
    ["form-data; name=a; filename=\"plain\"; filename*=UTF-8''%e2%82%ac%20rates", "a", "€ rates"],
    ["attachment; filename*=utf-8'en'na%C3%AFve.txt", null, "naïve.txt"],
    ["attachment; filename*=ISO-8859-1''na%EFve.txt", null, "naïve.txt"],
    ["attachment; filename=\"p\"; filename*=utf-8''%E2%82", null, "p"],
    ["attachment; filename=p; filename*=utf-8''%4", null, "p"],
    ["attachment; filename=p; filename*=utf-8''%zz", null, "p"],
    ["attachment; filename=p; filename*=utf-8''a b", null, "p"],
    ["attachment; filename=p; filename*=klingon''a", null, "p"],
    ["attachment; filename=p; filename*=utf-8", null, "p"],
    ["attachment; filename*=UTF-8''it's%27", null, "it's'"],
  ],
  "that make no sense: what can be read is": [
    ["", null, null],
    [";", null, null],
    ["form-data; name", null, null],
    ['form-data; name="a', "a", null],
    ['form-data; name="a"b; filename="c"', "a", "c"],
    ['form-data; name="a" "b"; filename=c', "a", "c"],
    ["form-data; =x; name=a", "a", null],
    ['form-data; name="a"; name="b"', "a", null],
    ["form-data; __proto__=x; constructor=y", null, null],
  ],
}; // prettier-ignore

for (const [what, rows] of Object.entries(TABLES))
  describe(`names ${what}`, () => {
    for (const [disposition, name, filename] of rows)
      it(JSON.stringify(disposition), () => {
        assert.deepEqual(namesOf(disposition), [name, filename]);
      });
  });
