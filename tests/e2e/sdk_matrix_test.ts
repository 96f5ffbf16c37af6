/**
 * The official clients through all nine pairs of protocols: a gateway whose
 * providers speak one protocol each, in front of a gateway with the simulator.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { PROTOCOLS, startChain } from "./chain.ts";
import { LOOPS } from "./tool_loops.ts";

for (const from of PROTOCOLS) {
  for (const to of PROTOCOLS) {
    for (const streamed of [false, true]) {
      Deno.test(`${from} to ${to}: a tool loop with two tools in parallel, ${streamed ? "streamed" : "whole"}`, async () => {
        await using chain = await startChain();
        const loop = await LOOPS[from](
          chain.url,
          `${to}-only/sim-model`,
          streamed,
        );
        assertEquals(loop.called.sort(), ["get_time", "get_weather"]);
        assertStringIncludes(loop.text, "sunny-23-degrees");
        assertStringIncludes(loop.text, "noon-exactly");
      });
    }
  }
}
