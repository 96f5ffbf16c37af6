/** The rule `house/one-home`: what reaches out of the program is reached from one place. @module */

import { sourceFolder } from "./place.ts";
import { isGlobalReference } from "./scope.ts";

type Homes = readonly string[];

const LISTENER: Homes = ["http"];
const EGRESS: Homes = ["upstream", "shared"];
const ENVIRONMENT: Homes = ["config"];
const TERMINAL: Homes = ["cli", "main"];

/** Modules that stand in their home as a whole, types included. */
const MODULES: ReadonlyMap<string, Homes> = new Map([
  ["node:http", LISTENER],
  ["ws", LISTENER],
  ["undici", EGRESS],
  ["node:https", EGRESS],
  ["node:http2", EGRESS],
]);

/** Single names of modules whose other names are for everyone (`isIP`, `BlockList`). */
const MODULE_NAMES: ReadonlyMap<string, ReadonlyMap<string, Homes>> = new Map([
  [
    "node:net",
    new Map([
      ["createServer", LISTENER],
      ["Server", LISTENER],
      ["connect", EGRESS],
      ["createConnection", EGRESS],
      ["Socket", [...LISTENER, ...EGRESS]],
    ]),
  ],
  [
    "node:process",
    new Map([["env", ENVIRONMENT], ["exit", TERMINAL], ["on", TERMINAL]]),
  ],
]);

const GLOBALS: ReadonlyMap<string, Homes> = new Map([
  ["fetch", EGRESS],
  ["WebSocket", EGRESS],
  ["EventSource", EGRESS],
  ["console", TERMINAL],
]);

/** Members of `Deno`. */
const MEMBERS: ReadonlyMap<string, Homes> = new Map([
  ["serve", LISTENER],
  ["listen", LISTENER],
  ["listenTls", LISTENER],
  ["connect", EGRESS],
  ["connectTls", EGRESS],
  ["env", ENVIRONMENT],
  ["addSignalListener", TERMINAL],
  ["removeSignalListener", TERMINAL],
  ["exit", TERMINAL],
  ["exitCode", TERMINAL],
]);

/** Reports calls out, listeners, environment variables, console, signals and exit outside their home. */
export const oneHome: Deno.lint.Rule = {
  create(context) {
    const folder = sourceFolder(context.filename);
    if (folder === null) return {};
    const report = (
      node: Deno.lint.Node,
      what: string,
      homes: Homes | undefined,
    ): void => {
      if (homes === undefined || homes.includes(folder)) return;
      const places = homes.map((home) =>
        home === "main" ? "main.ts" : `src/${home}`
      );
      context.report({
        node,
        message: `Cannot use ${what} in ${folder}: its home is ${
          places.join(" and ")
        }`,
        hint: "Take what you need as a parameter, built at its home",
      });
    };
    const checkModule = (source: Deno.lint.Node | null): void => {
      if (source?.type !== "Literal" || typeof source.value !== "string") {
        return;
      }
      report(source, `"${source.value}"`, MODULES.get(source.value));
    };
    const isGlobal = (node: Deno.lint.Node, name?: string): boolean =>
      node.type === "Identifier" &&
      (name === undefined || node.name === name) &&
      isGlobalReference(node, context.sourceCode.getAncestors(node));
    return {
      ImportDeclaration(node) {
        checkModule(node.source);
        const names = MODULE_NAMES.get(node.source.value);
        if (names === undefined) return;
        for (const specifier of node.specifiers) {
          for (const name of namesUsed(specifier, node, context)) {
            report(
              specifier,
              `${name} of "${node.source.value}"`,
              names.get(name),
            );
          }
        }
      },
      ExportNamedDeclaration: (node) => checkModule(node.source),
      ImportExpression: (node) => checkModule(node.source),
      Identifier(node) {
        const homes = GLOBALS.get(node.name);
        if (homes !== undefined && isGlobal(node)) {
          report(node, node.name, homes);
        }
      },
      MemberExpression(node) {
        const name = memberName(node);
        if (name === null) return;
        if (isGlobal(node.object, "Deno")) {
          report(node, `Deno.${name}`, MEMBERS.get(name));
        } else if (isGlobal(node.object, "globalThis")) {
          report(node, `globalThis.${name}`, GLOBALS.get(name));
        }
      },
      VariableDeclarator(node) {
        if (node.init === null || !isGlobal(node.init, "Deno")) return;
        if (node.id.type !== "ObjectPattern") return;
        for (const property of node.id.properties) {
          if (property.type !== "Property") continue;
          if (property.key.type !== "Identifier") continue;
          const name = property.key.name;
          report(property, `Deno.${name}`, MEMBERS.get(name));
        }
      },
    };
  },
};

function memberName(node: Deno.lint.MemberExpression): string | null {
  const { property, computed } = node;
  if (!computed) return property.type === "Identifier" ? property.name : null;
  return property.type === "Literal" && typeof property.value === "string"
    ? property.value
    : null;
}

/** The module's names that an import specifier brings in: for a whole module, those read off its local name. */
function namesUsed(
  specifier: Deno.lint.ImportDeclaration["specifiers"][number],
  node: Deno.lint.ImportDeclaration,
  context: Deno.lint.RuleContext,
): Iterable<string> {
  if (specifier.type === "ImportSpecifier") {
    const { imported } = specifier;
    return [imported.type === "Identifier" ? imported.name : imported.value];
  }
  const uses = new RegExp(
    `(?<![\\w$.])${specifier.local.name}\\s*\\.\\s*(\\w+)`,
    "g",
  );
  const rest = context.sourceCode.text.slice(node.range[1]);
  return new Set([...rest.matchAll(uses)].map((match) => match[1] ?? ""));
}
