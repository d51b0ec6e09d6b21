/** Hints for URLs that cannot be used: the URL that the caller probably meant. */
import { MissingSchema } from "../../exceptions.js";
import { kindOf } from "../../options/kind.js";
import { shownUrl } from "../redaction/shown-url.js";

/**
 * The text of a URL argument.
 *
 * @param url - A string, a URL of any realm, or UTF-8 bytes; anything else by its `toString`.
 * @throws TypeError for what has no text of its own: an options object, a function, a symbol.
 */
export function urlText(url: unknown): string {
  if (typeof url === "string") return url;
  if (ArrayBuffer.isView(url)) return Buffer.from(url.buffer, url.byteOffset, url.byteLength).toString("utf8");
  if (typeof url === "symbol" || typeof url === "function") throw notUrl(kindOf(url));
  if (typeof url !== "object" || url === null) return String(url);
  const what = "url" in url ? "an object with a url" : "an object";
  if (typeof (url as { toString?: unknown }).toString !== "function") throw notUrl(what);
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- looked at below
  const text = String(url);
  // What an object says that has no text: [object Object], [object Request], [object Promise].
  if (/^\[object [^\]]*\]$/.test(text)) throw notUrl(what);
  return text;
}

function notUrl(what: string): TypeError {
  return new TypeError(
    `url must be a string or a URL, not ${what}. The URL is the first argument and the options are the second: ` +
      `get("https://example.com/", { params: { page: 1 } })`,
  );
}

/** The error for a URL that is null or undefined. */
export function missingUrl(): MissingSchema {
  return new MissingSchema("Invalid URL: none was given. Perhaps you meant https://example.com?");
}

/** requests' error for a URL without a scheme, and what to do. */
export function missingSchema(text: string): MissingSchema {
  const shown = shownUrl(text);
  return new MissingSchema(`Invalid URL '${shown}': No scheme supplied. ${hintFor(shown)}`);
}

const BASE_URL_HINT = 'A relative URL needs a session with a baseUrl: new Session({ baseUrl: "https://example.com" })';

function hintFor(shown: string): string {
  if (shown === "") return "The URL is empty";
  if (/^(?:[/\\](?![/\\])|[.?#])/.test(shown)) return BASE_URL_HINT;
  const meant = `Perhaps you meant ${withScheme(shown)}?`;
  // A single word before the path may be a host or a folder.
  const isOneWord = /^[^./:\\?#@]+(?:[/\\?#]|$)/.test(shown) && !LOCAL.test(shown) && !SLIP.test(shown);
  return isOneWord ? `${meant} ${BASE_URL_HINT}` : meant;
}

/**
 * A hint for the error that no adapter serves a URL: "" unless it is a host and a port without a scheme
 * (`localhost:3000/x`), which reads as a URL of the scheme `localhost`.
 */
export function schemeHint(url: string): string {
  const isHostAndPort = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]):[0-9]{1,5}(?:[/?#]|$)/i.test(url);
  return isHostAndPort ? ` Perhaps you meant ${withScheme(shownUrl(url))}?` : "";
}

/** Servers of this machine speak plain HTTP for the most part. */
const LOCAL = /^(?:localhost|[^/:?#]*\.localhost|127\.[0-9.]+|0\.0\.0\.0|\[::1?\])(?=[:/?#]|$)/i;

/** A scheme with a slip of the keyboard: `https//`, `http;//`. */
const SLIP = /^(https?)[;.]?\/\//i;

function withScheme(shown: string): string {
  const slip = SLIP.exec(shown);
  if (slip !== null) return `${slip[1].toLowerCase()}://${shown.slice(slip[0].length)}`;
  const bare = shown.startsWith("//") ? shown.slice(2) : shown;
  return `${LOCAL.test(bare) ? "http" : "https"}://${bare}`;
}
