/**
 * A reader of multipart/form-data that takes nothing loose: what it reads, every server reads. It shares no code with the
 * library. As strict as a well-meant reading of RFC 7578 and of PHP's rfc1867.c can be: exact CRLF, one blank after a
 * colon and a semicolon, names in quotes, nothing before the first delimiter and nothing after the last.
 */
import assert from "node:assert/strict";

/** One part as it was read. */
export interface StrictPart {
  /** What stands between the quotes, in UTF-8. */
  readonly name: string;
  readonly filename: string | null;
  readonly type: string | null;
  /** Further header lines. */
  readonly others: readonly string[];
  readonly content: Buffer;
}

const TYPE = /^multipart\/form-data; boundary=(?:([0-9A-Za-z'+_.-]{1,70})|"([0-9A-Za-z'()+_,\-./:=? ]{1,70})")$/;
const DISPOSITION = /^Content-Disposition: form-data; name="([^"\r\n]*)"(?:; filename="([^"\r\n]*)")?$/;
const CONTENT_TYPE = /^Content-Type: ([!-~][ -~]*)$/;
const OTHER = /^[A-Za-z0-9-]+: [!-~][ -~]*$/;

/** @throws AssertionError that says what is loose. */
export function readStrictly(body: Buffer, contentType: string): StrictPart[] {
  const type = TYPE.exec(contentType);
  assert.ok(type !== null, `the Content-Type is ${JSON.stringify(contentType)}`);
  const dashes = `--${type[1] ?? type[2]}`;
  const between = Buffer.from(`\r\n${dashes}`);
  const parts: StrictPart[] = [];
  assert.equal(body.toString("latin1", 0, dashes.length), dashes, "the body begins with its delimiter");
  let at = dashes.length;
  while (body.toString("latin1", at, at + 2) !== "--") {
    assert.equal(body.toString("latin1", at, at + 2), "\r\n", "a delimiter ends its line");
    const start = at + 2;
    const headEnd = body.indexOf("\r\n\r\n", start);
    assert.ok(headEnd > start, "a part has a head");
    const end = body.indexOf(between, headEnd + 4);
    assert.ok(end >= 0, "a part is followed by a delimiter");
    const lines = utf8(body.subarray(start, headEnd)).split("\r\n");
    for (const line of lines) assert.ok(!/[\r\n\0]/.test(line), `a bare line break in ${JSON.stringify(line)}`);
    const disposition = DISPOSITION.exec(lines[0]);
    assert.ok(disposition !== null, `the first line of a head is ${JSON.stringify(lines[0])}`);
    const named = CONTENT_TYPE.exec(lines[1] ?? "");
    const others = lines.slice(named === null ? 1 : 2);
    for (const line of others) assert.match(line, OTHER);
    parts.push({
      name: disposition[1],
      filename: disposition[2] ?? null,
      type: named?.[1] ?? null,
      others,
      content: body.subarray(headEnd + 4, end),
    });
    at = end + between.length;
  }
  assert.equal(body.toString("latin1", at), "--\r\n", "the last delimiter ends the body");
  return parts;
}

function utf8(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  assert.ok(Buffer.from(text, "utf8").equals(bytes), "a head is UTF-8");
  return text;
}
