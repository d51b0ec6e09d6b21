/** Names, file names and contents that a multipart body must carry unchanged, and what a reader gets. */

/** A field's name, a file's name and its content. */
export interface MultipartCase {
  readonly why: string;
  readonly name: string;
  readonly filename: string;
  readonly content: Buffer;
}

/** Scripts, directions, and characters that mean something to a parser; as a field's name and as a file's. */
const TEXTS: readonly (readonly [why: string, text: string])[] = [
  ["Latin", "Größe übel naïve"],
  ["Greek", "Ελληνικά.txt"],
  ["Cyrillic", "Привет, мир"],
  ["Arabic, from right to left", "مرحبا بالعالم.pdf"],
  ["Hebrew with a mark of direction", "\u200fשלום\u200e.txt"],
  ["Han", "漢字文件.txt"],
  ["kana and Hangul", "ひらがな한글"],
  ["emoji of several code points", "👩‍👩‍👧‍👦🏳️‍🌈.png"],
  ["a combining accent, not composed", "e\u0301cole.txt"],
  ["beyond the basic plane", "𝕏𐍈"],
  ["a quote", 'say "hi".txt'],
  ["only quotes", '""'],
  ["a backslash inside", "C:\\temp\\new.txt"],
  ["a backslash before a quote", 'a\\"b'],
  ["a line break", "two\r\nlines"],
  ["LF and CR alone", "a\nb\rc"],
  ["what would be another header", 'x"\r\nX-Injected: 1\r\n\r\n'],
  ["a semicolon", "a; filename=b; c"],
  ["what would be another parameter", 'a"; filename="b'],
  ["an equals sign and a colon", "a=b:c"],
  ["percent signs", "100% of 50%zz"],
  ["a comma and brackets", "a[0],b[key]"],
  ["slashes and dots", "../a/b.txt"],
  ["an apostrophe", "it's UTF-8''%41"],
  ["a space at either end", " padded "],
  ["a tab", "a\tb"],
  ["a single character", "x"],
  ["a long name", "long-".repeat(40)],
];

const NOT_BEGUN = Buffer.from("content of a file");

/** Contents, with a name for what is hard about them. */
export const CONTENTS: readonly (readonly [why: string, content: Buffer])[] = [
  ["empty", Buffer.alloc(0)],
  ["bytes of 0", Buffer.alloc(300)],
  ["every byte", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ["only a line break", Buffer.from("\r\n")],
  ["line breaks at its ends", Buffer.from("\r\n\r\na\r\n\r\n")],
  ["a lone CR at its end", Buffer.from("a\r")],
  ["two dashes", Buffer.from("--")],
  ["lines that look like delimiters", Buffer.from("\r\n--\r\n--boundary\r\n--boundary--\r\n")],
  ["a multipart body", Buffer.from('--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--\r\n')],
  ["65,537 bytes", Buffer.alloc(65_537, "0123456789\r\n-")],
];

/** Everything that is sent and read back. */
export const CASES: readonly MultipartCase[] = [
  ...TEXTS.flatMap(([why, text]) => [
    { why: `${why}, as the field's name`, name: text, filename: "plain.txt", content: NOT_BEGUN },
    { why: `${why}, as the file's name`, name: "plain", filename: text, content: NOT_BEGUN },
    { why: `${why}, as both`, name: text, filename: text, content: NOT_BEGUN },
  ]),
  ...CONTENTS.map(([why, content]) => ({ why: `content: ${why}`, name: "file", filename: "file.bin", content })),
];

/**
 * Names whose backslashes a reader may take for escapes, as busboy and Werkzeug do; browsers write them all the same, and
 * so do requests and this library. What such a reader sees of a field's name, and of a file's, or nothing where it cannot
 * read the part.
 */
export const BACKSLASHES: readonly {
  readonly text: string;
  readonly unescaped: string | null;
}[] = [
  { text: "\\\\host\\share", unescaped: "\\host\\share" },
  { text: "C:\\dir\\", unescaped: null },
];

/** How a name stands between its quotes, as browsers write it. */
export function asWritten(text: string): string {
  return text.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** How httpbin shows the content of a file. */
export function asShown(content: Buffer): string {
  const text = content.toString("utf8");
  if (Buffer.from(text, "utf8").equals(content)) return text;
  return `data:application/octet-stream;base64,${content.toString("base64")}`;
}
