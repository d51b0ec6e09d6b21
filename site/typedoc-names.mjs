// The modules of the reference are named as they are imported, exceptions stand together, and members that the language
// or Node calls, not a reader, are not shown.
import { Comment, CommentTag, Converter, ReflectionKind } from "typedoc";

/** Node's inspect(), `instanceof`, and the store behind a jar. */
const NOT_SHOWN = new Set(["[custom]", "[hasInstance]", "[STORE]"]);

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      module.name = module.name === "index" ? "requests-ts" : `requests-ts/${module.name}`;
      for (const child of module.children ?? []) if (child.name === "default") child.name = "requests";
    }
    for (const member of project.getReflectionsByKind(ReflectionKind.ClassMember))
      if (NOT_SHOWN.has(member.name)) project.removeReflection(member);
    for (const found of project.getReflectionsByKind(ReflectionKind.Class)) {
      if (!isException(found)) continue;
      found.comment ??= new Comment();
      found.comment.blockTags.push(new CommentTag("@group", [{ kind: "text", text: "Exceptions" }]));
    }
  });
}

/** Whether a class descends from Error, as far as the classes of the package show it. */
function isException(found) {
  for (let type = found.extendedTypes?.[0]; type !== undefined; type = type.reflection?.extendedTypes?.[0])
    if (type.name === "Error" || type.name === "TypeError") return true;
  return false;
}
