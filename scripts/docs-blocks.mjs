// The ts blocks of a page, as scripts/docs-tests.mjs makes tests of them: no files, no state.
import ts from "typescript";

/** @typedef {[from: number, to: number, text: string]} Edit */

/**
 * A block of a page.
 *
 * @typedef {object} Block
 * @property {string} where
 * @property {number} line
 * @property {string} code
 * @property {boolean} runs
 * @property {"block" | "before" | "after" | "file"} kind - Code in an HTML comment runs before or after a block.
 * @property {string} [file] - The path of the file whose text this block is.
 */

/**
 * The fenced blocks of a page.
 *
 * @returns {Block[]}
 */
export function blocksOfMarkdown(
  /** @type {string} */ path,
  /** @type {string} */ text,
  /** @type {number} */ offset,
  /** @type {string[]} */ problems,
) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {{ fence: string, info: string, line: number, lines: string[] } | null} */
  let open = null;
  /** @type {{ kind: "before" | "after", line: number, lines: string[] } | null} */
  let hidden = null;
  for (const [index, line] of text.split("\n").entries()) {
    if (hidden !== null) {
      if (line.trim() !== "-->") {
        hidden.lines.push(line);
        continue;
      }
      const { kind, lines } = hidden;
      blocks.push({ ...asBlock(path, { info: "ts", line: hidden.line, lines }), kind });
      hidden = null;
      continue;
    }
    const comment = open === null ? /^<!-- (before|after)$/.exec(line) : null;
    if (comment !== null) {
      const kind = /** @type {"before" | "after"} */ (comment[1]);
      hidden = { kind, line: index + 1 + offset, lines: [] };
      continue;
    }
    const fence = /^(\s*)(```+)(.*)$/.exec(line);
    if (open === null) {
      if (fence === null) continue;
      open = { fence: fence[2] ?? "", info: (fence[3] ?? "").trim(), line: index + 1 + offset, lines: [] };
    } else if (fence !== null && (fence[2] ?? "").length >= open.fence.length && fence[3]?.trim() === "") {
      const file = /^\w+ file: (\S+)$/.exec(open.info)?.[1];
      if (file !== undefined) blocks.push({ ...asBlock(path, open), kind: "file", file });
      else if (isCode(path, open, problems)) blocks.push(asBlock(path, open));
      open = null;
    } else open.lines.push(line);
  }
  if (open !== null) problems.push(`${path}:${open.line}: this block has no end`);
  if (hidden !== null) problems.push(`${path}:${hidden.line}: this comment has no line of its own with -->`);
  return blocks;
}

/** Only "ts" and "ts no-run: reason" are allowed for what a reader might run. */
function isCode(
  /** @type {string} */ path,
  /** @type {{ info: string, line: number }} */ { info, line },
  /** @type {string[]} */ problems,
) {
  if (/^(js|mjs|cjs|jsx|javascript|typescript|mts|cts|tsx)\b/.test(info))
    problems.push(`${path}:${line}: \`\`\`${info}: write \`\`\`ts, so that it is tested`);
  if (!/^ts\b/.test(info)) return false;
  if (info !== "ts" && !/^ts no-run: \S.*\s\S/.test(info))
    problems.push(`${path}:${line}: \`\`\`${info}: write \`\`\`ts, or \`\`\`ts no-run: and the reason in some words`);
  return true;
}

function asBlock(
  /** @type {string} */ path,
  /** @type {{ info: string, line: number, lines: string[] }} */ { info, line, lines },
) {
  /** @type {Block} */
  const block = { where: `${path}:${line}`, line, code: lines.join("\n"), runs: info === "ts", kind: "block" };
  return block;
}

/** The blocks that share a module, each with the hidden code around it. */
export function groupsOf(/** @type {Block[]} */ blocks, /** @type {string[]} */ problems) {
  /** @type {Block[][]} */
  const groups = [];
  /** @type {Block[]} */
  let before = [];
  for (const block of blocks) {
    if (block.kind === "file") continue;
    if (block.kind === "before") {
      before.push(block);
      continue;
    }
    const continues = block.kind === "after" || /^\s*\/\/ continues\b/.test(block.code);
    if (!continues) groups.push([...before, block]);
    else if (groups.length === 0) problems.push(`${block.where}: there is no block that this one could continue`);
    else groups.at(-1)?.push(...before, block);
    before = [];
  }
  for (const { where } of before) problems.push(`${where}: no block follows this hidden code`);
  return groups;
}

/** `expression; //=> value` becomes an assertion. */
export function withAssertions(
  /** @type {Block} */ { code, where, line },
  /** @type {string[]} */ assertions,
  /** @type {string[]} */ problems,
) {
  const file = parse(code);
  const page = where.slice(0, where.lastIndexOf(":"));
  /** @type {Edit[]} */
  const edits = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    ts.forEachChild(node, visit);
    if (!ts.isExpressionStatement(node) && !ts.isVariableStatement(node)) return;
    const rest = code.slice(node.end, lineEnd(code, node.end));
    const mark = /^\s*\/\/\s*=>\s*(.+)$/.exec(rest);
    if (mark === null) return;
    const at = `${page}:${line + file.getLineAndCharacterOfPosition(node.end).line + 1}`;
    assertions.push(at);
    const expected = mark[1].trim();
    if (ts.isExpressionStatement(node)) {
      const text = shownExpression(node.expression).getText(file);
      edits.push([node.getStart(file), node.end, `shows(${JSON.stringify(at)}, ${text}, (${expected}));`]);
    } else {
      const [declaration] = node.declarationList.declarations;
      const text = declaration.name.getText(file);
      edits.push([node.end, node.end, ` shows(${JSON.stringify(at)}, ${text}, (${expected}));`]);
    }
    edits.push([node.end + rest.indexOf("//"), node.end + rest.length, ""]);
  };
  visit(file);
  const marks = code.match(/\/\/\s*=>/g)?.length ?? 0;
  if (edits.length !== marks * 2) problems.push(`${where}: a "//=>" must follow a statement`);
  return edited(code, edits);
}

/**
 * The compared expression: the argument of `console.log`, otherwise the expression itself.
 *
 * @param {ts.Expression} expression
 */
function shownExpression(expression) {
  const isLog = ts.isCallExpression(expression) && expression.expression.getText() === "console.log";
  return isLog && expression.arguments.length === 1 ? expression.arguments[0] : expression;
}

export function edited(/** @type {string} */ code, /** @type {Edit[]} */ edits) {
  let result = code;
  for (const [start, end, text] of edits.sort((a, b) => b[0] - a[0] || b[1] - a[1]))
    result = result.slice(0, start) + text + result.slice(end);
  return result;
}

export function parse(/** @type {string} */ code) {
  return ts.createSourceFile("block.ts", code, ts.ScriptTarget.Latest, true);
}

function lineEnd(/** @type {string} */ code, /** @type {number} */ from) {
  const end = code.indexOf("\n", from);
  return end < 0 ? code.length : end;
}
