import { assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** Runs the program over one source file beside an empty main.ts. */
async function docLint(
  source: string,
): Promise<{ code: number; text: string }> {
  const folder = await Deno.makeTempDir();
  try {
    const { imports } = JSON.parse(
      await Deno.readTextFile(`${ROOT}deno.json`),
    ) as { imports: unknown };
    await Deno.mkdir(`${folder}/src/config`, { recursive: true });
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({ imports, lock: false }),
    );
    await Deno.writeTextFile(`${folder}/main.ts`, "");
    await Deno.writeTextFile(`${folder}/src/config/a.ts`, source);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${ROOT}tests/lint/doc_lint.ts`, folder],
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("doc_lint.ts accepts documented exports and schemas of a package", async () => {
  const { code, text } = await docLint(`
import { z } from "zod";
/** A number of the file. */
export type NumberField = z.ZodDefault<z.ZodNumber>;
/** The section. */
export const sectionSchema = z.object({ a: z.number() });
/** What it holds. */
export type Section = z.output<typeof sectionSchema>;
/** Adds one. */
export function next(value: number): number {
  return value + 1;
}
`);
  assertEquals(code, 0, text);
});

Deno.test("doc_lint.ts refuses exports without documentation", async () => {
  const { code, text } = await docLint("export function next(): void {}\n");
  assertEquals(code, 1, text);
  assertStringIncludes(text, "missing-jsdoc");
  assertStringIncludes(text, "src/config/a.ts:1:1");
});

Deno.test("doc_lint.ts refuses inferred types outside schemas and private types of the program", async () => {
  const { code, text } = await docLint(`
type Hidden = number;
/** Says a number. */
export function next(): Hidden {
  return 1;
}
/** A constant. */
export const sum = next() + 1;
`);
  assertEquals(code, 1, text);
  assertStringIncludes(text, "private-type-ref");
  assertStringIncludes(text, "missing-explicit-type");
  assertStringIncludes(text, "2 to mend");
});

Deno.test("doc_lint.ts says why where the program cannot be read", async () => {
  const { code, text } = await docLint("export function next( {\n");
  assertEquals(code, 1, text);
  assertStringIncludes(text, "src/config/a.ts");
});
