import { assertEquals } from "@std/assert";
import {
  budgetOfEffort,
  effortOfBudget,
  EFFORTS,
} from "../../src/protocols/effort.ts";

Deno.test("budgetOfEffort() knows every effort word and no other", () => {
  assertEquals(
    EFFORTS.map(budgetOfEffort),
    [0, 512, 1024, 8192, 24_576, 32_768, 128_000],
  );
  assertEquals(budgetOfEffort("huge"), null);
});

Deno.test("effortOfBudget() gives the smallest word that holds the budget", () => {
  const cases: [number, string][] = [
    [0, "none"],
    [-1, "none"],
    [1, "low"],
    [1024, "low"],
    [1025, "medium"],
    [8192, "medium"],
    [8193, "high"],
    [24_576, "high"],
    [24_577, "xhigh"],
    [1_000_000, "xhigh"],
  ];
  for (const [tokens, effort] of cases) {
    assertEquals(effortOfBudget(tokens), effort, `${tokens}`);
  }
});

Deno.test("effortOfBudget() undoes budgetOfEffort() for the common words", () => {
  for (const effort of ["none", "low", "medium", "high", "xhigh"]) {
    assertEquals(effortOfBudget(budgetOfEffort(effort) ?? -1), effort);
  }
});
