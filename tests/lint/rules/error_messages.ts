/** The rule `house/error-messages`: how the text of an error begins and ends. @module */

import { sourceFolder } from "./place.ts";

const BUILT_IN: ReadonlySet<string> = new Set([
  "Error",
  "RangeError",
  "SyntaxError",
  "TypeError",
]);

/** Reports messages that start in lower case or end in a period. */
export const errorMessages: Deno.lint.Rule = {
  create(context) {
    if (sourceFolder(context.filename) === null) return {};
    const check = (
      node: Deno.lint.NewExpression | Deno.lint.CallExpression,
    ): void => {
      const message = node.arguments[0];
      if (node.callee.type !== "Identifier" || message === undefined) return;
      if (!BUILT_IN.has(node.callee.name)) return;
      if (/^\p{Ll}/u.test(edge(message, "first"))) {
        context.report({
          node: message,
          message: "Cannot start an error message in lower case",
          hint: 'Say "Cannot X: Y is Z"',
        });
      }
      if (edge(message, "last").endsWith(".")) {
        context.report({
          node: message,
          message: "Cannot end an error message in a period",
          hint: "Remove the period",
        });
      }
    };
    return { NewExpression: check, CallExpression: check };
  },
};

/** The literal text at one end of a string expression, "" where that end is computed. */
function edge(node: Deno.lint.Node, side: "first" | "last"): string {
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" ? node.value : "";
    case "TemplateLiteral":
      return node.quasis.at(side === "first" ? 0 : -1)?.cooked ?? "";
    case "BinaryExpression":
      if (node.operator !== "+") return "";
      return edge(side === "first" ? node.left : node.right, side);
    default:
      return "";
  }
}
