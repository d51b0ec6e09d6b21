/**
 * The improbability of a reading of bytes: by its letters in one language, and by the form of its words (capitals or symbols
 * within words, two scripts in one word).
 */
import { FOREIGN_LETTER, symbolCost, type Language } from "./languages.js";

/** The properties of a decoded sample that the choice of a charset depends on. */
export interface Reading {
  /** Characters beyond ASCII, without the faults. */
  readonly characters: number;
  /** Distinct letters among them, ideographs included. */
  readonly letters: number;
  /** Characters that text does not have, such as U+FFFD. */
  readonly faults: number;
  /** Nats for the ASCII characters and for the form of the words. */
  readonly structure: number;
  /** Occurrences of each character beyond ASCII, in lower case. */
  readonly counts: ReadonlyMap<string, number>;
}

/** U+FFFD, C1 control characters, private-use and unassigned characters: text does not have them. */
const FAULTY = /[\ufffd\x80-\x9f\p{Co}\p{Cn}]/u;

/** One fault in this many characters beyond ASCII is tolerated: a large text may be damaged in places. */
const CHARACTERS_PER_FAULT = 100;

/** Whether the faults may be damage to a text that was read in the right charset. */
export function isTolerable(faults: number, characters: number): boolean {
  return faults * CHARACTERS_PER_FAULT <= characters;
}

/** Whether a whole text has no faults, or few enough to be damage. */
export function isPlausible(text: string): boolean {
  let faults = 0;
  let characters = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    if ((kindAt(text, at) & FAULT) === 0) characters += 1;
    else faults += 1;
  }
  return isTolerable(faults, characters);
}

/** Costs in nats. They were tuned on the messages of programs in 45 languages, and on lists of accented letters. */
const COST = {
  /** An ASCII character; a charset in which it is the second byte of a character saves this. */
  ascii: 4,
  fault: 12,
  capital: 2,
  capitalAfterCapital: 0.3,
  capitalAfterSmall: 4,
  smallAfterTwoCapitals: 3,
  /** A letter beyond ASCII in a Latin alphabet: most letters are ASCII. */
  accented: 0.5,
  accentedAfterAccented: 0.5,
  alone: 2,
  besideDigit: 3,
  /** Two scripts in one word. */
  mixedScripts: 3,
  /** A word of one letter, or of two, in another alphabet. */
  oneLetterWord: 4,
  twoLetterWord: 2,
  /** A consonant after four of them, a vowel after three; ь or ъ without a consonant. */
  unpronounceable: 2,
  /** A fifth letter in ascending order: a list of letters, not a word. */
  alphabeticalOrder: 3,
  /** A letter that ends words within one, or the reverse. */
  misplacedFinal: 3,
  markWithoutLetter: 4,
  symbolInWord: 5,
  /** A Chinese character, kana or hangul syllable beside an ASCII letter, or with no other beside it. */
  ideographBesideAscii: 2,
  ideographAlone: 2,
} as const;

const LETTER = 1;
const CAPITAL = 2;
const MARK = 4;
const LATIN = 8;
const IDEOGRAPH = 16;
const VOWEL = 32;
const CONSONANT = 64;
/** Softens or hardens the consonant before it. */
const SIGN = 128;
const FAULT = 256;
const KNOWN = 512;

/** The kind of each code unit; 0 until it is needed. */
const kinds = new Uint16Array(0x1_0000);

function kindOf(code: number): number {
  const known = kinds[code];
  if (known !== 0) return known;
  const character = String.fromCharCode(code);
  let kind = KNOWN;
  // Unicode counts the last three as letters; no word has them.
  if (/[\p{L}\p{M}]/u.test(character) && !"µªº".includes(character)) kind |= LETTER;
  if (/\p{Lu}/u.test(character)) kind |= CAPITAL;
  if (/\p{M}/u.test(character)) kind |= MARK;
  if (/\p{sc=Latin}/u.test(character)) kind |= LATIN;
  if (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}ー]/u.test(character)) kind |= IDEOGRAPH;
  if (/[аеёиоуыэюяіїєαεηιουωάέήίόύώϊϋΐΰ]/iu.test(character)) kind |= VOWEL;
  else if (/[ьъ]/iu.test(character)) kind |= SIGN;
  else if (/[ѐ-џа-яґα-ώ]/iu.test(character)) kind |= CONSONANT;
  if (FAULTY.test(character)) kind |= FAULT;
  kinds[code] = kind;
  return kind;
}

/** The kind of the character at an index; the second half of a surrogate pair has none. */
function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 0xd800 || code > 0xdfff) return kindOf(code);
  const point = text.codePointAt(at)!;
  if (point <= 0xffff) return KNOWN;
  const character = String.fromCodePoint(point);
  if (FAULTY.test(character)) return KNOWN | FAULT;
  return /\p{sc=Han}/u.test(character) ? KNOWN | LETTER | IDEOGRAPH : KNOWN;
}

const SPACE = 0x20;
const FINAL_FORMS = "ךםןףץةىς";
/** Letters that have another form at the end of a word. */
const INNER_FORMS = "כמנפצσ";
/** Symbols that occur within words: apostrophes, dashes, quotation marks, soft hyphens. */
const WITHIN_WORDS = "’·\xad\xa0–—‐«»“”…‘";

