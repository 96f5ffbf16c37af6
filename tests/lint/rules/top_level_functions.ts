/** The rule `house/top-level-functions`: modules of `src/` declare functions, they do not assign them. @module */

import { sourceFolder } from "./place.ts";

/** Reports `const name = () => ...` and `const name = function ...` at the top level. */
export const topLevelFunctions: Deno.lint.Rule = {
  create(context) {
    if (sourceFolder(context.filename) === null) return {};
    const check = (statement: Deno.lint.Node | null): void => {
      if (statement?.type !== "VariableDeclaration") return;
      for (const declarator of statement.declarations) {
        const value = declarator.init;
        if (
          value?.type !== "ArrowFunctionExpression" &&
          value?.type !== "FunctionExpression"
        ) continue;
        context.report({
          node: declarator.id,
          message: `Cannot assign a function to "${
            context.sourceCode.getText(declarator.id)
          }" at the top level: it is not a declaration`,
          hint: "Write `function name() {}`",
        });
      }
    };
    return {
      Program(program) {
        for (const statement of program.body) {
          check(
            statement.type === "ExportNamedDeclaration"
              ? statement.declaration
              : statement,
          );
        }
      },
    };
  },
};
