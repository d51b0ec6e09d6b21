/** Multipart bodies made of fields, for `data` and for callers that want the bytes. */
import type { Blob } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { inspect } from "node:util";

import type { HeadersLike } from "../index.js";
import { encoderParts, headEncoding, MultipartBody, type PartEncoding } from "../extend/index.js";
import { ByteReader, checkSize } from "./reading.js";

/** The content of a part. Text of streams and iterables is sent as UTF-8. */
export type MultipartContent =
  | string
  | number
  | bigint
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FileHandle
  | NodeJS.ReadableStream
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** A part with its file name (null for a plain field), and perhaps its Content-Type and further header fields. */
export type MultipartFile = readonly [
  filename: string | null | undefined,
  content: MultipartContent | null | undefined,
  contentType?: string | null | undefined,
  headers?: HeadersLike | null | undefined,
];

/** One field. null and undefined are left out. */
export type MultipartField = MultipartContent | boolean | MultipartFile | null | undefined;

/** The fields of a multipart body: an object, or pairs (a Map, a list) where a name comes several times; or a FormData. */
export type MultipartFields = Readonly<Record<string, MultipartField>> | Iterable<readonly [string, MultipartField]>;

/** The encoding of names, file names and text. */
export type MultipartEncoding = "utf-8" | "utf8" | "latin1" | "iso-8859-1" | "ascii" | "us-ascii";

/** Options of a {@link MultipartEncoder}. */
export interface MultipartEncoderOptions {
  /**
   * The boundary between the parts: 1 to 70 letters, digits and '()+_,-./:=? and no content may have it. Contents in memory are
   * looked through; streams are not.
   *
   * @defaultValue 32 random hexadecimal digits
   */
  readonly boundary?: string | undefined;
  /**
   * For names, file names and text; content that is bytes already stays as it is.
   *
   * @defaultValue "utf-8", as every server expects (RFC 7578 §5.1.2)
   */
  readonly encoding?: MultipartEncoding | undefined;
}

const ENCODINGS: Readonly<Record<MultipartEncoding, PartEncoding>> = {
  "utf-8": "utf-8",
  utf8: "utf-8",
  latin1: "latin1",
  "iso-8859-1": "latin1",
  ascii: "ascii",
  "us-ascii": "ascii",
};

/**
 * A multipart/form-data body that streams, for `data`. Files are read while they are sent. Content-Length is sent when
 * the length of every part is known, and the body can be sent again (redirects, retries, digest) when every part can.
 * When a request fails, its streams are closed.
 *
 * Content alone is a field without a file name, as in requests-toolbelt; a File and `fs.createReadStream(path)` bring
 * theirs along. (`files` of a request names such content after its field.)
 *
 * @example
 * ```ts
 * import { MultipartEncoder } from "requests-ts/multipart";
 *
 * const encoder = new MultipartEncoder({ title: "Report", report: ["report.csv", "a,b\n1,2\n", "text/csv"] });
 * const response = await requests.post("https://httpbin.org/post", {
 *   data: encoder,
 *   headers: { "Content-Type": encoder.contentType },
 * });
 * const { form, files } = response.json<{ form: object; files: object }>();
 * form; //=> { title: "Report" }
 * files; //=> { report: "a,b\n1,2\n" }
 * ```
 * @see requests-toolbelt: `MultipartEncoder`; RFC 7578
 */
export class MultipartEncoder extends MultipartBody {
  /** The encoding of names, file names and text. */
  readonly encoding: PartEncoding;
  #reader: ByteReader | null = null;

  /**
   * @param fields - object, Map or pairs of name and content, or of name and `[filename, content, contentType?, headers?]`.
   * @throws TypeError for a field that is none of these, or an encoding that is not known.
   * @throws InvalidHeader for a boundary that cannot be, a header that would break out of its part, or text that the
   *   encoding cannot express.
   */
  constructor(fields: MultipartFields, options: MultipartEncoderOptions = {}) {
    if (typeof options !== "object" || options === null)
      throw new TypeError("new MultipartEncoder(fields, options) takes { boundary, encoding } as its options");
    const name = (options.encoding ?? "utf-8").toLowerCase();
    const encoding = Object.hasOwn(ENCODINGS, name) ? ENCODINGS[name as MultipartEncoding] : null;
    if (encoding === null)
      throw new TypeError(`encoding must be ${Object.keys(ENCODINGS).join(", ")}, not ${JSON.stringify(name)}`);
    super(encoderParts(fields, encoding), options.boundary, headEncoding(encoding));
    this.encoding = encoding;
  }

  /** This object; what `prepared.body` shows. */
  override get value(): unknown {
    return this;
  }

  /**
   * Reads on from where the last `read` ended, as from a file. Iterating, or sending, begins at the start all the same;
   * where a part can be read only once, it is one or the other.
   *
   * @param size - a number of bytes; all that is left by default.
   * @returns exactly `size` bytes while there are that many, then what is left, then an empty Buffer.
   * @throws UnrewindableBodyError when a part that can be read only once was read already.
   */
  async read(size?: number | null): Promise<Buffer> {
    const wanted = checkSize(size);
    this.#reader ??= new ByteReader(this.open());
    return this.#reader.read(wanted);
  }

  /**
   * Closes the sources of all parts, for a body that is not going to be sent. A FileHandle stays open: who opened it
   * closes it.
   */
  override async close(): Promise<void> {
    await this.#reader?.close().catch(() => undefined);
    await super.close();
  }

  /**
   * The whole body as text, when it is in memory. Reads nothing, and loses nothing:
   *
   * @throws TypeError for a body with files, streams or bytes that are not text: `await encoder.read()` gives its bytes.
   */
  override toString(): string {
    const { bytes } = this;
    if (bytes !== null && this.encoding !== "utf-8") return bytes.toString("latin1");
    const text = bytes === null ? null : bytes.toString("utf8");
    if (text === null || !Buffer.from(text, "utf8").equals(bytes!))
      throw new TypeError(
        `This multipart body is not text in memory: ${bytes === null ? "parts of it have to be read first, or it is large" : "a part has other bytes"}. ` +
          `await encoder.read() gives its bytes`,
      );
    return text;
  }

  [inspect.custom](): string {
    return `<MultipartEncoder [${this.length === null ? "unknown length" : `${this.length} bytes`}]>`;
  }
}
