/** From what a caller gives as `data`, `json` and `files` to the body of a request and its Content-Type. */
import { InvalidJSONError } from "../../exceptions.js";
import { kindOf } from "../../options/kind.js";
import {
  isAnyArrayBuffer,
  isBlob,
  isFormData,
  isMap,
  isPlainObject,
  isSet,
  isUrlSearchParams,
} from "../../options/kinds.js";
import { encodeParams, type Params } from "../../http/params.js";
import { boundaryOf, boundaryParameter, isMultipartType } from "../../http/boundary.js";
import { contentBody } from "./content.js";
import { TextBody } from "./memory-source.js";
import { MultipartBody } from "./multipart.js";
import { dataParts, fileParts, formDataParts } from "./multipart-part.js";
import type { Body } from "./source.js";

export type { Body } from "./source.js";

/** The three options that make a body. */
export interface BodyOptions {
  /** Form fields (object, Map, pairs, URLSearchParams), or the body itself: text, bytes, Blob, FormData, stream … */
  readonly data?: unknown;
  /** Anything that JSON.stringify takes; undefined is none, null the JSON null. Ignored beside data or files. */
  readonly json?: unknown;
  /** Object, Map or pairs of field name and file; makes the body multipart. */
  readonly files?: unknown;
}

/** The result of {@link prepareBody}. */
export interface BodyAndType {
  /** The body, or null for none. */
  readonly body: Body | null;
  /** The Content-Type to set, or null to leave the headers as they are: none is called for, or the caller's stays. */
  readonly contentType: string | null;
}

const ACCEPTED =
  "an object, a Map or pairs (a form), a string, bytes, a Blob, URLSearchParams, FormData, a stream, a FileHandle, or an " +
  "iterable of bytes or strings";

/**
 * The body of a value that is sent as it is. URLSearchParams become their form, a FormData becomes multipart.
 *
 * @returns null for null, undefined and nothing else.
 * @throws TypeError for a value that has no bytes of its own, such as a number or an object.
 */
export function bodyFrom(value: unknown): Body | null {
  if (value === null || value === undefined) return null;
  const body = contentBody(value);
  if (body !== null) return body;
  if (typeof value === "object" && isUrlSearchParams(value)) return new TextBody(encodeParams(value));
  if (typeof value === "object" && isFormData(value)) return new MultipartBody(formDataParts(value));
  throw new TypeError(`A body cannot be ${kindOf(value)}; it must be text, bytes, a stream or an iterable of those`);
}

/**
 * The body that the options mean, in requests' order: files (with data as fields), then data, then json. Empty data
 * ("", no bytes, an object, Map or list without entries) and empty files count as absent.
 *
 * @param contentType - the caller's Content-Type header, if there is one; a boundary in it becomes the body's.
 * @throws TypeError for options that cannot be sent.
 * @throws InvalidJSONError for `json` that JSON cannot express.
 * @throws InvalidHeader for a boundary, or a header of a part, that cannot be sent.
 * @see requests: `PreparedRequest.prepare_body`
 */
export function prepareBody(options: BodyOptions, contentType: string | undefined): BodyAndType {
  const { data, files } = options;
  if (files !== null && files !== undefined && !isEmptyFiles(files)) {
    const parts = isAbsent(data) ? [] : dataParts(checkedFields(data));
    parts.push(...fileParts(files));
    return multipart(parts, contentType);
  }
  if (isAbsent(data)) return options.json === undefined ? NOTHING : jsonBody(options.json, contentType);

  if (typeof data === "string") return { body: new TextBody(data), contentType: null };
  const body = contentBody(data);
  if (body !== null) return { body, contentType: contentType === undefined ? ownType(body, data) : null };
  if (typeof data === "object" && isFormData(data!)) return multipart(formDataParts(data), contentType);
  if (!isForm(data)) throw new TypeError(`data must be ${ACCEPTED}, not ${kindOf(data)}`);
  return {
    body: new TextBody(formText(data)),
    contentType: contentType === undefined ? "application/x-www-form-urlencoded" : null,
  };
}

const NOTHING: BodyAndType = { body: null, contentType: null };

function jsonBody(json: unknown, contentType: string | undefined): BodyAndType {
  let text: string | undefined;
  try {
    text = JSON.stringify(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidJSONError(`json cannot be written as JSON: ${reason}`, { cause });
  }
  if (text === undefined)
    throw new InvalidJSONError(`json cannot be written as JSON: ${kindOf(json)} has no JSON form`, {
      cause: new TypeError(`JSON.stringify gives undefined for ${kindOf(json)}`),
    });
  return { body: new TextBody(text), contentType: contentType === undefined ? "application/json" : null };
}

function multipart(parts: ReturnType<typeof fileParts>, contentType: string | undefined): BodyAndType {
  if (contentType === undefined || !isMultipartType(contentType)) {
    const body = new MultipartBody(parts);
    return { body, contentType: contentType === undefined ? body.contentType : null };
  }
  const boundary = boundaryOf(contentType);
  if (boundary !== null) return { body: new MultipartBody(parts, boundary), contentType: null };
  const body = new MultipartBody(parts);
  const type = contentType.trimEnd();
  return { body, contentType: `${type}${type.endsWith(";") ? " " : "; "}${boundaryParameter(body.boundary)}` };
}

function formText(data: unknown): string {
  try {
    return encodeParams(data as Params);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new TypeError(`data cannot be sent as a form: ${cause.message}`, { cause });
  }
}

function ownType(body: Body, data: unknown): string | null {
  if (body.contentType !== undefined) return body.contentType;
  return typeof data === "object" && data !== null && isBlob(data) && data.type !== "" ? data.type : null;
}

function checkedFields(data: unknown): unknown {
  if (isForm(data) || (typeof data === "object" && data !== null && isFormData(data))) return data;
  throw new TypeError(
    `data must be an object, a Map or pairs when files are given, because it becomes fields of the multipart body, not ` +
      `${kindOf(data)}; to send it as one field put it into files: { field: [null, content] }`,
  );
}

function isForm(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false;
  if (Array.isArray(data) || isMap(data) || isUrlSearchParams(data)) return true;
  return isPlainObject(data) && !(Symbol.iterator in data) && !(Symbol.asyncIterator in data);
}

/** Whether Python would treat the data as false, which means no data. */
function isAbsent(data: unknown): boolean {
  if (data === undefined || data === null || data === "") return true;
  if (typeof data !== "object") return false;
  if (Array.isArray(data)) return data.length === 0;
  if (isMap(data) || isSet(data)) return data.size === 0;
  // Older implementations have no size.
  if (isUrlSearchParams(data)) return data[Symbol.iterator]().next().done === true;
  if (ArrayBuffer.isView(data) || isAnyArrayBuffer(data)) return data.byteLength === 0;
  return isForm(data) && Object.keys(data).length === 0;
}

function isEmptyFiles(files: unknown): boolean {
  if (
    typeof files !== "object" ||
    files === null ||
    (Symbol.iterator in files && !Array.isArray(files) && !isMap(files))
  )
    throw new TypeError(`files must be an object, a Map or [name, file] pairs, not ${kindOf(files)}`);
  if (Array.isArray(files)) return files.length === 0;
  return isMap(files) ? files.size === 0 : Object.keys(files).length === 0;
}
