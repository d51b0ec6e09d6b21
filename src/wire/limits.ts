/** The bounds on what a peer may send, with their defaults. Each is an option of HTTPAdapter. */
export interface WireLimits {
  /** Bytes of one response head, or of the trailers. */
  readonly maxHeaderSize: number;
  /** Field lines in one head, or in the trailers. */
  readonly maxHeaders: number;
  /** 1xx responses before the final one. */
  readonly maxInformational: number;
  /** Bytes of a chunk-size line with its extensions. */
  readonly maxChunkLineSize: number;
}

/** The limits that hold unless the adapter was given others. */
export const DEFAULT_LIMITS: WireLimits = Object.freeze({
  maxHeaderSize: 256 * 1024,
  maxHeaders: 1000,
  maxInformational: 100,
  maxChunkLineSize: 16 * 1024,
});
