/** The types of what callers give as `data` and `files`. */
import type { FileHandle } from "node:fs/promises";
import type { ReadableStream } from "node:stream/web";

import type { Params, ParamScalar, ParamValue } from "../../http/params.js";

/** An iterable of bytes or text, such as a generator. An array is a list of form fields instead. */
type PieceIterable = Iterable<string | Uint8Array> & { readonly concat?: never };

/** A stream of the style before Node 0.10, such as those of the package form-data. */
interface OldStream {
  pipe(...given: never[]): unknown;
  on(...given: never[]): unknown;
}

/** A FormData of the platform or of a package. */
interface FormDataLike {
  append(...given: never[]): unknown;
  getAll(name: string): unknown;
}

/** A Blob or File of the platform or of a package. */
interface BlobLike {
  readonly size: number;
  readonly type: string;
  slice(...given: never[]): unknown;
}

/**
 * Content that is sent unchanged: text (as UTF-8), bytes, a Blob or File, a Node or web stream, an open file, an iterable
 * or async iterable of bytes or text, or a MultipartEncoder.
 */
export type ContentInit =
  | string
  | ArrayBufferView
  | ArrayBufferLike
  | BlobLike
  | OldStream
  | ReadableStream<string | Uint8Array>
  | globalThis.ReadableStream<string | Uint8Array>
  | FileHandle
  | PieceIterable
  | AsyncIterable<string | Uint8Array>
  | { open(): AsyncIterable<Uint8Array>; readonly length: number | null; readonly replayable: boolean };

/** The values of the option `data`: form fields, a FormData, or content that is sent unchanged. */
export type DataInit = Params | ContentInit | FormDataLike | readonly (readonly ParamScalar[])[];

/** The content of a file. A string is the content itself, not a path. */
export type FileContent = ContentInit | number | bigint;

/**
 * One file of the option `files`: its content, or `[filename, content, contentType, headers]`. A file name of null makes
 * a plain form field.
 */
export type FileInit =
  | FileContent
  // What the compiler makes of such a list in a variable.
  | readonly (ContentInit | Readonly<Record<string, string>> | null | undefined)[]
  | readonly [filename: string | null | undefined, content: FileContent | null | undefined]
  | readonly [
      filename: string | null | undefined,
      content: FileContent | null | undefined,
      contentType: string | null | undefined,
      headers?: Readonly<Record<string, ParamValue>> | Iterable<readonly [string, ParamValue]> | null | undefined,
    ];

/** The values of the option `files`: files by field name. Pairs may repeat a name. */
export type FilesInit =
  | { readonly [name: string]: FileInit | null | undefined }
  | ReadonlyMap<string, FileInit | null | undefined>
  | Iterable<readonly [name: string, file: FileInit | null | undefined]>
  | readonly (readonly (FileInit | null | undefined)[])[];
