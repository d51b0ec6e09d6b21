/** Reads which file imports which, from the sources themselves. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The folder of package.json. Tests run from build/tests/package. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** One import or re-export, as it stands in a file. */
export interface ImportEdge {
  /** The file that imports, below src/: `client/session.ts`. */
  readonly from: string;
  readonly line: number;
  /** The text of the specifier. */
  readonly specifier: string;
  /** The file imported, below src/, or null for a package or a module of Node. */
  readonly to: string | null;
  /** `import type` and `export type` leave nothing in the JavaScript; `import { type A }` still loads the file. */
  readonly typeOnly: boolean;
  /** Whether the file is loaded by a call, when the program is already running. */
  readonly isDeferred: boolean;
}

/** A source file, with its path below src/. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file below src/. */
export function sources(): readonly SourceText[] {
  const folder = join(root, "src");
  return readdirSync(folder, { recursive: true })
    .map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
}

/** The imports of a file: static, dynamic, `require()`, and `import("…")` within types. */
export function importsOf(source: SourceText): ImportEdge[] {
  const parsed = parse(source);
  const edges: ImportEdge[] = [];
  const add = (specifier: ts.Expression, typeOnly: boolean, isDeferred = false): void => {
    // A computed specifier cannot be followed; `checkLayers` refuses it by this name.
    const text = ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText(parsed);
    edges.push({
      from: source.path,
      line: lineOf(parsed, specifier),
      specifier: text,
      to: text.startsWith(".") ? resolve(source.path, text) : null,
      typeOnly,
      isDeferred,
    });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.phaseModifier === TYPE);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
      add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(asExpression(node.argument), true);
    else if (ts.isCallExpression(node) && loads(node.expression) && node.arguments[0] !== undefined)
      add(node.arguments[0], false, true);
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return edges;
}

/** Lines that read `process.env`, also as `const { env } = process`. */
export function environmentReads(source: SourceText): number[] {
  const parsed = parse(source);
  const lines: number[] = [];
  const visit = (node: ts.Node): void => {
    const member =
      (ts.isPropertyAccessExpression(node) && isProcess(node.expression) && node.name.text === "env") ||
      (ts.isElementAccessExpression(node) &&
        isProcess(node.expression) &&
        ts.isStringLiteralLike(node.argumentExpression) &&
        node.argumentExpression.text === "env");
    const destructured =
      ts.isVariableDeclaration(node) &&
      node.initializer !== undefined &&
      isProcess(node.initializer) &&
      ts.isObjectBindingPattern(node.name) &&
      node.name.elements.some((element) => (element.propertyName ?? element.name).getText(parsed) === "env");
    const imported =
      ts.isImportDeclaration(node) &&
      /^"(node:)?process"$/.test(node.moduleSpecifier.getText(parsed)) &&
      /\benv\b/.test(node.importClause?.getText(parsed) ?? "");
    if (member || destructured || imported) lines.push(lineOf(parsed, node));
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return lines;
}

/** A way round in a directed graph, as the nodes passed, or null when there is none. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): readonly string[] | null => {
    const at = path.indexOf(node);
    if (at >= 0) return [...path.slice(at), node];
    if (done.has(node)) return null;
    path.push(node);
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle !== null) return cycle;
    }
    path.pop();
    done.add(node);
    return null;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** Everything that can be reached from a node, itself included. */
export function reachable(edges: ReadonlyMap<string, readonly string[]>, start: string): ReadonlySet<string> {
  const seen = new Set<string>([start]);
  for (const node of seen) for (const next of edges.get(node) ?? []) seen.add(next);
  return seen;
}

const TYPE = ts.SyntaxKind.TypeKeyword;

function parse(source: SourceText): ts.SourceFile {
  return ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
}

function lineOf(parsed: ts.SourceFile, node: ts.Node): number {
  return parsed.getLineAndCharacterOfPosition(node.getStart(parsed)).line + 1;
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
}

function loads(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require");
}

function asExpression(type: ts.LiteralTypeNode): ts.Expression {
  return type.literal;
}

function isProcess(node: ts.Node): boolean {
  return (
    (ts.isIdentifier(node) && node.text === "process") ||
    (ts.isPropertyAccessExpression(node) && node.name.text === "process" && node.expression.getText() === "globalThis")
  );
}
