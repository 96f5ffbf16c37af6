/** The house lint rules. @module */

const plugin: Deno.lint.Plugin = { name: "house", rules: {} };

// A lint plugin must be the default export.
export default plugin;
