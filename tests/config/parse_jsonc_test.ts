/** Text is read, and every value is found again. @module */

import { assertEquals } from "@std/assert";
import { parseJsonc } from "../../src/config/parse_jsonc.ts";
import { formatPath } from "../../src/config/problem.ts";

Deno.test("parseJsonc() knows the line and column of each value", () => {
  const { positionOf, problems } = parseJsonc(
    '{ // "a": {\n  "a": { "b c": [1, { "d": "x // y" }] }, /* "e":\n */ "e": null,\n}',
  );
  assertEquals(problems, []);
  const places = [
    [[], { line: 1, column: 1 }],
    [["a"], { line: 2, column: 8 }],
    [["a", "b c", 0], { line: 2, column: 18 }],
    [["a", "b c", 1, "d"], { line: 2, column: 28 }],
    [["e"], { line: 3, column: 10 }],
    // What is absent is looked for at its nearest parent.
    [["a", "nope", "deeper"], { line: 2, column: 8 }],
  ] as const;
  for (const [path, expected] of places) {
    assertEquals(positionOf(path), expected, formatPath(path));
  }
});

Deno.test("parseJsonc() reports a key that is given twice once, at its second place", () => {
  const { problems } = parseJsonc('{ "a": { "b": 1,\n "b": 2 }, "b": 3 }');
  assertEquals(
    problems.map(({ path, position }) => [path, position]),
    [["a.b", { line: 2, column: 2 }]],
  );
});

Deno.test("parseJsonc() says where a broken text breaks, without showing quoted text", () => {
  const cases = [
    ['{ "a": 1 "hidden" }', "unexpected text in quotes at line 1, column 10"],
    ['{ "a": 1,, }', 'unexpected "," at line 1, column 10'],
    ['{ "a": [1, }', 'unexpected "}" at line 1, column 12'],
    ['{ "a": /* ', "the file ends too early at line 1, column 10"],
    ["", "the file ends too early at line 1, column 1"],
    ["// only a comment", "the file ends too early at line 1, column 18"],
  ] as const;
  for (const [text, expected] of cases) {
    assertEquals(
      parseJsonc(text).problems.map(({ problem }) => problem),
      [expected],
      text,
    );
  }
});

Deno.test("formatPath() quotes names that would read as several", () => {
  assertEquals(
    formatPath(["pricing", "models", "a/b.c", "tiers", 0, "above"]),
    'pricing.models["a/b.c"].tiers[0].above',
  );
  assertEquals(formatPath(["a b"]), '["a b"]');
  assertEquals(formatPath([]), "");
});
