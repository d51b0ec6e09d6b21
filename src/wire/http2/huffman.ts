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

// An entry of the decoder's table: what one byte does in one state. A state is an inner node of the code's tree.
const SECOND_SHIFT = 8;
const STATE_SHIFT = 16;
const FIRST_BIT = 1 << 24;
const SECOND_BIT = 1 << 25;
/** The two bits of a {@link TEXT_FAULTS} entry. */
const FAULT_SHIFT = 26;
const FAILED = 1 << 28;
const FILLED = 1 << 29;

/** The number of inner nodes: one less than the number of symbols. */
const STATES = 256;

class Tree {
  /** Two for each inner node: a node above 0, or a symbol below 0, as `-1 - symbol`. 0 only while the tree is made. */
  readonly children = new Int16Array(STATES * 2);
  /** 1 for a state in which a string may end: nothing, or up to seven bits of EOS, after the last symbol. */
  readonly ends = new Uint8Array(STATES);
  /** Filled entry by entry as they are needed: most programs meet a small part of it. */
  readonly entries = new Uint32Array(STATES * 256);

  constructor() {
    let nodes = 1;
    for (let symbol = 0; symbol < LENGTHS.length; symbol += 1) {
      let node = 0;
      for (let bit = LENGTHS[symbol] - 1; bit > 0; bit -= 1) {
        const at = node * 2 + ((CODES[symbol] >>> bit) & 1);
        if (this.children[at] === 0) {
          this.children[at] = nodes;
          nodes += 1;
        }
        node = this.children[at];
      }
      this.children[node * 2 + (CODES[symbol] & 1)] = -1 - symbol;
    }
    let node = 0;
    for (let ones = 0; ones <= MAX_PADDING; ones += 1) {
      this.ends[node] = 1;
      node = this.children[node * 2 + 1];
    }
  }

  /** Computes the entry for a byte in a state. A code has at least five bits, so a byte ends two symbols at most. */
  fill(state: number, byte: number): number {
    let node = state;
    let entry = FILLED;
    for (let bit = 7; bit >= 0; bit -= 1) {
      const next = this.children[node * 2 + ((byte >>> bit) & 1)];
      if (next > 0) {
        node = next;
        continue;
      }
      const symbol = -1 - next;
      if (symbol === EOS) {
        entry |= FAILED;
        break;
      }
      entry |= TEXT_FAULTS[symbol] << FAULT_SHIFT;
      entry |= (entry & FIRST_BIT) === 0 ? FIRST_BIT | symbol : SECOND_BIT | (symbol << SECOND_SHIFT);
      node = 0;
    }
    entry |= node << STATE_SHIFT;
    this.entries[(state << 8) | byte] = entry;
    return entry;
  }
}

let tree: Tree | null = null;
let scratch = Buffer.allocUnsafeSlow(1024);
/** A scratch buffer up to this size is kept for the next string. */
const KEPT_SCRATCH = 16 * 1024;

/** Decodes strings. One object, so that a call returns the text, and its faults can be read afterwards. */
class HuffmanDecoder {
  /** The faults of the text that was decoded last: bits of text-faults.ts. */
  faults = 0;

  /**
   * Decodes bytes `start` to `end`.
   *
   * @returns Latin-1 text.
   * @throws Http2Error COMPRESSION_ERROR for EOS in the string, or padding that is not a part of EOS.
   */
  decode(bytes: Uint8Array, start: number, end: number): string {
    const { entries, ends } = (tree ??= new Tree());
    // The shortest code has five bits.
    const most = Math.ceil(((end - start) * 8) / 5);
    let output = scratch;
    if (output.length < most) {
      output = Buffer.allocUnsafeSlow(Math.max(most, scratch.length * 2));
      if (output.length <= KEPT_SCRATCH) scratch = output;
    }
    let state = 0;
    let length = 0;
    let seen = 0;
    for (let at = start; at < end; at += 1) {
      let entry = entries[(state << 8) | bytes[at]];
      if (entry === 0) entry = tree.fill(state, bytes[at]);
      seen |= entry;
      if ((entry & FIRST_BIT) !== 0) {
        output[length] = entry & 0xff;
        length += 1;
        if ((entry & SECOND_BIT) !== 0) {
          output[length] = (entry >>> SECOND_SHIFT) & 0xff;
          length += 1;
        }
      }
      state = (entry >>> STATE_SHIFT) & 0xff;
    }
    if ((seen & FAILED) !== 0) throw compressionError("a Huffman string contains EOS (RFC 7541 §5.2)");
    if (ends[state] === 0)
      throw compressionError("the padding of a Huffman string is not the beginning of EOS (RFC 7541 §5.2)");
    this.faults = (seen >>> FAULT_SHIFT) & (INVALID_IN_NAME | FORBIDDEN_IN_VALUE);
    return output.latin1Slice(0, length);
  }
}

/** The decoder of strings. It keeps no state from one string to the next. */
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
