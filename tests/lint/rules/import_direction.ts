/** The rule `house/import-direction`: which folder of `src/` may import which. @module */

import { repositoryPath, resolveSpecifier, sourceFolder } from "./place.ts";

const SHARED = ["exchange", "support"];
const CONFIGURED = ["config", ...SHARED];
const PROVIDED = ["providers", ...CONFIGURED];

/** What each folder may import, beside itself. The table of src/README.md. */
const BELOW_HTTP: { readonly [folder: string]: readonly string[] } = {
  support: [],
  exchange: ["support"],
  config: SHARED,
  protocols: SHARED,
  providers: CONFIGURED,
  metrics: CONFIGURED,
  accounting: CONFIGURED,
  audit: CONFIGURED,
  cache: CONFIGURED,
  shared: CONFIGURED,
  simulator: ["protocols", ...CONFIGURED],
  recording: ["protocols", ...CONFIGURED],
  import: ["config", "support"],
  routing: PROVIDED,
  upstream: PROVIDED,
  whatif: ["routing", "accounting", "recording", "protocols", ...PROVIDED],
  relay: ["protocols", "routing", "upstream", ...PROVIDED],
};

/** The whole table: `http` and `cli` follow from the rows above. */
export const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries(BELOW_HTTP),
  ["http", Object.keys(BELOW_HTTP)],
  ["cli", [...Object.keys(BELOW_HTTP), "http"]],
  ["main", ["cli"]],
]);

/** Reports an import that goes against the table. */
export const importDirection: Deno.lint.Rule = {
  create(context) {
    const from = sourceFolder(context.filename);
    if (from === null) return {};
    const check = (source: Deno.lint.Node | null): void => {
      if (source?.type !== "Literal" || typeof source.value !== "string") {
        return;
      }
      const message = violation(context.filename, from, source.value);
      if (message !== null) context.report({ node: source, message });
    };
    return {
      Program(program) {
        if (MAY_IMPORT.has(from)) return;
        context.report({
          range: [program.range[0], program.range[0] + 1],
          message: `Cannot place ${repositoryPath(context.filename)}: ` +
            `"src/${from}" has no row in the import table`,
          hint: "Add the folder to tests/lint/rules/import_direction.ts",
        });
      },
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) =>
        check(
          node.argument.type === "TSLiteralType" ? node.argument.literal : null,
        ),
    };
  },
};

function violation(
  filename: string,
  from: string,
  specifier: string,
): string | null {
  if (!specifier.startsWith(".")) return null;
  const target = resolveSpecifier(filename, specifier);
  if (target.startsWith("tests/") || target === "main.ts") {
    return `Cannot import ${target}: the program does not import it`;
  }
  const to = sourceFolder(target);
  if (to === null || to === from) return null;
  const allowed = MAY_IMPORT.get(from);
  if (allowed === undefined || allowed.includes(to)) return null;
  const list = allowed.length === 0 ? "nothing" : allowed.join(", ");
  return `Cannot import ${target}: ${from} may import ${list}`;
}
