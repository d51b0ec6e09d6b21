/** The Link header (RFC 8288). */
import { quotedString } from "./content-type.js";

/** Links beyond this many are not read. */
const MAX_LINKS = 1000;
/** Parameters of one link beyond this many are not read. */
const MAX_LINK_PARAMETERS = 100;

/**
 * The links of a Link header, in order.
 *
 * Commas and semicolons within `<…>` and within quotes are text, which they are not in requests. A target without its
 * angle brackets is accepted. Never throws: what cannot be read is left out.
 *
 * @param value - The field's value; several fields joined by ", " are one.
 * @returns For each link `url`, as it is written, and its parameters by lower-case name; of a parameter that comes twice
 * the first counts, as RFC 8288 §3.3 asks for `rel`. A parameter without a value is "".
 * @see requests: `utils.parse_header_links`; RFC 8288 §3 and appendix B.2
 */
export function parseHeaderLinks(value: string): Record<string, string>[] {
  const links: Record<string, string>[] = [];
  let at = 0;
  while (links.length < MAX_LINKS) {
    at = skip(value, at, " \t,");
    if (at >= value.length) break;
    const link = new Map<string, string>();
    let end: number;
    if (value[at] === "<") {
      end = value.indexOf(">", at);
      if (end === -1) break;
      link.set("url", value.slice(at + 1, end).trim());
      end = indexOfAny(value, end + 1, ";,");
    } else {
      end = indexOfAny(value, at, ";,");
      link.set("url", value.slice(at, end).trim());
    }
    at = readParameters(value, end, link);
    // fromEntries, so that a parameter named __proto__ is one like any other.
    if (link.get("url") !== "" || link.size > 1) links.push(Object.fromEntries(link));
  }
  return links;
}

/** Reads ";name=value" as long as there are any; returns the index of the comma after them, or the end. */
function readParameters(value: string, at: number, link: Map<string, string>): number {
  while (at < value.length && value[at] === ";") {
    at = skip(value, at + 1, " \t;");
    const end = indexOfAny(value, at, "=;,");
    const name = value.slice(at, end).trim().toLowerCase();
    let content = "";
    at = end;
    if (value[at] === "=") {
      at = skip(value, at + 1, " \t");
      if (value[at] === '"') {
        [content, at] = quotedString(value, at);
        at = indexOfAny(value, at, ";,");
      } else {
        const stop = indexOfAny(value, at, ";,");
        content = withoutSingleQuotes(value.slice(at, stop).trim());
        at = stop;
      }
    }
    if (name !== "" && !link.has(name) && link.size <= MAX_LINK_PARAMETERS) link.set(name, content);
  }
  return at;
}

/** In RFC 8288 they quote nothing, but servers use them as quotes; requests removes them as well. */
function withoutSingleQuotes(content: string): string {
  return content.length > 1 && content.startsWith("'") && content.endsWith("'") ? content.slice(1, -1) : content;
}

function skip(text: string, at: number, characters: string): number {
  while (at < text.length && characters.includes(text[at])) at += 1;
  return at;
}

function indexOfAny(text: string, from: number, characters: string): number {
  for (let at = from; at < text.length; at += 1) if (characters.includes(text[at])) return at;
  return text.length;
}

/**
 * The links of a Link header by what they are for.
 *
 * The key is the whole text of `rel`, as in requests, so `rel="next last"` stands below `next last`; a link without `rel`
 * stands below its url. Of links with one key the last counts.
 *
 * @see requests: `Response.links`
 */
export function linksByRel(value: string): Record<string, Record<string, string>> {
  const links = new Map<string, Record<string, string>>();
  for (const link of parseHeaderLinks(value)) links.set(link["rel"] || link["url"], link);
  return Object.fromEntries(links);
}
