import { assertEquals } from "@std/assert";
import { IsoTime, SYSTEM_CLOCK } from "../../src/support/clock.ts";

Deno.test("IsoTime.format() writes what Date.toISOString() writes", () => {
  const iso = new IsoTime();
  for (
    const ms of [
      0,
      1,
      999,
      1000,
      1_795_212_123_007,
      1_795_212_123_070,
      1_795_212_123_700,
      4,
      -1,
    ]
  ) {
    assertEquals(iso.format(ms), new Date(ms).toISOString());
  }
});

Deno.test("SYSTEM_CLOCK forgets a cancelled timer", async () => {
  const fired: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = SYSTEM_CLOCK.setTimer(() => fired.push("cancelled"), 0);
  cancel();
  SYSTEM_CLOCK.setTimer(() => {
    fired.push("kept");
    resolve();
  }, 1);
  await promise;
  assertEquals(fired, ["kept"]);
});
