// The rule of plain English (CONTRIBUTING.md): which words are avoided, where they are looked for, and what to write.
import ts from "typescript";

/**
 * Pattern and advice. A space in a pattern stands for any white space, a line break in a comment included. Patterns
 * must take linear time.
 *
 * @type {readonly (readonly [pattern: string, advice: string])[]}
 */
const WORDS = [
  ["\\b(?:nobody|somebody|anybody|everybody)\\b", 'name the actor: "the caller", "the pool", "no code"'],
  ["\\bwhoever\\b", 'name the actor: "the caller", "a program that"'],
  ["\\banew\\b", '"again"'],
  ["\\bborne\\b", '"accepted", "allowed"'],
  ["\\bmend(?:s|ed|ing)?\\b", '"fix"'],
  ["\\bheed(?:s|ed|ing)?\\b", '"respect", "follow"'],
  ["\\b(?:of|by) chance\\b", '"random", "randomly"'],
  ["\\bfor ever\\b", '"forever"'],
  ["\\bbehind\\b", '"after", "following"'],
  ["(?<!\\bthere )\\b(?:is|are|was|were) no (?!longer\\b|more\\b|less\\b|different\\b|one\\b)", '"is not a"'],
  ["\\bWhat (?:is|are|was|were|has|have|cannot|comes|goes|does)\\b", "begin with a noun, or with a verb"],
  ["\\b(?:and|or) else\\b", '"otherwise"'],
  ["\\bat the (?:most|least)\\b", '"at most", "at least"'],
  ["\\bfrom \\d+ up\\b", '"0 or greater", "at least 1"'],
  ["\\bkeeps? (?:its|their) word\\b", "no metaphors"],
  ["\\b(?:is|are) let go\\b", '"is closed", "is released"'],
];

/**
 * Phrases that are right although they hold such a word, and why.
 *
 * @type {readonly (readonly [pattern: string, reason: string])[]}
 */
const EXCEPTIONS = [
  ["\\bbehind (?:a|an|the|its|their|your) (?:\\w+ )?(?:proxy|firewall|NAT|gateway|load balancer)\\b", "a place"],
  ["\\bbehind (?:a|an|the|one) (?:reverse|forward|corporate) prox(?:y|ies)\\b", "a place"],
  ["\\bleft behind\\b", "idiom: something that remains"],
];

/** Files that list the words themselves. */
const LISTS = ["scripts/plain-words.mjs", "tests/package/plain-words.test.ts"];

/** Calls whose first argument is the title of a test. */
const TITLED = new Set(["it", "test", "describe", "suite"]);

const words = WORDS.map(([pattern, advice]) => ({ pattern: compiled(pattern), advice }));
/** Finds every file that may have a word, in any comment; the rest is not parsed. */
const anyWord = new RegExp(WORDS.map(([pattern]) => pattern.replaceAll(" ", "[\\s*/]+")).join("|"), "i");
const exceptions = EXCEPTIONS.map(([pattern]) => compiled(pattern));

/** @param {string} pattern */
function compiled(pattern) {
  return new RegExp(pattern.replaceAll(" ", "\\s+"), "g" + (pattern.includes("What") ? "" : "i"));
}

/**
 * @typedef {object} Finding
 * @property {string} path
 * @property {number} line
 * @property {string} word - As it stands there.
 * @property {string} advice
 */

/**
 * The avoided words in the comments and strings of a file; of a test file, in comments and titles.
 *
 * @param {string} path - Relative to the project, with slashes.
 * @param {string} text
 * @returns {Finding[]} In the order of lines.
 */
