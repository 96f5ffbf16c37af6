/** Names with `*` for any text. @module */

/** Compiles a pattern; without `*` it is the name itself. */
export function compileGlob(pattern: string): (text: string) => boolean {
  if (!pattern.includes("*")) return (text) => text === pattern;
  const source = pattern.split("*").map(escape).join(".*");
  const expression = new RegExp(`^${source}$`, "s");
  return (text) => expression.test(text);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
