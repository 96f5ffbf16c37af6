import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../src/simulator/seeded_random.ts";
import {
  cutAtStop,
  fixedPieces,
  jsonPieces,
  seededPieces,
  wordPieces,
} from "../../src/simulator/text.ts";

Deno.test("wordPieces() joins to the same text, whatever the blanks", () => {
  const texts = ["", " ", "a", "  a  b\n\nc \n", `${"x".repeat(99)} y`, "日本"];
  for (const text of [...texts, "a" + " ".repeat(200_000)]) {
    assertEquals(wordPieces(text).join(""), text);
  }
  assertEquals(wordPieces("one two\nthree "), ["one", " two", "\nthree", " "]);
});

Deno.test("fixedPieces() and jsonPieces() never cut a surrogate pair", () => {
  const text = "😀".repeat(20);
  for (
    const pieces of [
      fixedPieces(text, 3),
      jsonPieces(text, new SeededRandom("x")),
    ]
  ) {
    assertEquals(pieces.join(""), text);
    assertEquals(pieces.every((piece) => piece.isWellFormed()), true);
  }
});

Deno.test("seededPieces() gives as many pieces as asked for", () => {
  for (const count of [0, 1, 2, 50]) {
    const pieces = seededPieces(new SeededRandom("x"), count);
    assertEquals(pieces.length, count);
    assertEquals(wordPieces(pieces.join("")).length, count);
  }
});

Deno.test("cutAtStop() ends before the first stop sequence, also across pieces", () => {
  const pieces = ["ab", "cd", "ef"];
  assertEquals(cutAtStop(pieces, []), { pieces, stop: null });
  assertEquals(cutAtStop(pieces, ["x"]), { pieces, stop: null });
  assertEquals(cutAtStop(pieces, ["ef", "bc"]), { pieces: ["a"], stop: "bc" });
  assertEquals(cutAtStop(pieces, ["ab"]), { pieces: [], stop: "ab" });
  assertEquals(cutAtStop(pieces, ["cd", ""]), { pieces: ["ab"], stop: "cd" });
});
