/** The random source: spread, seeds, looking ahead. @module */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Sfc32 } from "../../src/support/random_source.ts";

function draws(random: Sfc32, count: number): number[] {
  return Array.from({ length: count }, () => random.next());
}

Deno.test("Sfc32 gives the same draws for the same seed, and others for its neighbours", () => {
  assertEquals(draws(Sfc32.seeded(5), 50), draws(Sfc32.seeded(5), 50));
  const firsts = Array.from(
    { length: 1000 },
    (_, seed) => Sfc32.seeded(seed).next(),
  );
  assertEquals(new Set(firsts).size, 1000);
  assertNotEquals(draws(Sfc32.unseeded(), 3), draws(Sfc32.unseeded(), 3));
});

Deno.test("Sfc32.next() fills [0, 1) evenly", () => {
  const random = Sfc32.seeded(8);
  const counts = new Array(10).fill(0);
  for (let draw = 0; draw < 100_000; draw++) {
    const value = random.next();
    assert(value >= 0 && value < 1);
    counts[Math.floor(value * 10)]++;
  }
  for (const count of counts) {
    assert(Math.abs(count - 10_000) < 500, `${count}`);
  }
});

Deno.test("Sfc32.clone() goes on as the original will, without moving it", () => {
  const random = Sfc32.seeded(9);
  draws(random, 7);
  const ahead = draws(random.clone(), 20);
  assertEquals(draws(random.clone(), 20), ahead);
  assertEquals(draws(random, 20), ahead);
});
