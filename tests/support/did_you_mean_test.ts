/** The name that was meant. @module */

import { assertEquals } from "@std/assert";
import { didYouMean } from "../../src/support/did_you_mean.ts";

Deno.test("didYouMean() finds a close name and nothing far off", () => {
  const names = ["port", "host", "connectMs", "streamIdleMs"];
  const cases = [
    ["prot", "port"],
    ["Port", "port"],
    ["conectMs", "connectMs"],
    ["streamIdleMS", "streamIdleMs"],
    ["rotation", null],
    ["x", null],
    ["", null],
  ] as const;
  for (const [name, expected] of cases) {
    assertEquals(didYouMean(name, names), expected, name);
  }
});

Deno.test("didYouMean() looks at no more than the beginning of a long name", () => {
  assertEquals(didYouMean("x".repeat(1_000_000), ["port"]), null);
});
