/** The framing of a request's body: Content-Length or chunked. @see RFC 9112 §6 */
import { InvalidHeader } from "../../exceptions.js";
import type { FieldList } from "../../http/fields.js";
import type { WireBody, WireRequest } from "../transport.js";

/**
 * The body as it is framed: its `length` is null when it is sent chunked.
 *
 * @param lines - What the fields say about the message.
 * @throws InvalidHeader when the fields contradict the body, which would be request smuggling.
 */
export function framedBody({ body, fields }: WireRequest, lines: { readonly hasFraming: boolean }): WireBody | null {
  if (body === null && !lines.hasFraming) return null;
  const declared = checkFraming(fields, body);
  if (declared === null || body === null || body.length !== null) return body;
  return countedBody(body, declared);
}

/** A body of unknown length with the caller's Content-Length: it is counted while it is sent. */
function countedBody(body: WireBody, length: number): WireBody {
  const { replayable } = body;
  return {
    length,
    bytes: null,
    replayable,
    open: () => body.open(),
    close: () => body.close?.(),
    set withheld(withheld: boolean) {
      body.withheld = withheld;
    },
  };
}

/** @returns The declared Content-Length, or null. */
function checkFraming(fields: FieldList, body: WireBody | null): number | null {
  const codings = fields.getAll("transfer-encoding");
  const lengths = fields.getAll("content-length");
  if (codings.length === 0 && lengths.length === 0) {
    if (body !== null) throw contradiction("there is a body, and neither Content-Length nor Transfer-Encoding");
    return null;
  }
  if (codings.length > 0 && lengths.length > 0)
    throw contradiction("Content-Length and Transfer-Encoding are both there");
  if (codings.length > 0) {
    if (codings.length > 1 || codings[0].toLowerCase() !== "chunked")
      throw contradiction(`Transfer-Encoding is ${JSON.stringify(codings.join(", "))}, and only "chunked" is sent`);
    if (body === null) throw contradiction("Transfer-Encoding is there, and no body");
    if (body.length !== null) throw contradiction("Transfer-Encoding is there, and the length of the body is known");
    return null;
  }
  if (lengths.length > 1) throw contradiction("Content-Length is there more than once");
  const length = lengths[0];
  if (!/^\d{1,16}$/.test(length)) throw contradiction(`Content-Length is ${JSON.stringify(length)}`);
  const actual = body === null ? 0 : body.length;
  if (actual !== null && Number(length) !== actual)
    throw contradiction(`Content-Length is ${length}, and the body has ${actual} bytes`);
  return Number(length);
}

function contradiction(what: string): InvalidHeader {
  return new InvalidHeader(
    `Framing headers contradict the body: ${what}. Leave Content-Length and Transfer-Encoding to the library, or make them fit`,
  );
}