/** Collects the properties of a decoded sample. */
export function readingOf(text: string): Reading {
  const counts = new Map<string, number>();
  let structure = 0;
  let faults = 0;
  let characters = 0;
  const letters = new Set<string>();
  let run = 0;
  let rising = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) {
      structure += COST.ascii;
      run = 0;
      continue;
    }
    const kind = kindAt(text, at);
    if ((kind & FAULT) !== 0) {
      faults += 1;
      structure += COST.fault;
      continue;
    }
    const character = text[at];
    const lower = character.toLowerCase();
    characters += 1;
    counts.set(lower, (counts.get(lower) ?? 0) + 1);
    const before = at === 0 ? SPACE : text.charCodeAt(at - 1);
    const after = at + 1 === text.length ? SPACE : text.charCodeAt(at + 1);
    if ((kind & IDEOGRAPH) !== 0) {
      letters.add(lower);
      structure += ideographCost(before, after);
    } else if ((kind & LETTER) === 0) structure += symbolPlaceCost(character, before, after);
    else {
      letters.add(lower);
      const twoBefore = at < 2 ? SPACE : text.charCodeAt(at - 2);
      structure += caseCost(kind, kindOf(before), kindOf(twoBefore));
      if ((kind & LATIN) !== 0) structure += latinCost(before, after);
      else if ((kind & MARK) !== 0) structure += (kindOf(before) & LETTER) === 0 ? COST.markWithoutLetter : 0;
      else {
        run = sameSound(kind, before) ? run + 1 : 1;
        const twoAfter = at + 2 < text.length ? text.charCodeAt(at + 2) : SPACE;
        structure += otherAlphabetCost(character, before, after, twoAfter) + soundCost(kind, before, run);
        rising = code > before && before >= 0x80 ? rising + 1 : 1;
        if (rising > 4) structure += COST.alphabeticalOrder;
      }
    }
  }
  return { characters, letters: letters.size, faults, structure, counts };
}

/** The cost of a reading in a language. */
export function costIn(language: Language, reading: Reading): number {
  let cost = language.prior + reading.structure;
  for (const [character, count] of reading.counts) {
    const known = language.costs.get(character);
    if (known !== undefined) cost += count * known;
    else {
      const kind = kindOf(character.charCodeAt(0));
      const isLetter = (kind & LETTER) !== 0;
      cost +=
        count * ((kind & IDEOGRAPH) !== 0 ? language.ideograph : isLetter ? FOREIGN_LETTER : symbolCost(character));
    }
  }
  return cost;
}

function caseCost(kind: number, before: number, twoBefore: number): number {
  const afterCapital = (before & CAPITAL) !== 0;
  if ((kind & CAPITAL) === 0) return afterCapital && (twoBefore & CAPITAL) !== 0 ? COST.smallAfterTwoCapitals : 0;
  if (afterCapital) return COST.capitalAfterCapital;
  return (before & (LETTER | MARK)) === LETTER ? COST.capitalAfterSmall : COST.capital;
}

function latinCost(before: number, after: number): number {
  let cost = COST.accented;
  const kind = kindOf(before);
  if (before >= 0x80 && (kind & LETTER) !== 0)
    cost += (kind & (LATIN | MARK)) === 0 ? COST.mixedScripts : COST.accentedAfterAccented;
  if ((kind & LETTER) === 0 && (kindOf(after) & LETTER) === 0) cost += COST.alone;
  return isDigit(before) || isDigit(after) ? cost + COST.besideDigit : cost;
}

function otherAlphabetCost(character: string, before: number, after: number, twoAfter: number): number {
  let cost = 0;
  const inWord = isOtherLetter(before);
  const goesOn = isOtherLetter(after);
  if ((kindOf(before) & LATIN) !== 0 || (kindOf(after) & LATIN) !== 0) cost += COST.mixedScripts;
  if (!inWord && !goesOn) cost += COST.oneLetterWord + (isDigit(before) || isDigit(after) ? COST.besideDigit : 0);
  else if (!inWord && !isOtherLetter(twoAfter)) cost += COST.twoLetterWord;
  if (goesOn ? FINAL_FORMS.includes(character) : INNER_FORMS.includes(character)) cost += COST.misplacedFinal;
  return cost;
}

/** A letter of an alphabet other than Latin. */
function isOtherLetter(code: number): boolean {
  return (kindOf(code) & (LETTER | LATIN)) === LETTER;
}

const SOUND = VOWEL | CONSONANT;

function sameSound(kind: number, before: number): boolean {
  return (kind & SOUND) !== 0 && (kindOf(before) & SOUND) === (kind & SOUND);
}

/** Words of Cyrillic and Greek have vowels. */
function soundCost(kind: number, before: number, run: number): number {
  if ((kind & CONSONANT) !== 0) return run > 4 ? COST.unpronounceable : 0;
  if ((kind & VOWEL) !== 0) return run > 3 ? COST.unpronounceable : 0;
  return (kind & SIGN) !== 0 && (kindOf(before) & CONSONANT) === 0 ? COST.unpronounceable : 0;
}

function ideographCost(before: number, after: number): number {
  if (isAsciiLetter(before) || isAsciiLetter(after)) return COST.ideographBesideAscii;
  // Above U+2FFF everything is for Chinese, Japanese and Korean, punctuation too.
  return before > 0x2fff || after > 0x2fff ? 0 : COST.ideographAlone;
}

function symbolPlaceCost(symbol: string, before: number, after: number): number {
  const afterLetter = (kindOf(before) & (LETTER | IDEOGRAPH)) === LETTER;
  const beforeLetter = (kindOf(after) & LETTER) !== 0;
  if (symbol === "¿" || symbol === "¡") return afterLetter ? COST.symbolInWord : 0;
  // A word does not begin with an apostrophe that closes.
  if (symbol === "’") return !afterLetter && beforeLetter ? COST.symbolInWord : 0;
  return afterLetter && beforeLetter && !WITHIN_WORDS.includes(symbol) ? COST.symbolInWord : 0;
}

function isAsciiLetter(code: number): boolean {
  return code < 0x80 && (kindOf(code) & LETTER) !== 0;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
