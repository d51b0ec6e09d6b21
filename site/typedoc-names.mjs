// The modules of the reference are named as they are imported.
import { Converter } from "typedoc";

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const module of context.project.children ?? [])
      module.name = module.name === "index" ? "requests-ts" : `requests-ts/${module.name}`;
  });
}
