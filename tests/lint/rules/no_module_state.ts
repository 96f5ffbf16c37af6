/** The rule `house/no-module-state`: modules of `src/` hold constants, objects hold state. @module */

import { sourceFolder } from "./place.ts";

const COLLECTIONS: ReadonlySet<string> = new Set([
  "Map",
  "Set",
  "WeakMap",
  "WeakSet",
]);

/** Types that say nothing against changing the value. */
const MUTABLE_TYPES: ReadonlySet<string> = new Set([
  ...COLLECTIONS,
  "Array",
  "Partial",
  "Record",
]);

/**
 * Reports `let` at the top level, static fields that are not `readonly`, and
 * constants that hold a collection, array or object whose type lets it change.
 */
export const noModuleState: Deno.lint.Rule = {
  create(context) {
    if (sourceFolder(context.filename) === null) return {};
    const report = (node: Deno.lint.Node, what: string): void =>
      context.report({
        node,
        message: `Cannot keep ${what} in a module: it is shared mutable state`,
        hint:
          "Move it into an object that cli/ builds, or freeze its type: as const, readonly, ReadonlyMap, ReadonlySet",
      });
    const check = (statement: Deno.lint.Node | null): void => {
      if (statement?.type !== "VariableDeclaration" || statement.declare) {
        return;
      }
      for (const { id, init } of statement.declarations) {
        const name = context.sourceCode.getText(id).replace(/:[^]*$/, "");
        if (statement.kind === "let" || statement.kind === "var") {
          report(id, `\`${statement.kind} ${name}\``);
        } else if (
          init !== null && id.type === "Identifier" &&
          mayChange(init, id.typeAnnotation?.typeAnnotation)
        ) {
          report(id, `"${name}"`);
        }
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
      PropertyDefinition(node) {
        if (!node.static || node.declare) return;
        const type = node.typeAnnotation?.typeAnnotation;
        if (node.readonly && (!node.value || !mayChange(node.value, type))) {
          return;
        }
        report(node, `static "${context.sourceCode.getText(node.key)}"`);
      },
    };
  },
};

/** Whether a constant's value can be changed in place, as far as its text tells. */
function mayChange(
  value: Deno.lint.Node,
  type: Deno.lint.TypeNode | undefined,
): boolean {
  switch (value.type) {
    case "TSAsExpression":
      return !isConst(value.typeAnnotation) &&
        mayChange(value.expression, type ?? value.typeAnnotation);
    case "TSSatisfiesExpression":
      return mayChange(value.expression, type);
    case "NewExpression":
      return value.callee.type === "Identifier" &&
        COLLECTIONS.has(value.callee.name) && !isFrozen(type);
    case "ArrayExpression":
      return !isFrozen(type);
    case "ObjectExpression":
      // A named type is a contract, whose members are readonly where it matters.
      return !isFrozen(type) &&
        (value.properties.length === 0 || !isNamed(type));
    default:
      return false;
  }
}

function isConst(type: Deno.lint.TypeNode): boolean {
  return typeName(type) === "const";
}

function isFrozen(type: Deno.lint.TypeNode | undefined): boolean {
  if (type === undefined) return false;
  if (type.type === "TSTypeOperator") return type.operator === "readonly";
  if (type.type === "TSMappedType") return type.readonly === true;
  if (type.type === "TSTypeLiteral") {
    return type.members.every((member) =>
      !("readonly" in member) || member.readonly
    );
  }
  return typeName(type)?.startsWith("Readonly") ?? false;
}

function isNamed(type: Deno.lint.TypeNode | undefined): boolean {
  const name = type === undefined ? null : typeName(type);
  return name !== null && !MUTABLE_TYPES.has(name);
}

function typeName(type: Deno.lint.TypeNode): string | null {
  if (type.type !== "TSTypeReference") return null;
  return type.typeName.type === "Identifier" ? type.typeName.name : "";
}
