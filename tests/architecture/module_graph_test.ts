import { assertEquals } from "@std/assert";
import {
  findCycle,
  importsOf,
  listFiles,
  reachedFrom,
  readGraph,
} from "./module_graph.ts";

Deno.test("importsOf() finds static, type, re-exported, bare and dynamic imports", () => {
  const source = [
    'import { a,\n  b } from "./one.ts";',
    'import type { C } from "../exchange/two.ts";',
    'export { d } from "./three.ts";',
    'import "./four.ts";',
    'import { z } from "zod";',
    'const five = await import("./five.ts");',
    'export const text = "from ./six.ts";',
  ].join("\n");
  assertEquals(importsOf("src/http/a.ts", source), [
    "src/http/one.ts",
    "src/exchange/two.ts",
    "src/http/three.ts",
    "src/http/four.ts",
    "src/http/five.ts",
  ]);
});

Deno.test("findCycle() names the files that import each other", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", []],
    ["d", ["b"]],
  ]);
  assertEquals(findCycle(graph), ["b", "d", "b"]);
});

Deno.test("findCycle() accepts two ways to one file", () => {
  const graph = new Map([["a", ["b", "c"]], ["b", ["d"]], ["c", ["d"]]]);
  assertEquals(findCycle(graph), null);
});

Deno.test("src/ has no import cycles", async () => {
  const graph = await readGraph(await listFiles("src", ".ts"));
  assertEquals(findCycle(graph)?.join(" -> ") ?? "none", "none");
});

Deno.test("every file of src/ is reached from a test", async () => {
  const tests = await listFiles("tests", ".ts");
  const sources = (await listFiles("src", ".ts"))
    .filter((path) => !path.endsWith(".d.ts"));
  const graph = await readGraph([...tests, ...sources, "main.ts"]);
  const starts = tests.filter((path) => path.endsWith("_test.ts"));
  const reached = reachedFrom(graph, [...starts, "main.ts"]);
  const forgotten = sources.filter((path) => !reached.has(path));
  assertEquals(forgotten, []);
});
