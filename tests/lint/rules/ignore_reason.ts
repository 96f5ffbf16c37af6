/** The rule `house/ignore-reason`: a suppressed rule says why. @module */

import { sourceFolder } from "./place.ts";

const DIRECTIVE_REGEXP = /^\s*deno-lint-ignore(?:-file)?(?:\s|$)/;
const REASON_REGEXP = /\s--\s+\S/;

/** Reports `deno-lint-ignore` comments without ` -- reason`: all of them in `src/`, those of house rules everywhere. */
export const ignoreReason: Deno.lint.Rule = {
  create(context) {
    const inSource = sourceFolder(context.filename) !== null;
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          if (!DIRECTIVE_REGEXP.test(comment.value)) continue;
          if (!inSource && !comment.value.includes("house/")) continue;
          if (REASON_REGEXP.test(comment.value)) continue;
          context.report({
            range: comment.range,
            message: "Cannot suppress a rule without a reason",
            hint: "Write `// deno-lint-ignore rule -- reason`",
          });
        }
      },
    };
  },
};
