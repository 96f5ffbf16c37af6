import { assertEquals } from "@std/assert";
import { MAY_IMPORT } from "../lint/rules/import_direction.ts";
import { ROOT } from "./module_graph.ts";

Deno.test("src/README.md shows the import table that the lint rule enforces", async () => {
  const text = await Deno.readTextFile(`${ROOT}src/README.md`);
  const shown: [string, string[]][] = [];
  for (const line of text.split("\n")) {
    const cells = /^\| (`.*`) +\| (.*) \|$/.exec(line);
    if (cells === null) continue;
    const above = shown.map(([folder]) => folder);
    const allowed = cells[2]?.startsWith("all of the above")
      ? above
      : names(cells[2] ?? "");
    for (const folder of names(cells[1] ?? "")) {
      shown.push([folder, [...allowed].sort()]);
    }
  }
  const enforced = [...MAY_IMPORT].filter(([folder]) => folder !== "main")
    .map(([folder, allowed]): [string, string[]] => [
      folder,
      [...allowed].sort(),
    ]);
  assertEquals(shown.sort(), enforced.sort());
});

function names(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? "");
}
