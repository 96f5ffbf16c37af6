// A minute of chaos: 64 clients, three targets that fail at random.

import { assert } from "@std/assert";
import { runChaos } from "../e2e/chaos/run_chaos.ts";
import { tell } from "./load.ts";

const RUN_MS = 60_000;

Deno.test("a minute of chaos adds up to the last request", async () => {
  const end = performance.now() + RUN_MS;
  const { asked, complete, refused, broken, resets, ledger } = await runChaos(
    64,
    () => performance.now() < end,
  );
  tell(
    "chaos",
    `${asked} asked, ${complete} complete, ${refused} refused, ${broken} broken, ${ledger.failovers} failovers, ${resets} resets`,
  );
  assert(complete > asked / 2);
  assert(broken > 0 && resets > 0 && ledger.failovers > 0);
});
