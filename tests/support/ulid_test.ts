import { assert, assertEquals, assertMatch } from "@std/assert";
import { isUlid, UlidSource, ulidTimeMs } from "../../src/support/ulid.ts";

Deno.test("UlidSource makes lower-case ULIDs that carry their time", () => {
  const id = new UlidSource({ now: () => 1_795_212_123_456 }).next();
  assertMatch(id, /^[0-9a-hjkmnp-tv-z]{26}$/);
  assert(isUlid(id));
  assertEquals(ulidTimeMs(id), 1_795_212_123_456);
});

Deno.test("UlidSource rises strictly within a millisecond and when the clock goes back", () => {
  let now = 1_000_000;
  const source = new UlidSource({ now: () => now });
  let last = source.next();
  for (let count = 0; count < 20_000; count++) {
    if (count % 1000 === 0) now += count % 2000 === 0 ? 3 : -2;
    const id = source.next();
    assert(id > last, `${id} does not follow ${last}`);
    last = id;
  }
});

Deno.test("UlidSource borrows the next millisecond when a sequence is used up", () => {
  const source = new UlidSource({
    now: () => 5,
    fillRandom: (words) => void words.fill(0xffff),
  });
  let last = source.next();
  for (let count = 0; count < 600_000; count++) {
    const id = source.next();
    if (id <= last) throw new Error(`${id} does not follow ${last}`);
    last = id;
  }
  assertEquals(ulidTimeMs(last), 6);
});

Deno.test("UlidSource repeats nothing over many pools, and its tail is not predictable", () => {
  const source = new UlidSource({ now: () => 7 });
  const tails = new Set<string>();
  for (let count = 0; count < 50_000; count++) {
    tails.add(source.next().slice(14));
  }
  assertEquals(tails.size, 50_000);
});

Deno.test("isUlid() refuses what a source never makes", () => {
  for (
    const text of [
      "",
      "01ARZ3NDEKTSV4RRFFQ69G5FAV",
      "01arz3ndektsv4rrffq69g5fai",
      "8zzzzzzzzzzzzzzzzzzzzzzzzz",
    ]
  ) {
    assertEquals(isUlid(text), false);
  }
});
