/** Tells a reference to a global from a local name and from a mere property. @module */

/** Whether an identifier is a value reference to a global: neither a property, a type, nor bound in the file. */
export function isGlobalReference(
  node: Deno.lint.Identifier,
  ancestors: readonly Deno.lint.Node[],
): boolean {
  return isValueReference(node) &&
    !ancestors.some((ancestor) => binds(ancestor, node.name));
}

function isValueReference(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed;
    case "Property":
      return parent.value === node || parent.computed;
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.key !== node || parent.computed;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "ExportSpecifier":
    case "MetaProperty":
      return false;
    case "TSAsExpression":
    case "TSNonNullExpression":
    case "TSSatisfiesExpression":
    case "TSTypeAssertion":
      return true;
    default:
      return !parent.type.startsWith("TS");
  }
}

/** Whether a node that is around an identifier gives that name a local meaning. */
function binds(node: Deno.lint.Node, name: string): boolean {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return node.params.some((parameter) => patternBinds(parameter, name)) ||
        (node.type !== "ArrowFunctionExpression" && node.id?.name === name);
    case "ClassDeclaration":
    case "ClassExpression":
      return node.id?.name === name;
    case "CatchClause":
      return patternBinds(node.param, name);
    case "ForStatement":
      return statementBinds(node.init, name);
    case "ForInStatement":
    case "ForOfStatement":
      return statementBinds(node.left, name);
    case "Program":
    case "BlockStatement":
    case "StaticBlock":
      return node.body.some((statement) => statementBinds(statement, name));
    case "SwitchCase":
      return node.consequent.some((statement) =>
        statementBinds(statement, name)
      );
    default:
      return false;
  }
}

function statementBinds(node: Deno.lint.Node | null, name: string): boolean {
  switch (node?.type) {
    case "ExportNamedDeclaration":
      return statementBinds(node.declaration, name);
    case "VariableDeclaration":
      return node.declarations.some(({ id }) => patternBinds(id, name));
    case "FunctionDeclaration":
    case "TSDeclareFunction":
    case "ClassDeclaration":
      return node.id?.name === name;
    case "ImportDeclaration":
      return node.specifiers.some(({ local }) => local.name === name);
    default:
      return false;
  }
}

function patternBinds(
  node: Deno.lint.Node | Deno.lint.Parameter | null | undefined,
  name: string,
): boolean {
  switch (node?.type) {
    case "Identifier":
      return node.name === name;
    case "AssignmentPattern":
      return patternBinds(node.left, name);
    case "RestElement":
      return patternBinds(node.argument, name);
    case "ArrayPattern":
      return node.elements.some((element) => patternBinds(element, name));
    case "ObjectPattern":
      return node.properties.some((property) =>
        patternBinds(
          property.type === "Property" ? property.value : property,
          name,
        )
      );
    case "TSParameterProperty":
      return patternBinds(node.parameter, name);
    default:
      return false;
  }
}
