/** Selectors: the shared suite over each, and what each one prefers. @module */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertStringIncludes,
} from "@std/assert";
import { SELECTOR_NAMES } from "../../src/config/schema/models.ts";
import type { TargetPerformance } from "../../src/providers/window.ts";
import type { BudgetState, RoutingReaders } from "../../src/routing/readers.ts";
import type { Selector } from "../../src/routing/selector.ts";
import { SELECTORS } from "../../src/routing/selectors.ts";
import { Sfc32 } from "../../src/support/random_source.ts";
import {
  candidates,
  contextOf,
  testSelector,
} from "../conformance/selector_suite.ts";
import { performanceOf } from "./fixtures.ts";

for (const name of SELECTOR_NAMES) testSelector(name, SELECTORS[name]);

type Known = Record<string, TargetPerformance>;

/** Readers over what is known by target id. */
function readersOf(
  known: Known,
  prices: Record<string, bigint> = {},
): Partial<RoutingReaders> {
  return {
    performance: ({ id }) => known[id] ?? null,
    price: ({ id }) => prices[id] ?? null,
  };
}

/** The order of a selector that does not explore. */
function orderOf(
  select: Selector,
  count: number,
  readers: Partial<RoutingReaders>,
  stream = false,
): string[] {
  const context = contextOf({ readers, stream, explorationRate: 0 });
  return select(candidates(count), context).map(({ target }) => target.id);
}

