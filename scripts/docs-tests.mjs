// Makes tests/docs/*.test.ts from every ts block of README.md, docs/**/*.md and the @example tags in src/.
//
//   - Each block is a module of its own. One that begins with `// continues` goes on where the block before it ended.
//   - It runs against a local httpbin: `https://httpbin.org` and `http://httpbin.org` in strings are its URL.
//   - On a page with `<!-- hosts: stand-ins -->` the hosts of tests/_support/stand-ins are played as well.
//   - `expression; //=> value` asserts that they are deeply equal. A declaration may stand there too: `const a = 1; //=> 1`,
//     and so may `console.log(expression); //=> value`, which then prints nothing.
//   - Code that a reader need not see stands in an HTML comment: `<!-- before` and lines of code run before the next block,
//     `<!-- after` and lines of code after the block above. Both share the names of that block. `-->` ends the comment.
//   - Names that requests-ts exports need no import.
//   - A block marked "ts no-run: reason" is compiled and not run. Other marks, and js blocks, are refused.
//   - A block of any language that is marked "file: path" must be the text of that file, which other tests run.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";

import { blocksOfMarkdown, edited, groupsOf, parse, withAssertions } from "./docs-blocks.mjs";

const root = join(import.meta.dirname, "..");
const out = join(root, "tests", "docs");
/** @type {string[]} */
const problems = [];
const written = new Map();
const publicNames = readPublicNames();
const played = readPlayedHosts();

for (const page of pages()) writePage(page);

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
synchronise();

/** The pages and sources that may hold examples, with their blocks. */
function pages() {
  const markdown = ["README.md", ...below("docs", ".md")].filter((path) => existsSync(join(root, path)));
  const found = [
    ...markdown.map((path) => ({
      path,
      blocks: blocksOfMarkdown(path, read(path), 0, problems),
      hosts: read(path).includes("<!-- hosts: stand-ins -->") ? played : [],
    })),
    ...below("src", ".ts").map((path) => ({ path, blocks: blocksOfComments(path) })),
  ];
  return found.filter(({ blocks }) => blocks.length > 0);
}

function below(/** @type {string} */ folder, /** @type {string} */ ending) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)).split(sep).join("/"))
    .filter((name) => name.endsWith(ending))
    .sort();
}

function read(/** @type {string} */ path) {
  return readFileSync(join(root, path), "utf8");
}

/** The fenced blocks of all @example tags of a source file. */
function blocksOfComments(/** @type {string} */ path) {
  const text = read(path);
  /** @type {import("./docs-blocks.mjs").Block[]} */
  const blocks = [];
  for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    if (!comment[0].includes("```ts")) continue;
    const firstLine = text.slice(0, comment.index).split("\n").length - 1;
    const body = comment[0].replace(/^\/\*\*/, "").replace(/\*\/$/, "");
    const plain = body.split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
    blocks.push(...blocksOfMarkdown(path, plain.join("\n"), firstLine, problems));
  }
  return blocks;
}

