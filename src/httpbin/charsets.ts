/** Texts in old charsets. Node decodes these but does not encode them, so the tables are made by decoding. */

const SAMPLES: Readonly<Record<string, string>> = {
  "utf-8": "Grüße, Ελληνικά, русский, 日本語, 🦀",
  "utf-16le": "Grüße, Ελληνικά, русский, 日本語, 🦀",
  "utf-16be": "Grüße, Ελληνικά, русский, 日本語, 🦀",
  "iso-8859-1": "Grüße, garçon, niño, ½ smørrebrød",
  "iso-8859-2": "Příliš žluťoučký kůň, łódź",
  "iso-8859-15": "Grüße für 5 €, œuvre",
  "windows-1250": "Příliš žluťoučký kůň, 5 €",
  "windows-1251": "Съешь ещё этих мягких булок",
  "windows-1252": "“Grüße” – 5 €, œuvre…",
  "koi8-r": "Съешь ещё этих мягких булок",
  shift_jis: "日本語の文字、カタカナとｶﾅ",
  "euc-jp": "日本語の文字、カタカナ",
  gb18030: "天地玄黄，宇宙洪荒",
  gbk: "天地玄黄，宇宙洪荒",
  big5: "天地玄黃，宇宙洪荒",
  "euc-kr": "키스의 고유조건은 입술끼리",
};

const BYTE_ORDER_MARKS: Readonly<Record<string, Uint8Array>> = {
  "utf-8": Uint8Array.of(0xef, 0xbb, 0xbf),
  "utf-16le": Uint8Array.of(0xff, 0xfe),
  "utf-16be": Uint8Array.of(0xfe, 0xff),
};

/** The charsets that {@link charsetDocument} knows. */
export const CHARSET_NAMES: readonly string[] = Object.keys(SAMPLES);

/**
 * A text in a charset, and the Content-Type to send it with.
 *
 * @param declare - `header` and `bom` send plain text, `meta` a page that names the charset, `none` says nothing.
 * @returns `undefined` for an unknown charset or way to declare it, or a charset without a byte order mark.
 */
export function charsetDocument(name: string, declare: string): { type: string; bytes: Uint8Array } | undefined {
  const sample = SAMPLES[name];
  if (sample === undefined) return undefined;
  switch (declare) {
    case "header":
      return { type: `text/plain; charset=${name}`, bytes: encode(sample, name) };
    case "meta": {
      const page = `<!doctype html>\n<html><head><meta charset="${name}"></head><body>${sample}</body></html>\n`;
      return { type: "text/html", bytes: encode(page, name) };
    }
    case "bom": {
      const mark = BYTE_ORDER_MARKS[name];
      if (mark === undefined) return undefined;
      return { type: "text/plain", bytes: Buffer.concat([mark, encode(sample, name)]) };
    }
    case "none":
      return { type: "text/plain", bytes: encode(sample, name) };
    default:
      return undefined;
  }
}

function encode(text: string, charset: string): Uint8Array {
  if (charset === "utf-8") return Buffer.from(text, "utf8");
  if (charset === "utf-16le") return Buffer.from(text, "utf16le");
  if (charset === "utf-16be") return Buffer.from(text, "utf16le").swap16();
  // To TextDecoder, iso-8859-1 is another name of windows-1252; and Node 20 decodes that one as latin-1.
  if (charset === "iso-8859-1") return Buffer.from(text, "latin1");
  const table = charset === "windows-1252" ? WINDOWS_1252 : encodingTable(charset);
  return Buffer.concat(
    Array.from(text, (character) => {
      const bytes = table.get(character);
      if (bytes === undefined) throw new Error(`${character} is not in ${charset}`);
      return bytes;
    }),
  );
}

/** ASCII, and what stands at 0x80 to 0x9F and 0xA0 to 0xFF. */
const WINDOWS_1252: ReadonlyMap<string, Uint8Array> = new Map([
  ...Array.from("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ", pairFrom(0x80)),
  ...Array.from({ length: 128 }, (_, byte) => pairFrom(0)(String.fromCharCode(byte), byte)),
  ...Array.from({ length: 96 }, (_, i) => pairFrom(0xa0)(String.fromCharCode(0xa0 + i), i)),
]);

function pairFrom(start: number) {
  return (character: string, i: number): [string, Uint8Array] => [character, Uint8Array.of(start + i)];
}

const TABLES = new Map<string, ReadonlyMap<string, Uint8Array>>();

/** Character → its one or two bytes, found by decoding them all; some 25,000 calls, once a charset. */
function encodingTable(charset: string): ReadonlyMap<string, Uint8Array> {
  const known = TABLES.get(charset);
  if (known !== undefined) return known;
  const table = new Map<string, Uint8Array>();
  const decoder = new TextDecoder(charset, { fatal: true });
  const learn = (bytes: Uint8Array): void => {
    try {
      const text = decoder.decode(bytes);
      if (Array.from(text).length === 1 && !table.has(text)) table.set(text, bytes);
    } catch {
      // These bytes mean nothing in this charset.
    }
  };
  for (let byte = 0; byte < 256; byte++) learn(Uint8Array.of(byte));
  for (let lead = 0x81; lead < 0xff; lead++) {
    for (let trail = 0x40; trail < 0xff; trail++) learn(Uint8Array.of(lead, trail));
  }
  TABLES.set(charset, table);
  return table;
}
