/** The public types as text: what a user's compiler reads in dist/, without comments, private members and order of files. */
import { join } from "node:path";
import ts from "typescript";
import { root } from "./source-graph.js";

/** The golden file; `npm run golden` writes it. */
export const goldenFile = join(root, "tests", "package", "public-types.golden.txt");

const ENTRIES: readonly (readonly [string, string])[] = [
  ["requests-ts", "dist/index.d.ts"],
  ["requests-ts/httpbin", "dist/httpbin/index.d.ts"],
  ["requests-ts/events", "dist/events/index.d.ts"],
  ["requests-ts/multipart", "dist/multipart/index.d.ts"],
  ["requests-ts/testing", "dist/testing/index.d.ts"],
  ["requests-ts/har", "dist/har/index.d.ts"],
  ["requests-ts/opentelemetry", "dist/opentelemetry/index.d.ts"],
];

/**
 * The declarations of every name that an entry exports, and of every type of ours that those mention without its being
 * exported by name. What an entry before has shown is not shown again.
 */
export function publicTypes(): string {
  const program = ts.createProgram(
    ENTRIES.map(([, file]) => join(root, file)),
    {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
      types: ["node"],
      skipLibCheck: true,
      noEmit: true,
    },
  );
  const checker = program.getTypeChecker();
  const shown = new Set<ts.Symbol>();
  return ENTRIES.map(([name, file]) => entryText(name, program.getSourceFile(join(root, file)), checker, shown)).join(
    "\n",
  );
}

function entryText(
  name: string,
  file: ts.SourceFile | undefined,
  checker: ts.TypeChecker,
  shown: Set<ts.Symbol>,
): string {
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${name} has no declarations in dist/: run npm run build`);
  const exported = new Map<ts.Symbol, string>();
  for (const symbol of checker.getExportsOfModule(module)) {
    const target = followed(symbol, checker);
    // A second name for the same thing, such as `delete` for the function deleteRequest.
    if (!exported.has(target)) exported.set(target, symbol.name);
  }
  const printed = new Map<ts.Symbol, string>();
  const pending = [...exported.keys()];
  for (let symbol = pending.shift(); symbol !== undefined; symbol = pending.shift()) {
    if (printed.has(symbol) || (shown.has(symbol) && !exported.has(symbol))) continue;
    if (isModule(symbol)) {
      printed.set(symbol, namesOf(symbol, checker));
      continue;
    }
    const declarations = (symbol.declarations ?? []).map((node) => publicPart(statementOf(node)));
    printed.set(symbol, declarations.map(print).join("\n"));
    for (const declaration of declarations) pending.push(...mentioned(declaration, checker));
  }
  for (const symbol of printed.keys()) shown.add(symbol);
  const lines = (isExported: boolean): string[] =>
    [...printed]
      .filter(([symbol]) => exported.has(symbol) === isExported)
      .map(([symbol, text]) => [exported.get(symbol) ?? ownName(symbol), text] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([exportName, text]) => `── ${exportName}\n${text}\n`);
  return [
    `══ exported by ${name} ══\n`,
    ...lines(true),
    `══ mentioned by those, not exported by name ══\n`,
    ...lines(false),
  ].join("\n");
}

function isModule(symbol: ts.Symbol): boolean {
  return symbol.declarations?.some((node) => ts.isSourceFile(node) || ts.isModuleDeclaration(node)) === true;
}

/** A namespace of the default export: the names in it; what they are stands elsewhere. */
function namesOf(module: ts.Symbol, checker: ts.TypeChecker): string {
  const names = checker.getExportsOfModule(module).map(({ name }) => name);
  return `{ ${names.sort().join(", ")} }`;
}

function ownName(symbol: ts.Symbol): string {
  return isModule(symbol) ? `namespace ${symbol.name}` : symbol.name;
}

function followed(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** The symbols of ours that a declaration names. */
function mentioned(declaration: ts.Node, checker: ts.TypeChecker): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.parent !== undefined) {
      const at = checker.getSymbolAtLocation(node);
      const symbol = at === undefined ? undefined : followed(at, checker);
      if (symbol !== undefined && isOurs(symbol)) found.push(symbol);
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
}

function isOurs(symbol: ts.Symbol): boolean {
  const declaration = symbol.declarations?.[0];
  if (declaration === undefined || ts.isTypeParameterDeclaration(declaration) || ts.isParameter(declaration))
    return false;
  const { fileName } = declaration.getSourceFile();
  if (!fileName.startsWith(join(root, "dist"))) return false;
  return ts.isSourceFile(declaration) || ts.isSourceFile(statementOf(declaration).parent);
}

/** The statement at the top of the file that a declaration stands in, if it is the thing declared. */
function statementOf(node: ts.Declaration): ts.Node {
  if (ts.isVariableDeclaration(node)) return node.parent.parent;
  return node;
}

/** Without private members. The nodes inside are those of the program. */
function publicPart(node: ts.Node): ts.Node {
  if (ts.isClassDeclaration(node))
    return ts.factory.updateClassDeclaration(
      node,
      node.modifiers,
      node.name,
      node.typeParameters,
      node.heritageClauses,
      node.members.filter(isPublic),
    );
  if (ts.isInterfaceDeclaration(node))
    return ts.factory.updateInterfaceDeclaration(
      node,
      node.modifiers,
      node.name,
      node.typeParameters,
      node.heritageClauses,
      node.members.filter(isPublic),
    );
  return node;
}

function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  return member.name === undefined || !ts.isPrivateIdentifier(member.name);
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

function print(node: ts.Node): string {
  const original = ts.getOriginalNode(node);
  return printer.printNode(ts.EmitHint.Unspecified, node, original.getSourceFile());
}
