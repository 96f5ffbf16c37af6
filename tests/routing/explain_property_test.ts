/** Explaining is deciding: over generated configs, requests and readers. @module */

import { assert, assertEquals } from "@std/assert";
import type { RoutingReaders } from "../../src/routing/readers.ts";
import { Router } from "../../src/routing/router.ts";
import { RoutingState } from "../../src/routing/routing_state.ts";
import { Sfc32 } from "../../src/support/random_source.ts";
import { configOf, factsFor, performanceOf } from "./fixtures.ts";
import { Generated } from "./generated.ts";

const PLAIN = { simulator: {} };

/** Readers that say something else for every target, and change when told to. */
function moodyReaders(
  random: Sfc32,
): { readers: Partial<RoutingReaders>; change: () => void } {
  let mood = new Map<string, number>();
  const of = (id: string, what: string) => {
    const key = `${id} ${what}`;
    const known = mood.get(key) ?? random.next();
    mood.set(key, known);
    return known;
  };
  return {
    change: () => {
      mood = new Map();
    },
    readers: {
      price: ({ id }) =>
        of(id, "priced") < 0.3
          ? null
          : BigInt(Math.floor(of(id, "price") * 1e9)),
      load: ({ id }) => of(id, "loaded") < 0.3 ? null : of(id, "load"),
      quality: ({ id }) => of(id, "rated") < 0.5 ? null : of(id, "quality"),
      budgetState: () => of("", "budget") < 0.5 ? "ok" : "warn",
      performance: ({ id }) =>
        of(id, "fresh") < 0.4 ? null : performanceOf({
          requests: 10,
          answered: Math.floor(of(id, "answered") * 11),
          p50Ms: of(id, "p50") * 1000 + 1,
        }),
      health: ({ id }) =>
        of(id, "health") < 0.2
          ? {
            usable: false,
            reason: "it rests",
            retryAfterMs: Math.floor(of(id, "rest") * 1000),
            lastResort: of(id, "last") < 0.5,
            rateLimited: of(id, "limited") < 0.5,
          }
          : { usable: true, note: null },
    },
  };
}

Deno.test("Router.explain() says what Router.decide() then does, for 1,000 requests over 50 configs", () => {
  const seen = new Set<string>();
  let refused = 0;
  for (let seed = 0; seed < 50; seed++) {
    const generated = new Generated(seed);
    const config = configOf(generated.config(PLAIN));
    const { readers, change } = moodyReaders(Sfc32.seeded(seed + 1000));
    const state = new RoutingState({ random: Sfc32.seeded(seed) });
    const router = new Router(config, { state, readers });
    for (let request = 0; request < 20; request++) {
      if (request % 5 === 0) change();
      const question = generated.question();
      const explained = router.explain(factsFor(question, config));
      const again = router.explain(factsFor(question, config));
      const decision = router.decide(factsFor(question, config));
      assertEquals(decision, explained.decision);
      assertEquals(again.decision, explained.decision);
      assertEquals(
        state.notesOf(decision)?.affinity?.hit,
        explained.notes.affinity?.hit,
      );
      seen.add(decision.strategy);
      if (decision.refusal !== null) refused++;
    }
  }
  assert(seen.size >= 14, `only ${[...seen].join(" ")} were seen`);
  assert(refused > 20 && refused < 500, `${refused} were refused`);
});
