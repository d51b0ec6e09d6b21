// The modules of the reference are named as they are imported, exceptions stand together, and members that the language
// or Node calls, not a reader, are not shown. An export or a member that says nothing of itself is a warning.
import { Comment, CommentTag, Converter, IntrinsicType, ReflectionKind } from "typedoc";

/** Node's inspect(), `instanceof`, and the store of a jar. */
const NOT_SHOWN = new Set(["[custom]", "[hasInstance]", "[STORE]"]);

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      module.name = module.name === "index" ? "requests-ts" : `requests-ts/${module.name}`;
      const whole = (module.children ?? []).find(({ name }) => name === "default");
      if (whole === undefined) continue;
      // Each of its properties has a page of its own.
      whole.name = "requests";
      project.removeTypeReflections(whole.type);
      whole.type = new IntrinsicType("object");
    }
    for (const member of project.getReflectionsByKind(ReflectionKind.ClassMember))
      if (NOT_SHOWN.has(member.name)) project.removeReflection(member);
    for (const found of project.getReflectionsByKind(ReflectionKind.All)) {
      if (found.comment?.summary.length === 0 && found.comment.getTag("@defaultValue") !== undefined)
        app.logger.warn(`${found.getFullName()} says its default alone`);
      sayDefault(found.comment);
    }
    for (const found of project.getReflectionsByKind(ReflectionKind.Class)) {
      if (!isException(found)) continue;
      found.comment ??= new Comment();
      found.comment.blockTags.push(new CommentTag("@group", [{ kind: "text", text: "Exceptions" }]));
    }
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const module of project.children ?? []) {
      for (const found of module.children ?? []) {
        const members = found.kindOf(ReflectionKind.ClassOrInterface) ? (found.children ?? []) : [];
        for (const said of [found, ...members])
          if (!isDocumented(said)) app.logger.warn(`${said.getFullName()} has no doc comment`);
      }
    }
  });
}

/** `@defaultValue` becomes the last sentence, since tables have no room for a column of its own. */
function sayDefault(comment) {
  const value = comment?.getTag("@defaultValue");
  if (value === undefined) return;
  const code = value.content.length === 1 && /^```\w*\n([^\n]*)\n```$/.exec(value.content[0].text.trim());
  const said = code ? [{ kind: "code", text: `\`${code[1]}\`` }] : value.content;
  comment.summary.push({ kind: "text", text: `${comment.summary.length > 0 ? " " : ""}Default: ` }, ...said);
  comment.removeTags("@defaultValue");
}

/** Whether a class descends from Error, as far as the classes of the package show it. */
function isException(found) {
  for (let type = found.extendedTypes?.[0]; type !== undefined; type = type.reflection?.extendedTypes?.[0])
    if (type.name === "Error" || type.name === "TypeError") return true;
  return false;
}

/** Members that come from Node or the language are documented there. */
function isDocumented(found) {
  if (found.kindOf(ReflectionKind.Constructor) || found.kindOf(ReflectionKind.Reference)) return true;
  if (found.flags.isExternal || (found.inheritedFrom !== undefined && !found.inheritedFrom.reflection)) return true;
  return [found, found.getSignature, ...(found.signatures ?? [])].some((part) => part?.comment?.summary.length > 0);
}
