/** Patterns with `*`. @module */

import { assertEquals } from "@std/assert";
import { matchesWildcard } from "../../src/support/wildcard.ts";

Deno.test("matchesWildcard() takes * for any text and everything else as it is", () => {
  const cases = [
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["*", "a/b", true],
    ["a", "a", true],
    ["a", "A", false],
    ["a*", "abc", true],
    ["*c", "abc", true],
    ["*b", "abc", false],
    ["a*c", "ac", true],
    ["claude-*haiku*", "claude-3-5-haiku-latest", true],
    ["claude-*haiku*", "claude-3-opus", false],
    ["*a*b*", "xxaxxbxx", true],
    ["*ab", "aab", true],
    ["a.c", "abc", false],
    ["gpt-4", "gpt-4.1", false],
  ] as const;
  for (const [pattern, text, expected] of cases) {
    assertEquals(
      matchesWildcard(pattern, text),
      expected,
      `${pattern} ${text}`,
    );
  }
});

Deno.test("matchesWildcard() ends soon on hostile patterns", () => {
  const pattern = `${"*a".repeat(200)}b`;
  assertEquals(matchesWildcard(pattern, "a".repeat(10_000)), false);
});
