/** The boundary of a multipart body: making one, finding the caller's, and what it may consist of. */
import { randomBytes } from "node:crypto";

import { InvalidHeader } from "../exceptions.js";

/** A boundary that no content will contain: 32 random hex characters, as urllib3's. */
export function randomBoundary(): string {
  return randomBytes(16).toString("hex");
}

// RFC 2046 §5.1.1: 1 to 70 of these characters, the last one no space.
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
// RFC 9110 §5.6.2: what may stand in a parameter without quotes.
const TOKEN = /^[0-9A-Za-z!#$%&'*+\-.^_`|~]+$/;

/**
 * @throws InvalidHeader for a boundary that RFC 2046 does not allow.
 * @see RFC 2046 §5.1.1
 */
export function checkBoundary(boundary: string): void {
  if (BOUNDARY.test(boundary)) return;
  throw new InvalidHeader(
    `${JSON.stringify(boundary.slice(0, 100))} cannot be the boundary of a multipart body: it must have 1 to 70 ` +
      `letters, digits and '()+_,-./:=? and must not end in a space (RFC 2046 §5.1.1)`,
  );
}

/** A boundary as a parameter of Content-Type, in quotes where it needs them. */
export function boundaryParameter(boundary: string): string {
  return `boundary=${TOKEN.test(boundary) ? boundary : `"${boundary}"`}`;
}

/** Whether a Content-Type names a multipart type. */
export function isMultipartType(contentType: string): boolean {
  return contentType.trimStart().slice(0, 10).toLowerCase() === "multipart/";
}

/** The boundary parameter of a Content-Type, without its quotes, or null when there is none. One pass. */
export function boundaryOf(contentType: string): string | null {
  let at = contentType.indexOf(";");
  while (at !== -1) {
    const equals = contentType.indexOf("=", at + 1);
    if (equals === -1) return null;
    const semicolon = contentType.indexOf(";", at + 1);
    if (semicolon !== -1 && semicolon < equals) {
      at = semicolon;
      continue;
    }
    const name = contentType
      .slice(at + 1, equals)
      .trim()
      .toLowerCase();
    const [value, end] = parameterValue(contentType, equals + 1);
    if (name === "boundary") return value;
    at = contentType.indexOf(";", end);
  }
  return null;
}

function parameterValue(text: string, start: number): [string, number] {
  let at = start;
  while (text[at] === " " || text[at] === "\t") at += 1;
  if (text[at] !== '"') {
    const semicolon = text.indexOf(";", at);
    const end = semicolon === -1 ? text.length : semicolon;
    return [text.slice(at, end).trim(), end];
  }
  let value = "";
  for (at += 1; at < text.length && text[at] !== '"'; at += 1) {
    if (text[at] === "\\" && at + 1 < text.length) at += 1;
    value += text[at];
  }
  return [value, at + 1];
}