/** One test file a page, one module a group of blocks that continue each other. */
function writePage(
  /** @type {{ path: string, blocks: import("./docs-blocks.mjs").Block[], hosts?: string[] }} */
  { path, blocks, hosts = [] },
) {
  const slug = path
    .replace(/\.(md|ts)$/, "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .toLowerCase();
  for (const block of blocks) compareWithFile(block);
  const groups = groupsOf(blocks, problems);
  const cases = [];
  for (const [index, group] of groups.entries()) {
    const name = `${String(index + 1).padStart(2, "0")}`;
    const { text, assertions } = moduleOf(group, hosts);
    written.set(`${slug}/${name}.ts`, text);
    if (group.some(({ runs }) => !runs)) {
      if (group.some(({ runs }) => runs))
        problems.push(`${group[0].where}: blocks that continue each other must all run`);
      continue;
    }
    const where = group.map((block) => block.where);
    cases.push(
      `example(${JSON.stringify(where.join(", "))}, ${JSON.stringify(where)}, ${JSON.stringify(assertions)}, () => import("./${slug}/${name}.js"));`,
    );
  }
  if (cases.length === 0) return;
  const head = [`// Made by scripts/docs-tests.mjs from ${path}`, 'import { example } from "../_support/docs.js";', ""];
  written.set(`${slug}.test.ts`, [...head, ...cases, ""].join("\n"));
}

/** A block that shows a file of the project must have the text of the file. */
function compareWithFile(/** @type {import("./docs-blocks.mjs").Block} */ { where, file, code }) {
  if (file === undefined) return;
  if (!existsSync(join(root, file))) problems.push(`${where}: there is no file ${file}`);
  else if (read(file).trimEnd() !== code) problems.push(`${where}: this block is not the text of ${file}`);
}

function moduleOf(/** @type {import("./docs-blocks.mjs").Block[]} */ group, /** @type {string[]} */ hosts) {
  /** @type {string[]} */
  const assertions = [];
  /** @type {Set<string>} */
  const asked = new Set();
  const parts = group.map((block) => {
    const code = withAssertions(block, assertions, problems);
    return `// ${block.where}\n${withLocalServers(code, hosts, asked)}\nreached(${JSON.stringify(block.where)});`;
  });
  const code = parts.join("\n");
  const { used, declared } = namesOf(code);
  const lines = ['import { httpbinUrl, reached, shows } from "../../_support/docs.js";'];
  if (asked.size > 0) lines.push('import { standIns } from "../../_support/stand-ins/index.js";');
  const missing = [...used].filter((name) => publicNames.has(name) && !declared.has(name));
  const named = missing.filter((name) => name !== "requests").sort();
  if (missing.includes("requests")) lines.push('import requests from "requests-ts";');
  if (named.length > 0)
    lines.push(
      `import { ${named.map((name) => (publicNames.get(name) === "type" ? `type ${name}` : name)).join(", ")} } from "requests-ts";`,
    );
  if (used.has("httpbin") && !declared.has("httpbin")) lines.push('import { httpbin } from "requests-ts/httpbin";');
  // What a page declares need not be used; what it imports must.
  if (asked.size > 0) lines.push(`const standIn = await standIns(${JSON.stringify([...asked])});`);
  lines.push("void [httpbinUrl, shows];", code, `export { ${topLevel(code).join(", ")} };`, "");
  return { text: lines.join("\n"), assertions };
}

/** Strings that name httpbin.org, or a host that is played, name the local server instead. */
function withLocalServers(/** @type {string} */ code, /** @type {string[]} */ hosts, /** @type {Set<string>} */ asked) {
  const file = parse(code);
  /** @type {import("./docs-blocks.mjs").Edit[]} */
  const edits = [];
  /** @param {string} text */
  const local = (text) => {
    const here = text.replace(/https?:\/\/httpbin\.org(?![\w.-])/gi, "${httpbinUrl}");
    if (hosts.length === 0) return here;
    const names = new RegExp(`(?<![\\w.-])(?:${hosts.map(escaped).join("|")})(?![\\w-]|\\.\\w)`, "g");
    return here.replace(names, (host) => {
      asked.add(host);
      return `\${standIn[${JSON.stringify(host)}]}`;
    });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    ts.forEachChild(node, visit);
    if (ts.isImportDeclaration(node.parent ?? node)) return;
    if (ts.isStringLiteral(node)) {
      const plain = node.text.replace(/[`\\]|\$\{/g, "\\$&");
      const quoted = local(plain);
      if (quoted === plain) return;
      const key = ts.isPropertyAssignment(node.parent) && node.parent.name === node;
      const text = `\`${quoted}\``;
      edits.push([node.getStart(file), node.end, key ? `[${text}]` : text]);
    } else if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node)) {
      const text = node.getText(file);
      if (local(text) !== text) edits.push([node.getStart(file), node.end, local(text)]);
    }
  };
  visit(file);
  return edited(code, edits);
}

function escaped(/** @type {string} */ text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** The keys of PLAYERS in tests/_support/stand-ins/index.ts, longest first. */
function readPlayedHosts() {
  const names = [];
  for (const statement of parse(read("tests/_support/stand-ins/index.ts")).statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations)
      if (name.getText() === "PLAYERS" && initializer !== undefined && ts.isObjectLiteralExpression(initializer))
        for (const { name: key } of initializer.properties)
          if (key !== undefined && ts.isStringLiteralLike(key)) names.push(key.text);
  }
  return names.sort((a, b) => b.length - a.length);
}

/** Identifiers that stand for a value or type of the block, and those that the block itself declares. */
function namesOf(/** @type {string} */ code) {
  const used = new Set();
  const declared = new Set();
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isMemberOfType = parent !== undefined && ts.isQualifiedName(parent) && parent.right === node;
      const isName = isMemberOfType || (parent !== undefined && "name" in parent && parent.name === node);
      if (isName && !isMemberOfType && !ts.isPropertyAccessExpression(parent) && !isMember(parent))
        declared.add(node.text);
      else if (!isName && !(ts.isBindingElement(parent) && parent.propertyName === node)) used.add(node.text);
      // `{ get }` is both a name and a use.
      if (ts.isShorthandPropertyAssignment(parent)) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(code));
  return { used, declared };
}

function isMember(/** @type {ts.Node} */ node) {
  return (
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isGetAccessor(node)
  );
}

function topLevel(/** @type {string} */ code) {
  /** @type {string[]} */
  const names = [];
  /** @param {ts.BindingName} name */
  const add = (name) => {
    if (ts.isIdentifier(name)) names.push(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) add(element.name);
  };
  for (const node of parse(code).statements) {
    if (ts.isVariableStatement(node)) for (const { name } of node.declarationList.declarations) add(name);
    else if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) {
      if (node.name !== undefined) add(node.name);
    } else if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) names.push(`type ${node.name.text}`);
  }
  return names;
}

/** Name → "type" or "value", of everything that src/index.ts exports. */
function readPublicNames() {
  const names = new Map([["requests", "value"]]);
  /** @param {string} path */
  const addFrom = (path) => {
    for (const node of parse(read(path)).statements) {
      const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
      const isExported = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
      if (isExported && (ts.isClassDeclaration(node) || ts.isFunctionDeclaration(node)) && node.name !== undefined)
        names.set(node.name.text, "value");
      if (isExported && (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)))
        names.set(node.name.text, "type");
      if (!ts.isExportDeclaration(node)) continue;
      if (node.exportClause === undefined) {
        if (node.moduleSpecifier === undefined || !ts.isStringLiteral(node.moduleSpecifier)) continue;
        addFrom(join(dirname(path), node.moduleSpecifier.text.replace(/\.js$/, ".ts")));
      } else if (ts.isNamedExports(node.exportClause))
        for (const { name, isTypeOnly } of node.exportClause.elements)
          names.set(name.text, isTypeOnly || node.isTypeOnly ? "type" : "value");
    }
  };
  addFrom("src/index.ts");
  names.delete("default");
  return names;
}

/** Leaves what has not changed alone, so that the compiler need not look at it again. */
function synchronise() {
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(out, { recursive: true }).map(String))
    if (name.endsWith(".ts") && !written.has(name.split(sep).join("/"))) rmSync(join(out, name));
  for (const [name, text] of written) {
    const file = join(out, name);
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  }
  const pagesMade = [...written.keys()].filter((name) => name.endsWith(".test.ts")).length;
  console.log(`${relative(process.cwd(), out)}: ${written.size - pagesMade} examples of ${pagesMade} pages`);
}
