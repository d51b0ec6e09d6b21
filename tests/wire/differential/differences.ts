/**
 * Where our parser and llhttp part, on purpose. A contradiction between them that no line here explains is a fault of
 * one of them. Each line is shown by a case of the corpus, and none explains more than its class of inputs.
 */
import { ON_DENO } from "../../_support/runtime.js";
import { contradictions, type Message, type Reading } from "../../_support/llhttp.js";

export interface Difference {
  readonly id: string;
  /** The class of inputs. */
  readonly inputs: string;
  readonly ours: string;
  readonly llhttp: string;
  readonly why: string;
  /** The llhttp from which on it does as we do; without, every one so far differs. */
  readonly until?: `${number}.${number}`;
  /** Whether a contradiction is of this kind; `text` is the input as latin-1. */
  readonly explains: (ours: Reading, theirs: Reading, text: string) => boolean;
}

/** We refuse, for this reason, whatever llhttp does. */
function weRefuse(fault: RegExp): Difference["explains"] {
  return (ours) => fault.test(ours.fault);
}

/** llhttp refuses, for this reason, what we take. */
function theyRefuse(fault: RegExp, condition: (ours: Reading) => boolean = () => true): Difference["explains"] {
  return (ours, theirs) => fault.test(theirs.fault) && condition(ours);
}

/** Nothing differs but whether the connection is kept, and we close or keep it as said. */
function onlyKeeping(oursKeeps: boolean, condition: (ours: Reading) => boolean): Difference["explains"] {
  return (ours, theirs) =>
    ours.keepAlive === oursKeeps && contradictions(ours, theirs).join() === "keepAlive" && condition(ours);
}

/** The 1xx responses and the final one. */
function messagesOf(reading: Reading): readonly Message[] {
  return reading.head === null ? reading.informational : [...reading.informational, reading.head];
}

function field(reading: Reading, name: string): string {
  return reading.head === null ? "" : fieldOf(reading.head, name);
}

function fieldOf([, , , raw]: Message, name: string): string {
  return raw.filter((_text, at) => at % 2 === 1 && raw[at - 1].toLowerCase() === name).join();
}

function hasOption(reading: Reading, option: string): boolean {
  return field(reading, "connection")
    .split(",")
    .some((item) => item.trim().toLowerCase() === option);
}

/** Whether the framing fields of a response without a body would be refused in one that has a body. */
function isDoubtful(message: Message): boolean {
  const lengths = has(message, "content-length") ? fieldOf(message, "content-length").split(",") : [];
  const coding = has(message, "transfer-encoding") ? fieldOf(message, "transfer-encoding") : null;
  if (coding !== null) return lengths.length > 0 || coding.toLowerCase() !== "chunked";
  const numbers = new Set(lengths.map((text) => (/^[ \t]*\d+[ \t]*$/.test(text) ? Number(text) : NaN)));
  return numbers.size > 1 || [...numbers].some((one) => !Number.isSafeInteger(one));
}

function has([, , , raw]: Message, name: string): boolean {
  return raw.some((text, at) => at % 2 === 0 && text.toLowerCase() === name);
}

/** Of Node's parser: 9.3 in Node 20, 9.4 from Node 22.23 on. Deno 2.9 names 9.4, and reads as 9.3 does. */
const LLHTTP = ON_DENO ? "9.3" : (process.versions["llhttp"] ?? "0.0");

/** Why nothing is compared with this runtime's parser, or false where it is. */
export const NOT_COMPARED =
  LLHTTP.localeCompare("9.3", "en", { numeric: true }) < 0 &&
  `llhttp ${LLHTTP} is laxer than RFC 9112 in ways that llhttp 9.3 mended; compared are 9.3 and later`;

const LAXER_THAN_9_4 = LLHTTP.localeCompare("9.4", "en", { numeric: true }) < 0;

const EMPTY_CODING = /^transfer-encoding:[ \t]*\r?$/im;

