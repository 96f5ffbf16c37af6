/** The rule `house/max-lines`: functions of at most 60 lines, files of at most 400, in `src/`. @module */

import { sourceFolder } from "./place.ts";

const MAX_FUNCTION_LINES = 60;
const MAX_FILE_LINES = 400;

type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** Reports functions and files that are too long. A nested function counts in the one around it. */
export const maxLines: Deno.lint.Rule = {
  create(context) {
    const folder = sourceFolder(context.filename);
    if (folder === null || folder === "main") return {};
    const text = context.sourceCode.text;
    const check = (node: FunctionNode): void => {
      const lines = countLines(text.slice(node.range[0], node.range[1]));
      if (lines <= MAX_FUNCTION_LINES) return;
      // Only the first line is marked: an ignore comment belongs above it.
      context.report({
        range: [node.range[0], node.range[0] + 1],
        message: `Cannot accept a function of ${lines} lines: ` +
          `the limit is ${MAX_FUNCTION_LINES}`,
        hint: "Split it by what its parts do",
      });
    };
    return {
      Program(program) {
        const lines = countLines(text.trimEnd());
        if (lines <= MAX_FILE_LINES) return;
        context.report({
          range: [program.range[0], program.range[0] + 1],
          message: `Cannot accept a file of ${lines} lines: ` +
            `the limit is ${MAX_FILE_LINES}`,
          hint: "Split it by subject",
        });
      },
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
    };
  },
};

function countLines(text: string): number {
  return text.split("\n").length;
}
