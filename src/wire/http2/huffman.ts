/** The static Huffman code of HPACK. @see RFC 7541 Appendix B */
import { compressionError } from "./errors.js";
import { FORBIDDEN_IN_VALUE, INVALID_IN_NAME, TEXT_FAULTS } from "./text-faults.js";

/**
 * The length of the code of each byte, and of EOS at the end, in bits. The code is canonical: the codes of one length
 * follow each other in the order of the bytes, so that the lengths say everything.
 */
const LENGTHS = new Uint8Array([
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
]);
const EOS = 256;
const SHORTEST = 5;
const LONGEST = 30;
/** Padding is shorter than a byte (RFC 7541 §5.2). */
const MAX_PADDING = 7;

/** The code of each byte. */
const CODES = canonicalCodes();

function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(LENGTHS.length);
  let code = 0;
  for (let length = 1; length <= LONGEST; length += 1) {
    code *= 2;
    for (let symbol = 0; symbol < LENGTHS.length; symbol += 1)
      if (LENGTHS[symbol] === length) {
        codes[symbol] = code;
        code += 1;
      }
  }
  return codes;
}

// An entry of the decoder's table: what four bits do in one state. A state is an inner node of the code's tree.
const STATE_SHIFT = 8;
/** The four bits end a symbol, which is the lowest byte of the entry. The shortest code has five bits. */
const HAS_SYMBOL = 1 << 16;
/** The two bits of {@link TEXT_FAULTS} for the symbol. */
const FAULT_SHIFT = 17;
const FAILED = 1 << 19;

/** The number of inner nodes: one less than the number of symbols. */
const STATES = 256;

/** The tree of the code as a table. */
class DecodingTable {
  readonly entries = new Uint32Array(STATES * 16);
  /** 1 for a state in which a string may end: nothing, or up to seven bits of EOS, after the last symbol. */
  readonly ends = new Uint8Array(STATES);

  constructor() {
    const children = codeTree();
    for (let state = 0; state < STATES; state += 1)
      for (let bits = 0; bits < 16; bits += 1) this.entries[state * 16 + bits] = entryFor(children, state, bits);
    let node = 0;
    for (let ones = 0; ones <= MAX_PADDING; ones += 1) {
      this.ends[node] = 1;
      node = children[node * 2 + 1];
    }
  }
}

/** Two numbers for each inner node, for the bits 0 and 1: another inner node above 0, or a symbol, as `-1 - symbol`. */
function codeTree(): Int16Array {
  const children = new Int16Array(STATES * 2);
  let nodes = 1;
  for (let symbol = 0; symbol < LENGTHS.length; symbol += 1) {
    let node = 0;
    for (let bit = LENGTHS[symbol] - 1; bit > 0; bit -= 1) {
      const at = node * 2 + ((CODES[symbol] >>> bit) & 1);
      if (children[at] === 0) {
        children[at] = nodes;
        nodes += 1;
      }
      node = children[at];
    }
    children[node * 2 + (CODES[symbol] & 1)] = -1 - symbol;
  }
  return children;
}

function entryFor(children: Int16Array, state: number, bits: number): number {
  let node = state;
  let entry = 0;
  for (let bit = 3; bit >= 0; bit -= 1) {
    const next = children[node * 2 + ((bits >>> bit) & 1)];
    if (next > 0) {
      node = next;
      continue;
    }
    const symbol = -1 - next;
    if (symbol === EOS) return FAILED;
    entry = HAS_SYMBOL | symbol | (TEXT_FAULTS[symbol] << FAULT_SHIFT);
    node = 0;
  }
  return entry | (node << STATE_SHIFT);
}

/** Made for the first string. */
let table: DecodingTable | null = null;
/** An output buffer up to this size is kept for the next string. */
const KEPT_OUTPUT = 16 * 1024;

/** Decodes strings. It keeps no state from one string to the next, apart from the results of the last one. */
class HuffmanDecoder {
  /** The last string is at its start, as Latin-1 text. */
  output: Buffer = Buffer.allocUnsafeSlow(1024);
  /** The faults of the last string: bits of text-faults.ts. */
  faults = 0;

  /**
   * Decodes bytes `start` to `end` into `output`.
   *
   * @returns The length of the text.
   * @throws Http2Error COMPRESSION_ERROR for EOS in the string, or padding that is not a part of EOS.
   */
  decode(bytes: Uint8Array, start: number, end: number): number {
    const { entries, ends } = (table ??= new DecodingTable());
    const output = this.#outputFor(end - start);
    let state = 0;
    let length = 0;
    let seen = 0;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at];
      let entry = entries[(state << 4) | (byte >>> 4)];
      seen |= entry;
      if ((entry & HAS_SYMBOL) !== 0) {
        output[length] = entry;
        length += 1;
      }
      entry = entries[((entry >>> STATE_SHIFT) & 0xff) * 16 + (byte & 0x0f)];
      seen |= entry;
      if ((entry & HAS_SYMBOL) !== 0) {
        output[length] = entry;
        length += 1;
      }
      state = (entry >>> STATE_SHIFT) & 0xff;
    }
    if ((seen & FAILED) !== 0) throw compressionError("a Huffman string contains EOS (RFC 7541 §5.2)");
    if (ends[state] === 0)
      throw compressionError("the padding of a Huffman string is not the beginning of EOS (RFC 7541 §5.2)");
    this.faults = (seen >>> FAULT_SHIFT) & (INVALID_IN_NAME | FORBIDDEN_IN_VALUE);
    return length;
  }

  /** A buffer for a string of this many encoded bytes. */
  #outputFor(bytes: number): Buffer {
    const most = Math.ceil((bytes * 8) / SHORTEST);
    if (most > this.output.length || this.output.length > KEPT_OUTPUT)
      this.output = Buffer.allocUnsafeSlow(Math.max(most, 1024));
    return this.output;
  }
}

/** The decoder of strings. */
export const huffman = new HuffmanDecoder();

/** The number of bytes that a Latin-1 text takes in the Huffman code. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at += 1) bits += LENGTHS[text.charCodeAt(at)];
  return (bits + 7) >>> 3;
}

/**
 * Writes a Latin-1 text in the Huffman code. The target must have room for {@link huffmanLength} bytes.
 *
 * @returns Where it ends in the target.
 */
export function writeHuffman(text: string, target: Uint8Array, start: number): number {
  let at = start;
  /** Bits that are not written yet: fewer than eight. */
  let held = 0;
  let heldBits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const symbol = text.charCodeAt(index);
    let code = CODES[symbol];
    let bits = LENGTHS[symbol];
    if (bits > 24) {
      // Together with the held bits the code would have more than 32.
      bits -= 8;
      held = (held << 8) | (code >>> bits);
      target[at] = (held >>> heldBits) & 0xff;
      at += 1;
      held &= (1 << heldBits) - 1;
      code &= (1 << bits) - 1;
    }
    held = (held << bits) | code;
    heldBits += bits;
    while (heldBits >= 8) {
      heldBits -= 8;
      target[at] = (held >>> heldBits) & 0xff;
      at += 1;
    }
    held &= (1 << heldBits) - 1;
  }
  if (heldBits > 0) {
    // The first bits of EOS, which are ones.
    target[at] = ((held << (8 - heldBits)) | (0xff >>> heldBits)) & 0xff;
    at += 1;
  }
  return at;
}