const EVERY_DIFFERENCE: readonly Difference[] = [
  {
    id: "version",
    inputs: "a status line of HTTP/0.9 or HTTP/2.0",
    ours: "refused",
    llhttp: "read as HTTP/1.x",
    why: "Neither has such a status line. What calls itself another protocol is not guessed at (docs: only HTTP/1.x).",
    explains: weRefuse(/unknown protocol version/),
  },
  {
    id: "not-http",
    inputs: "a status line of RTSP or ICE",
    ours: "refused",
    llhttp: "read as if it were HTTP",
    why: "llhttp serves these protocols, too; this is a client of HTTP.",
    explains: (ours, theirs) => /malformed status line "[RI]/.test(ours.fault) && !/^HPE_INVALID_CONSTANT/.test(theirs.fault),
  },
  {
    id: "low-status",
    inputs: "a status code below 100",
    ours: "refused",
    llhttp: "taken",
    why: "RFC 9110 §15: a status code is from 100 to 999 here; 0 and 42 have no class, so nobody knows whether they are final.",
    explains: weRefuse(/malformed status line "HTTP\/1\.[01] 0\d\d["\s]/),
  },
  {
    id: "control-in-reason",
    inputs: "NUL or another control character in the reason phrase",
    ours: "refused",
    llhttp: "kept in the reason",
    why: "RFC 9112 §4 allows HTAB, SP, VCHAR and obs-text there; the reason is printed by logs and terminals.",
    explains: weRefuse(/(a NUL byte|a control character) in the line "[A-Z]+\/\d\.\d \d{3} /),
  },
  {
    id: "cr-cr",
    inputs: "CR CR at the end of a status line",
    ours: "refused: a bare CR",
    llhttp: "taken as the end of the line",
    why: "RFC 9112 §2.2: a bare CR is no line end. A proxy in front that reads on sees another head than we would.",
    until: "9.4",
    explains: weRefuse(/a bare CR in the line "[A-Z]+\/\d\.\d \d{3}/),
  },
  {
    id: "other-codings",
    inputs: "a Transfer-Encoding that is not a single chunked",
    ours: "refused",
    llhttp: "chunked when it ends in that, else read until the connection closes",
    why: "We ask for no transfer coding (no TE field), and would hand on bytes that are still coded; a list is the classic of request smuggling.",
    explains: (ours, _theirs, text) => /unknown transfer coding/.test(ours.fault) && !(LAXER_THAN_9_4 && EMPTY_CODING.test(text)),
  },
  {
    id: "empty-coding",
    inputs: "an empty Transfer-Encoding",
    ours: "refused, as any other that is not a single chunked",
    llhttp: "forgotten",
    why: "RFC 9112 §6.1: a field that is there names a coding; who reads it in another way frames in another way.",
    until: "9.4",
    explains: (ours, _theirs, text) => /unknown transfer coding/.test(ours.fault) && EMPTY_CODING.test(text),
  },
  {
    id: "length-beside-coding",
    inputs: "an empty Transfer-Encoding, and a Content-Length some fields after it",
    ours: "refused, as any other Content-Length beside Transfer-Encoding",
    llhttp: "takes the length, and has forgotten the empty field",
    why: "RFC 9112 §6.3: a message with both ought to be handled as an error; whether the coding is empty changes nothing.",
    until: "9.4",
    explains: weRefuse(/Content-Length beside Transfer-Encoding/),
  },
  {
    id: "framing-without-body",
    inputs: "framing fields that are contradictory or unknown, in a response that has no body",
    ours: "ignored, and the connection is closed after the response",
    llhttp: "refused, or the connection is kept",
    why: "RFC 9112 §6.3, rules 1 and 2: an answer to HEAD, a 1xx, a 204 and a 304 end with their head whatever their fields say, so that nothing can be smuggled in them.",
    explains: (ours) => messagesOf(ours).some(isDoubtful),
  },
  {
    id: "101",
    inputs: "101 Switching Protocols",
    ours: "refused",
    llhttp: "handed to the program, which may know what to do",
    why: "We never send Upgrade, so the answer belongs to nobody (RFC 9110 §15.2.2).",
    explains: weRefuse(/101 Switching Protocols, which was not asked for/),
  },
  {
    id: "huge-length",
    inputs: "a Content-Length from 2^53 to 2^64 - 1",
    ours: "refused",
    llhttp: "taken",
    why: "A number of JavaScript cannot count so many bytes; nine petabytes do not come.",
    explains: weRefuse(/is not a length that can be counted/),
  },
  {
    id: "huge-chunk",
    inputs: "a chunk from 2^52 to 2^64 - 1 bytes",
    ours: "refused before its first byte",
    llhttp: "taken",
    why: "The same; the sum of the chunks must be exact, too.",
    explains: weRefuse(/the size of a chunk is beyond 2\^52/),
  },
  {
    id: "folding",
    inputs: "a field that goes on in the next line (obs-fold)",
    ours: "joined by a space",
    llhttp: "refused",
    why: "RFC 9112 §5.2: a user agent MUST replace it by spaces; old servers still fold, and Python reads it.",
    explains: theyRefuse(/HPE_INVALID_HEADER_TOKEN .*(Unexpected whitespace after header value|Invalid header value char)/, (ours) => ours.verdict !== "nothing" || ours.informational.length > 0),
  },
  {
    id: "equal-lengths",
    inputs: "several Content-Lengths that are equal, also as a list",
    ours: "one length",
    llhttp: "refused",
    why: "RFC 9110 §8.6 allows it, urllib3 does it, and broken proxies send it; lengths that differ are refused by both.",
    explains: theyRefuse(/Duplicate Content-Length|Invalid character in Content-Length/, (ours) => messagesOf(ours).some((message) => /,/.test(fieldOf(message, "content-length")) && !isDoubtful(message))),
  },
  {
    id: "length-before-tab",
    inputs: "a tab after a Content-Length",
    ours: "white space around a value",
    llhttp: "refused; spaces are taken",
    why: "RFC 9110 §5.6.3: optional white space is spaces and tabs.",
    until: "9.4",
    explains: (_ours, theirs, text) => /Invalid character in Content-Length/.test(theirs.fault) && /^content-length:[ \t]*\d+ *\t/im.test(text),
  },
  {
    id: "loose-extension",
    inputs: "a chunk extension that does not follow its grammar",
    ours: "skipped up to the end of the line",
    llhttp: "refused",
    why: "RFC 9112 §7.1.1: what is not understood is ignored, and blanks must be borne. Line ends and control characters within it are refused by both, which is what smuggling would need.",
    explains: theyRefuse(/chunk extension/),
  },
  {
    id: "blanks-after-chunk-size",
    inputs: "spaces or tabs after a chunk size",
    ours: "skipped",
    llhttp: "refused",
    why: "RFC 9112 §7.1.1 allows them before an extension. Old servers pad a size to a fixed width with them; Python, curl and Go read it, and blanks hide no line end.",
    explains: (_ours, theirs, text) => /Invalid character in chunk size/.test(theirs.fault) && /^[0-9a-f]+[ \t]+(?:;|\r?$)/im.test(text),
  },
  {
    id: "length-in-trailers",
    inputs: "Content-Length in the trailers",
    ours: "a trailer without meaning",
    llhttp: "refused",
    why: "RFC 9110 §6.5.1: framing fields in trailers are ignored; they come too late to mean anything.",
    explains: theyRefuse(/Content-Length can't be present|(Invalid character in|Empty|Duplicate) Content-Length|Content-Length overflow/, (ours) => ours.trailers.some((text) => text.toLowerCase() === "content-length")),
  },
  {
    id: "close-on-1xx",
    inputs: "a 1xx response of HTTP/1.0 or with Connection: close",
    ours: "skipped; the final response says whether the connection stays",
    llhttp: "nothing may follow: refused",
    why: "RFC 9110 §15.2: a 1xx is never the last response, so its Connection field cannot end the connection before it.",
    explains: theyRefuse(/^HPE_CLOSED_CONNECTION/, (ours) => ours.informational.length > 0),
  },
  {
    id: "head-without-length",
    inputs: "the answer to HEAD, without a length",
    ours: "keeps the connection",
    llhttp: "closes it",
    why: "RFC 9112 §6.3: it ends with its head. llhttp is told of the method too late, and reckons with a body that ends with the connection.",
    explains: onlyKeeping(true, (ours) => field(ours, "content-length") === "" && field(ours, "transfer-encoding") === ""),
  },
  {
    id: "chunked-in-1.0",
    inputs: "HTTP/1.0 with Transfer-Encoding and keep-alive",
    ours: "closes the connection",
    llhttp: "keeps it",
    why: "RFC 9112 §6.1: the framing is faulty, the connection is closed after the message.",
    explains: onlyKeeping(false, (ours) => ours.head?.[0] === "1.0" && field(ours, "transfer-encoding") !== ""),
  },
  {
    id: "close-beats-keep-alive",
    inputs: "HTTP/1.0 with both close and keep-alive in Connection",
    ours: "closes the connection",
    llhttp: "keeps it",
    why: "RFC 9112 §9.3: the close option decides first.",
    explains: onlyKeeping(false, (ours) => ours.head?.[0] === "1.0" && /close/i.test(field(ours, "connection"))),
  },
  {
    id: "tab-in-connection",
    inputs: "a tab after an option of Connection",
    ours: "white space around the option",
    llhttp: "another option",
    why: "RFC 9110 §5.6.1 and §5.6.3: optional white space is spaces and tabs.",
    until: "9.4",
    explains: (ours, theirs, text) => contradictions(ours, theirs).join() === "keepAlive" && /^connection:.*(close|keep-alive) *\t/im.test(text) && hasOption(ours, ours.keepAlive === true ? "keep-alive" : "close"),
  },
  {
    id: "tab-after-chunked",
    inputs: "a tab after Transfer-Encoding: chunked",
    ours: "white space around the value",
    llhttp: "another coding: read until the connection closes",
    why: "RFC 9110 §5.5: white space around a value is no part of it, and we show it without.",
    explains: (ours, theirs, text) => /^transfer-encoding:[ \t]*chunked *\t/im.test(text) && /^chunked$/i.test(field(ours, "transfer-encoding")) && theirs.keepAlive !== true,
  },
  {
    id: "proxy-connection",
    inputs: "Proxy-Connection",
    ours: "a field without meaning",
    llhttp: "the same as Connection",
    why: "RFC 9112 appendix C.2.2: it never was HTTP, and misleads chains of proxies; a proxy that closes is seen to close.",
    explains: (ours, theirs) => contradictions(ours, theirs).join() === "keepAlive" && field(ours, "proxy-connection") !== "",
  },
]; // prettier-ignore

/** Those of this llhttp. */
export const DIFFERENCES: readonly Difference[] = EVERY_DIFFERENCE.filter(
  ({ until }) => until === undefined || LLHTTP.localeCompare(until, "en", { numeric: true }) < 0,
);

/** The lines that explain a contradiction; none for a fault of one of the parsers. */
export function explanations(ours: Reading, theirs: Reading, bytes: Buffer): string[] {
  const text = bytes.toString("latin1");
  return DIFFERENCES.filter(({ explains }) => explains(ours, theirs, text)).map(({ id }) => id);
}
