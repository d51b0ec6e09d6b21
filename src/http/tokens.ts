/** Tokens: the names of methods, fields and parameters. @see RFC 9110 §5.6.2 */

/** 1 for each byte that may stand in a token. */
export const TOKEN_CHARACTERS: Readonly<Uint8Array> = (() => {
  const table = new Uint8Array(256);
  for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    table[character.charCodeAt(0)] = 1;
  return table;
})();

/** Methods and names that were found to be tokens; both repeat, so each is checked once. */
const knownTokens = new Set<string>();
const MAX_KNOWN_TOKENS = 1000;

/** Whether a text may be a method or the name of a field (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  if (knownTokens.has(text)) return true;
  if (text.length === 0) return false;
  for (let at = 0; at < text.length; at += 1) if (TOKEN_CHARACTERS[text.charCodeAt(at)] !== 1) return false;
  if (knownTokens.size < MAX_KNOWN_TOKENS && text.length <= 64) knownTokens.add(text);
  return true;
}
