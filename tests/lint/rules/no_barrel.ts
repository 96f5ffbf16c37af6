/** The rule `house/no-barrel`: names are imported from the file that defines them. @module */

import { sourceFolder } from "./place.ts";

/** Reports `export * from` and files of `src/` that only hand on what others export. */
export const noBarrel: Deno.lint.Rule = {
  create(context) {
    if (sourceFolder(context.filename) === null) return {};
    return {
      ExportAllDeclaration(node) {
        context.report({
          node,
          message: `Cannot export everything of "${node.source.value}"`,
          hint: "Import names from the file that defines them",
        });
      },
      Program(program) {
        const { body } = program;
        if (!body.some(isReexport)) return;
        const own = body.filter((statement) =>
          statement.type !== "ImportDeclaration" && !isReexport(statement)
        );
        if (own.length > 0) return;
        context.report({
          range: [program.range[0], program.range[0] + 1],
          message: "Cannot accept a file that only re-exports",
          hint: "Import names from the file that defines them",
        });
      },
    };
  },
};

/** Whether a statement is `export {...}`, with or without `from`. */
function isReexport(statement: Deno.lint.Statement): boolean {
  return statement.type === "ExportNamedDeclaration" &&
    statement.declaration === null && statement.specifiers.length > 0;
}
