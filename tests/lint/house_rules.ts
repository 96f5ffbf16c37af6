/**
 * The house lint rules. A rule is suppressed by
 * `// deno-lint-ignore house/<rule> -- reason` and in no other way.
 *
 * @module
 */

import { errorMessages } from "./rules/error_messages.ts";
import { ignoreReason } from "./rules/ignore_reason.ts";
import { importDirection } from "./rules/import_direction.ts";
import { maxLines } from "./rules/max_lines.ts";
import { noBarrel } from "./rules/no_barrel.ts";
import { noModuleState } from "./rules/no_module_state.ts";
import { oneHome } from "./rules/one_home.ts";
import { topLevelFunctions } from "./rules/top_level_functions.ts";

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "error-messages": errorMessages,
    "ignore-reason": ignoreReason,
    "import-direction": importDirection,
    "max-lines": maxLines,
    "no-barrel": noBarrel,
    "no-module-state": noModuleState,
    "one-home": oneHome,
    "top-level-functions": topLevelFunctions,
  },
};

// A lint plugin must be the default export.
export default plugin;
