// The modules of the reference are named as they are imported, and what Node's inspect() calls is not shown.
import { Converter, ReflectionKind } from "typedoc";

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? [])
      module.name = module.name === "index" ? "requests-ts" : `requests-ts/${module.name}`;
    for (const method of project.getReflectionsByKind(ReflectionKind.Method))
      if (method.name === "[custom]") project.removeReflection(method);
  });
}
