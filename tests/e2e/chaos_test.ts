/** A gateway in chaos, for seconds; `tests/soak/` has the minute. @module */

import { assert } from "@std/assert";
import { runChaos } from "./chaos/run_chaos.ts";

Deno.test("every client of a gateway whose targets fail at random gets one whole answer or a correct error", async () => {
  const { complete, broken, resets, ledger } = await runChaos(
    64,
    (asked) => asked < 640,
  );
  // The run was one: every kind of trouble was there, and much was made good.
  assert(complete > 160, `${complete} complete answers`);
  assert(broken > 0, "streams broke after their first content");
  assert(resets > 0, "connections were reset");
  assert(ledger.failovers > 20, `${ledger.failovers} failovers`);
});
