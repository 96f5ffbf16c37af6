import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decimalText,
  divideHalfEven,
  picoOfUsd,
  scaledDecimal,
  scaledValue,
  usdText,
} from "../../src/support/decimal.ts";

Deno.test("scaledDecimal() reads what price files hold", () => {
  const cases: readonly (readonly [string, number, bigint, boolean])[] = [
    ["0.075", 6, 75_000n, true],
    ["0", 6, 0n, true],
    ["1.25e-06", 12, 1_250_000n, true],
    ["5E-7", 12, 500_000n, true],
    [".5", 1, 5n, true],
    ["2.", 0, 2n, true],
    ["1e3", 0, 1000n, true],
    // Half goes to the even neighbour.
    ["0.0000005", 6, 0n, false],
    ["0.0000015", 6, 2n, false],
    ["0.00000050000000000000001", 6, 1n, false],
    // Float dust of a price list.
    ["0.00000100000000000000015", 12, 1_000_000n, false],
  ];
  for (const [text, scale, value, exact] of cases) {
    assertEquals(scaledDecimal(text, scale), { value, exact }, text);
  }
});

Deno.test("scaledDecimal() refuses what is no decimal of 0 or more", () => {
  for (
    const text of ["", ".", "-1", "+1", "NaN", "1e9999", "0x1", "1 2", "1,5"]
  ) {
    assertEquals(scaledDecimal(text, 6), null, text);
  }
  assertEquals(scaledDecimal("1".repeat(500), 6), null);
  assertEquals(scaledValue(NaN, 6), null);
  assertEquals(scaledValue(-1, 6), null);
  assertEquals(scaledValue(null, 6), null);
  assertEquals(scaledValue(true, 6), null);
});

Deno.test("scaledValue() takes a number by its shortest text, not by float arithmetic", () => {
  // 1.1 * 1e6 is 1100000.0000000002 in floats.
  assertEquals(scaledValue(1.1, 6), { value: 1_100_000n, exact: true });
  assertEquals(scaledValue(2.8e-9, 12), { value: 2_800n, exact: true });
});

Deno.test("decimalText() and scaledDecimal() are each other's inverse", () => {
  fc.assert(fc.property(
    fc.bigInt({ min: 0n, max: 10n ** 30n }),
    fc.integer({ min: 1, max: 12 }),
    (value, scale) => {
      const text = decimalText(value, scale);
      assertEquals(scaledDecimal(text, scale), { value, exact: true });
    },
  ));
});

Deno.test("usdText() trims zeros and keeps the sign", () => {
  assertEquals(usdText(0n), "0");
  assertEquals(usdText(1_497_500n * 100n), "0.00014975");
  assertEquals(usdText(1_000_000_000_000n), "1");
  assertEquals(usdText(-2_500_000_000_000n), "-2.5");
  assertEquals(picoOfUsd("0.00014975"), 149_750_000n);
});

Deno.test("divideHalfEven() rounds to the nearest, ties to even", () => {
  assertEquals([5n, 6n, 15n, 25n, 14n].map((x) => divideHalfEven(x, 10n)), [
    0n,
    1n,
    2n,
    2n,
    1n,
  ]);
});