export function findings(path, text) {
  if (LISTS.includes(path) || !anyWord.test(text)) return [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found = [];
  for (const { from, prose } of proseOf(file, path.startsWith("tests/"))) {
    const allowed = exceptions.flatMap((pattern) => [...prose.matchAll(pattern)]);
    for (const { pattern, advice } of words)
      for (const match of prose.matchAll(pattern)) {
        if (allowed.some(({ index, 0: phrase }) => index <= match.index && match.index < index + phrase.length))
          continue;
        const line = file.getLineAndCharacterOfPosition(from + match.index).line + 1;
        found.push({ path, line, word: match[0].replace(/\s+/g, " ").trim(), advice });
      }
  }
  return found.sort((a, b) => a.line - b.line);
}

/**
 * The texts that people read, each with its place in the file. Their length is kept, so that places stay right.
 *
 * @param {ts.SourceFile} file
 * @param {boolean} titlesOnly - Whether a string counts only as the title of a test.
 */
function proseOf(file, titlesOnly) {
  const literals = literalsOf(file);
  const strings = literals
    .filter(({ isProse, isTitle }) => (titlesOnly ? isTitle : isProse))
    .map(({ from, to }) => ({ from, prose: file.text.slice(from, to) }));
  return [...commentsOf(file.text, literals), ...strings];
}

/** @typedef {{ from: number, to: number, isProse: boolean, isTitle: boolean }} Literal */

/**
 * Strings, parts of templates and regular expressions, in the order of the file.
 *
 * @param {ts.SourceFile} file
 */
function literalsOf(file) {
  /** @type {Literal[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (
      ts.isLiteralExpression(node) ||
      ts.isTemplateMiddle(node) ||
      ts.isTemplateTail(node) ||
      ts.isTemplateHead(node)
    ) {
      const isText = !ts.isRegularExpressionLiteral(node) && !ts.isNumericLiteral(node) && !ts.isBigIntLiteral(node);
      const isModule = ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent);
      found.push({
        from: node.getStart(file),
        to: node.end,
        isProse: isText && !isModule,
        isTitle: isText && isTitle(node),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** @param {ts.Node} node */
function isTitle(node) {
  const template = ts.isTemplateHead(node) ? node.parent : ts.isTemplateSpan(node.parent) ? node.parent.parent : node;
  const call = template.parent;
  if (!ts.isCallExpression(call) || call.arguments[0] !== template) return false;
  const callee = ts.isPropertyAccessExpression(call.expression) ? call.expression.expression : call.expression;
  return ts.isIdentifier(callee) && TITLED.has(callee.text);
}

/**
 * Comments; those of `//` that follow each other are one text.
 *
 * @param {string} text
 * @param {readonly Literal[]} literals - What is skipped.
 */
function commentsOf(text, literals) {
  const comments = [];
  let next = 0;
  for (let at = 0; at < text.length; at += 1) {
    const literal = literals[next];
    if (literal !== undefined && at >= literal.from) {
      at = Math.max(at, literal.to - 1);
      next += 1;
      continue;
    }
    if (text[at] !== "/" || (text[at + 1] !== "/" && text[at + 1] !== "*")) continue;
    const isBlock = text[at + 1] === "*";
    const end = text.indexOf(isBlock ? "*/" : "\n", at);
    const to = end < 0 ? text.length : end;
    const last = comments.at(-1);
    if (!isBlock && last !== undefined && !last.isBlock && text.slice(last.to, at).trim() === "") last.to = to;
    else comments.push({ from: at, to, isBlock });
    at = to - 1 + (isBlock ? 2 : 0);
  }
  return comments.map(({ from, to }) => ({ from, prose: withoutMarks(text.slice(from, to)) }));
}

/** @param {string} comment */
function withoutMarks(comment) {
  return comment.replace(/\n[ \t]*(?:\*|\/\/)?/g, (mark) => " ".repeat(mark.length));
}

/**
 * What is wrong with the counts, next to what was agreed.
 *
 * @param {Readonly<Record<string, number>>} budget - Folder → how many findings it may have.
 * @param {Readonly<Record<string, number>>} counts - Folder → how many it has.
 * @returns {{ folder: string, allowed: number, count: number }[]} The folders whose numbers differ.
 */
export function differences(budget, counts) {
  const folders = [...new Set([...Object.keys(budget), ...Object.keys(counts)])].sort();
  return folders
    .map((folder) => ({ folder, allowed: budget[folder] ?? 0, count: counts[folder] ?? 0 }))
    .filter(({ allowed, count }) => allowed !== count);
}