/** How often each target leads over `rounds` decisions. */
function leads(
  select: Selector,
  rounds: number,
  given: {
    readonly weights?: readonly number[];
    readonly count?: number;
    readonly readers?: Partial<RoutingReaders>;
    readonly explorationRate?: number;
  },
): Record<string, number> {
  const { weights = [], count = weights.length, ...rest } = given;
  const targets = candidates(count, weights);
  const context = contextOf({ random: Sfc32.seeded(99), ...rest });
  const counts: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const id = select(targets, context)[0]?.target.id ?? "";
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

function within(
  count: number | undefined,
  share: number,
  rounds: number,
): void {
  assertAlmostEquals((count ?? 0) / rounds, share, 0.01);
}

Deno.test("weighted draws targets by their share, within 1 % over 100,000 draws", () => {
  const rounds = 100_000;
  const counts = leads(SELECTORS.weighted, rounds, {
    weights: [3, 1, 0, 0.5, 5.5],
  });
  [0.3, 0.1, 0, 0.05, 0.55].forEach((share, index) =>
    within(counts[`p${index}/m`], share, rounds)
  );
  assertEquals(counts["p2/m"], undefined);
});

Deno.test("weighted draws the places after the first by the shares that are left", () => {
  const targets = candidates(3, [8, 1, 1]);
  const context = contextOf({ random: Sfc32.seeded(4) });
  let second = 0;
  for (let round = 0; round < 20_000; round++) {
    const ranked = SELECTORS.weighted(targets, context);
    if (ranked[1]?.target.id === "p1/m") second++;
  }
  // 0.8 x 1/2 after p0, 0.1 x 1/9 after p2.
  assertAlmostEquals(second / 20_000, 0.8 * 0.5 + 0.1 / 9, 0.01);
});

Deno.test("weighted calls a target of weight 0 only when nothing else is left", () => {
  const ranked = SELECTORS.weighted(candidates(3, [0, 1, 0]), contextOf());
  assertEquals(ranked.map(({ target }) => target.id), [
    "p1/m",
    "p0/m",
    "p2/m",
  ]);
  const counts = leads(SELECTORS.weighted, 1000, { weights: [0, 0] });
  assert((counts["p0/m"] ?? 0) > 400 && (counts["p1/m"] ?? 0) > 400);
});

Deno.test("weighted does not lose tiny weights beside large ones", () => {
  const counts = leads(SELECTORS.weighted, 20_000, {
    weights: [1e-9, 1e-9, 2e-9],
  });
  assertAlmostEquals((counts["p2/m"] ?? 0) / 20_000, 0.5, 0.02);
});

Deno.test("random makes every target lead as often, whatever its weight", () => {
  const rounds = 100_000;
  const counts = leads(SELECTORS.random, rounds, { weights: [9, 1, 0, 5] });
  for (const count of Object.values(counts)) within(count, 0.25, rounds);
  assertEquals(Object.keys(counts).length, 4);
});

Deno.test("in_order keeps the order, with scores that fall by a tenth", () => {
  const ranked = SELECTORS.in_order(candidates(12), contextOf());
  assertEquals(ranked.map(({ target }) => target.id)[11], "p11/m");
  assertEquals(ranked.slice(0, 3).map(({ score }) => score), [1, 0.9, 0.8]);
  assertEquals(ranked[11]?.score, 0);
});

Deno.test("round_robin gives each its turns in every round, evenly spread", () => {
  const context = contextOf();
  const targets = candidates(3, [5, 1, 1]);
  const order = Array.from(
    { length: 14 },
    () => SELECTORS.round_robin(targets, context)[0]?.target.id[1],
  ).join("");
  assertEquals(order, "00102000010200");
});

Deno.test("round_robin starves nobody while targets come and go", () => {
  const context = contextOf();
  const all = candidates(5, [1, 2, 3, 4, 0]);
  const draw = Sfc32.seeded(6);
  const waits = new Map<string, number>();
  for (let round = 0; round < 5000; round++) {
    const targets = all.filter(({ target }) =>
      target.id === "p0/m" || draw.next() < 0.7
    );
    const first = SELECTORS.round_robin(targets, context)[0]?.target.id;
    for (const { target, weight } of targets) {
      const wait = target.id === first ? 0 : (waits.get(target.id) ?? 0) + 1;
      waits.set(target.id, wait);
      assert(weight === 0 || wait <= 20, `${target.id} waited ${wait}`);
    }
  }
  assert(context.turns.size <= 5);
});

Deno.test("round_robin keeps a bounded memory of targets that went", () => {
  const turns = new Map<string, number>();
  const context = contextOf({ turns });
  for (let round = 0; round < 2000; round++) {
    const [one] = candidates(1);
    if (one === undefined) continue;
    const target = { ...one.target, id: `head/${round}` };
    SELECTORS.round_robin([{ ...one, target }], context);
  }
  assert(turns.size < 200, `${turns.size} are remembered`);
});

Deno.test("latency ranks by the median of answers, for streams by that of first contents", () => {
  const known = {
    "p0/m": performanceOf({ p50Ms: 300, firstContentP50Ms: 200 }),
    "p1/m": performanceOf({ p50Ms: 900, firstContentP50Ms: 50 }),
    "p2/m": performanceOf({ p50Ms: 500, firstContentP50Ms: null }),
  };
  const readers = readersOf(known);
  assertEquals(orderOf(SELECTORS.latency, 3, readers), [
    "p0/m",
    "p2/m",
    "p1/m",
  ]);
  assertEquals(orderOf(SELECTORS.latency, 3, readers, true), [
    "p1/m",
    "p0/m",
    "p2/m",
  ]);
});

Deno.test("latency does not find a target fast that fails fast", () => {
  const known = {
    "p0/m": performanceOf({ requests: 20, answered: 1, p50Ms: 10 }),
    "p1/m": performanceOf({ p50Ms: 90 }),
    "p2/m": performanceOf({ requests: 5, answered: 0 }),
  };
  assertEquals(orderOf(SELECTORS.latency, 3, readersOf(known)), [
    "p1/m",
    "p0/m",
    "p2/m",
  ]);
});

Deno.test("cost ranks by price over the share of answers, unpriced targets last", () => {
  const known = { "p2/m": performanceOf({ requests: 19, answered: 1 }) };
  const readers = readersOf(known, {
    "p0/m": 3_000_000n,
    "p2/m": 1_000_000n,
    "p3/m": 2_000_000n,
  });
  const order = orderOf(SELECTORS.cost, 4, readers);
  assertEquals(order, ["p3/m", "p0/m", "p2/m", "p1/m"]);
});

Deno.test("cost draws while no target is priced", () => {
  const counts = leads(SELECTORS.cost, 3000, { count: 3 });
  for (const count of Object.values(counts)) {
    assertAlmostEquals(count / 3000, 1 / 3, 0.05);
  }
});

Deno.test("cost takes of two free targets the one that answers", () => {
  const readers = readersOf(
    { "p0/m": performanceOf({ requests: 9, answered: 0 }) },
    { "p0/m": 0n, "p1/m": 0n },
  );
  assertEquals(orderOf(SELECTORS.cost, 2, readers), ["p1/m", "p0/m"]);
});

Deno.test("performance ranks by tokens per second over latency and cost, free targets with a floor", () => {
  const known = {
    "p0/m": performanceOf({ tokensPerSecond: 100, p50Ms: 1000, costPer1M: 1 }),
    "p1/m": performanceOf({ tokensPerSecond: 10, p50Ms: 1000, costPer1M: 0 }),
    "p2/m": performanceOf({
      tokensPerSecond: 100,
      p50Ms: 1000,
      costPer1M: null,
    }),
    "p3/m": performanceOf({ tokensPerSecond: 100, p50Ms: 1000, costPer1M: 2 }),
  };
  const context = contextOf({ readers: readersOf(known), explorationRate: 0 });
  const ranked = SELECTORS.performance(candidates(4), context);
  assertEquals(
    ranked.map(({ target }) => target.id),
    ["p1/m", "p0/m", "p2/m", "p3/m"],
  );
  // The floor of 0.01 USD; the unpriced one as dear as the dearest.
  assertAlmostEquals(ranked[0]?.score ?? 0, 1000 * 1, 200);
  assertEquals(ranked[2]?.score, ranked[3]?.score);
  assertStringIncludes(ranked[2]?.reason ?? "", "unpriced");
});

Deno.test("performance finds no failing target good, and scores nobody below the least number of samples", () => {
  const known = {
    "p0/m": performanceOf({ requests: 2, tokensPerSecond: 900 }),
    "p1/m": performanceOf({ requests: 40, answered: 2, tokensPerSecond: 200 }),
    "p2/m": performanceOf({ requests: 40, tokensPerSecond: 50 }),
    "p3/m": performanceOf({ requests: 40, answered: 0 }),
  };
  assertEquals(orderOf(SELECTORS.performance, 4, readersOf(known)), [
    "p2/m",
    "p1/m",
    "p3/m",
    "p0/m",
  ]);
});

for (const name of ["latency", "performance", "cost_aware"] as const) {
  Deno.test(`${name} sends the exploration rate to targets without fresh data, and only that`, () => {
    const rounds = 100_000;
    const known = { "p0/m": performanceOf(), "p1/m": performanceOf() };
    const counts = leads(SELECTORS[name], rounds, {
      count: 4,
      readers: { ...readersOf(known), quality: ({ id }) => id < "p2" ? 1 : 0 },
      explorationRate: 0.1,
    });
    within(counts["p2/m"], 0.05, rounds);
    within(counts["p3/m"], 0.05, rounds);
    const none = leads(SELECTORS[name], 1000, {
      count: 2,
      readers: readersOf(known),
      explorationRate: 1,
    });
    assertEquals((none["p0/m"] ?? 0) + (none["p1/m"] ?? 0), 1000);
  });
}

for (const name of ["latency", "performance"] as const) {
  Deno.test(`${name} draws while nothing is known`, () => {
    const counts = leads(SELECTORS[name], 4000, { count: 4 });
    for (const count of Object.values(counts)) {
      assertAlmostEquals(count / 4000, 0.25, 0.05);
    }
    assertEquals(Object.keys(counts).length, 4);
  });
}

Deno.test("usage prefers the target that used fewest tokens, and does not take failing for idle", () => {
  const known = {
    "p0/m": performanceOf({ requests: 10, tokens: 5000 }),
    "p1/m": performanceOf({ requests: 10, tokens: 900 }),
    "p2/m": performanceOf({ requests: 40, answered: 0, tokens: 0 }),
  };
  assertEquals(orderOf(SELECTORS.usage, 4, readersOf(known)), [
    "p3/m",
    "p1/m",
    "p0/m",
    "p2/m",
  ]);
});

Deno.test("cost_aware lets the cost weigh more as the budget runs out", () => {
  // p0: good and slow to pay for, p1: cheap and poor.
  const readers = (state: BudgetState): Partial<RoutingReaders> => ({
    ...readersOf({ "p0/m": performanceOf(), "p1/m": performanceOf() }, {
      "p0/m": 100_000_000n,
      "p1/m": 10_000_000n,
    }),
    quality: ({ id }) => id === "p0/m" ? 1 : 0.1,
    budgetState: () => state,
  });
  assertEquals(orderOf(SELECTORS.cost_aware, 2, readers("ok"))[0], "p0/m");
  assertEquals(
    orderOf(SELECTORS.cost_aware, 2, readers("critical"))[0],
    "p1/m",
  );
});

Deno.test("cost_aware scores are shares of 1 in every state of the budget", () => {
  for (const state of ["ok", "warn", "critical"] as const) {
    const readers: Partial<RoutingReaders> = {
      ...readersOf({ "p0/m": performanceOf({ requests: 1e9 }) }, {
        "p0/m": 5_000_000n,
      }),
      quality: () => 1,
      budgetState: () => state,
    };
    const [best] = SELECTORS.cost_aware(candidates(1), contextOf({ readers }));
    assertAlmostEquals(best?.score ?? 0, 1, 1e-6);
    assertStringIncludes(best?.reason ?? "", `the budget ${state}`);
  }
});

Deno.test("cost_aware tells prices above ten cents apart", () => {
  const readers = readersOf({}, {
    "p0/m": 900_000_000_000n,
    "p1/m": 300_000_000_000n,
    "p2/m": 600_000_000_000n,
  });
  assertEquals(orderOf(SELECTORS.cost_aware, 3, readers), [
    "p1/m",
    "p2/m",
    "p0/m",
  ]);
});

Deno.test("cost_aware with a weight of 0 keeps the order of the config", () => {
  const context = contextOf({
    readers: readersOf({}, { "p1/m": 1n, "p0/m": 10n ** 12n }),
  });
  const costAware = { weight: 0, warnWeight: 0.5, criticalWeight: 0.8 };
  const ranked = SELECTORS.cost_aware(candidates(2), {
    ...context,
    settings: { ...context.settings, costAware },
  });
  assertEquals(ranked.map(({ score }) => score), [1, 0.9]);
  assertEquals(ranked[0]?.target.id, "p0/m");
});

Deno.test("least_loaded, geo_preferred, model_specific and hybrid rank by load after place and class", () => {
  // Regions eu us eu us eu us, classes small large large small large large.
  const loads = [0.9, 0.1, 0.5, 0.2, 0.4, 0.3];
  const readers: Partial<RoutingReaders> = {
    load: ({ id }) => loads[Number(id[1])] ?? null,
  };
  const order = (
    name: "least_loaded" | "geo_preferred" | "model_specific" | "hybrid",
  ) => orderOf(SELECTORS[name], 6, readers).map((id) => id[1]).join("");
  assertEquals(order("least_loaded"), "135420");
  assertEquals(order("geo_preferred"), "420135");
  assertEquals(order("model_specific"), "301542");
  // p0 is small and in eu, p3 small, p4 and p2 in eu.
  assertEquals(order("hybrid"), "034215");
});
