/** The bytes that a field name or a field value must not contain, as bits that a decoder can collect. */
import { TOKEN_CHARACTERS } from "../../http/tokens.js";

/** Not a token character, or an upper-case letter. @see RFC 9113 §8.2.1 */
export const INVALID_IN_NAME = 1;
/** A control character other than HTAB. @see RFC 9110 §5.5 */
export const FORBIDDEN_IN_VALUE = 2;

/** The bits that hold for each byte. */
export const TEXT_FAULTS: Readonly<Uint8Array> = (() => {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    if (TOKEN_CHARACTERS[byte] !== 1 || (byte >= 65 && byte <= 90)) table[byte] |= INVALID_IN_NAME;
    if ((byte < 32 && byte !== 9) || byte === 127) table[byte] |= FORBIDDEN_IN_VALUE;
  }
  return table;
})();

const SPACE = 32;
const TAB = 9;

/** Whether a value begins or ends with a blank, which RFC 9113 §8.2.1 does not allow. */
export function hasBlankEnd(value: string): boolean {
  return value !== "" && (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1)));
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
