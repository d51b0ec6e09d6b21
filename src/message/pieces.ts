/** The content of a response in the pieces in which it arrives. */
import { queueOf } from "./raw-response.js";
import { RequestException } from "../exceptions.js";
import { END, type End, type PullSource } from "../content/pull-iterator.js";
import type { RawResponse } from "./raw-response.js";
import type { ByteSource } from "./raw-queue.js";
import type { Response } from "./response.js";

/** Content that is at hand. */
export function piecesOf(content: Buffer): PullSource<Buffer> {
  let rest: Buffer | End = content.length > 0 ? content : END;
  const end = (): void => void (rest = END);
  return {
    pull: () => {
      const given = rest;
      end();
      return given;
    },
    close: end,
  };
}

/** The content of a streamed response. Errors get to know their response; the end, and leaving early, close the body. */
export class Pieces implements PullSource<Buffer> {
  /** Bytes that were given so far. */
  bytes = 0;
  readonly #response: Response;
  readonly #raw: RawResponse;
  readonly #content: ByteSource;
  #isAtEnd = false;

  /** @param content - The decoded bytes of `raw`. */
  constructor(response: Response, raw: RawResponse, content: ByteSource) {
    this.#response = response;
    this.#raw = raw;
    this.#content = content;
  }

  /** Whether the body was closed before all of it was given. */
  get isCutShort(): boolean {
    return !this.#isAtEnd && queueOf(this.#raw).isAbandoned;
  }

  pull(): Buffer | End | Promise<Buffer | End> {
    let piece: Buffer | null | Promise<Buffer | null>;
    try {
      piece = this.#content.pull();
    } catch (error) {
      throw this.#failed(error);
    }
    return piece instanceof Promise ? this.#later(piece) : this.#given(piece);
  }

  close(): void {
    this.#raw.close();
  }

  async #later(pulled: Promise<Buffer | null>): Promise<Buffer | End> {
    let piece: Buffer | null;
    try {
      piece = await pulled;
    } catch (error) {
      throw this.#failed(error);
    }
    return this.#given(piece);
  }

  #given(piece: Buffer | null): Buffer | End {
    if (piece !== null) {
      this.bytes += piece.length;
      return piece;
    }
    this.#isAtEnd = !queueOf(this.#raw).isAbandoned;
    this.#raw.close();
    return END;
  }

  #failed(error: unknown): unknown {
    this.#raw.close();
    if (error instanceof RequestException) {
      error.response ??= this.#response;
      error.request ??= this.#response.request;
    }
    return error;
  }
}
