import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  estimateTokens,
  estimateTokensOfLength,
  TokenCorrection,
  TokenCounter,
  tokenFamilyOf,
} from "../../src/support/token_estimate.ts";

Deno.test("estimateTokens() weighs each class of characters", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["", 0],
    // Two words of five letters: 2 x 1.03 = 2.06.
    ["hello world", 3],
    // One word of 20,000: 1.03 + 19,994 x 0.03 = 600.85.
    ["a".repeat(20_000), 601],
    // Seven digits are three groups: 3 x 1.67 = 5.01.
    ["1234567", 6],
    // Humps get, Http, Server: 3 x 1.03 = 3.09.
    ["getHttpServer", 4],
    // Break 1.77, four blanks 1.81, word 1.03, run of punctuation 0.64.
    ["\n    end);", 6],
    // 10 x 0.79.
    ["汉".repeat(10), 8],
    // 10 x 0.70, exactly.
    ["か".repeat(10), 7],
    // 4 x 0.75, exactly.
    ["한".repeat(4), 3],
    // Two UTF-16 units: 1.44.
    ["😀", 2],
  ];
  for (const [text, tokens] of cases) {
    assertEquals(estimateTokens(text), tokens, text.slice(0, 20));
  }
});

Deno.test("estimateTokens() counts more for Claude", () => {
  // 10 x 1.10 = 11; 100 words x 1.133 = 113.3.
  assertEquals(estimateTokens("汉".repeat(10), "claude"), 11);
  assertEquals(estimateTokens("word ".repeat(100), "claude"), 114);
});

Deno.test("TokenCounter counts the same wherever the text is cut", () => {
  fc.assert(fc.property(
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.nat(60),
    fc.nat(60),
    (text, left, right) => {
      const cuts = [left, right].sort((one, other) => one - other);
      const counter = new TokenCounter();
      counter.push(text.slice(0, cuts[0]));
      assert(counter.tokens >= 0);
      counter.push(text.slice(cuts[0], cuts[1]));
      counter.push(text.slice(cuts[1]));
      assertEquals(counter.tokens, estimateTokens(text));
    },
  ));
});

Deno.test("estimateTokensOfLength() takes a quarter of the units", () => {
  assertEquals(estimateTokensOfLength(401), 101);
});

Deno.test("tokenFamilyOf() knows Claude behind any prefix", () => {
  assertEquals(tokenFamilyOf("us.anthropic.Claude-opus-5-v1:0"), "claude");
  assertEquals(tokenFamilyOf("gpt-6-sol"), "default");
});

Deno.test("TokenCorrection learns towards what models report", () => {
  const correction = new TokenCorrection();
  assertEquals(correction.correct("m", 100), 100);
  correction.learn("m", 100, 150);
  assertEquals(correction.ratioOf("m"), 1.5);
  // 1.5 + (1 - 1.5) x 0.1.
  correction.learn("m", 100, 100);
  assertEquals(correction.ratioOf("m"), 1.45);
  assertEquals(correction.correct("m", 100), 145);
  assertEquals(correction.ratioOf("other"), 1);
});

Deno.test("TokenCorrection ignores what says nothing of the vocabulary", () => {
  const correction = new TokenCorrection();
  correction.learn("m", 10, 30);
  correction.learn("m", 100, 0);
  correction.learn("m", 100, 900);
  correction.learn("m", 100, NaN);
  assertEquals(correction.ratioOf("m"), 1);
});

Deno.test("TokenCorrection keeps a bounded number of keys", () => {
  const correction = new TokenCorrection(2);
  correction.learn("a", 100, 200);
  correction.learn("b", 100, 200);
  correction.learn("a", 100, 200);
  correction.learn("c", 100, 200);
  assertEquals(["a", "b", "c"].map((key) => correction.ratioOf(key)), [
    2,
    1,
    2,
  ]);
});
