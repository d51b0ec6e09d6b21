/** Text in old charsets. Runtimes decode them but do not encode them, so the tables are made by decoding. */
import { decodeText } from "#internal/content/charset";

const tables = new Map<string, ReadonlyMap<string, Uint8Array>>();

/**
 * The bytes of a text.
 *
 * @param charset - A label that `decodeText` knows.
 * @throws Error for a character that the charset does not have.
 */
export function encode(text: string, charset: string): Buffer {
  const table = tableOf(charset);
  return Buffer.concat(
    Array.from(text, (character) => {
      const bytes = table.get(character);
      if (bytes === undefined) throw new Error(`${character} is not in ${charset}`);
      return bytes;
    }),
  );
}

function tableOf(charset: string): ReadonlyMap<string, Uint8Array> {
  const known = tables.get(charset);
  if (known !== undefined) return known;
  const table = new Map<string, Uint8Array>();
  const learn = (...bytes: number[]): void => {
    const text = decodeText(Buffer.from(bytes), charset);
    if (text !== "\ufffd" && [...text].length === 1 && !table.has(text)) table.set(text, Uint8Array.from(bytes));
  };
  for (let byte = 0; byte < 0x100; byte += 1) learn(byte);
  if (/^(shift_jis|euc-|gb|big5)/.test(charset))
    for (let lead = 0x81; lead < 0xff; lead += 1) for (let trail = 0x40; trail < 0xff; trail += 1) learn(lead, trail);
  tables.set(charset, table);
  return table;
}
