/**
 * What a decision over 20 targets costs, per selector: everything known of
 * every target, facts made anew for each decision. Prints a table.
 *
 * @module
 */

import { SELECTOR_NAMES } from "../../src/config/schema/models.ts";
import { PerformanceWindows } from "../../src/providers/performance.ts";
import type { RequestFacts } from "../../src/routing/facts.ts";
import { Router } from "../../src/routing/router.ts";
import { Sfc32 } from "../../src/support/random_source.ts";
import { configOf, factsFor } from "../routing/fixtures.ts";

const TARGETS = 20;
const ROUNDS = 2000;
const REPEATS = 40;

/** What a benchmark found. */
export interface RoutingFigure {
  /** What was decided by. */
  readonly name: string;
  /** Microseconds per decision, of the quickest repeat: others share the machine. */
  readonly microseconds: number;
}

/** Measures every selector, explaining, rules and affinity. */
export function benchRouting(): RoutingFigure[] {
  return [
    ...SELECTOR_NAMES.map((selector) => ({
      name: selector,
      microseconds: decisionTime({ selector }),
    })),
    {
      name: "latency behind 10 rules",
      microseconds: decisionTime({ selector: "latency" }, 10),
    },
    {
      name: "latency with affinity by header",
      microseconds: decisionTime({
        selector: "latency",
        affinity: { by: "header", header: "x-session" },
      }),
    },
    {
      name: "latency with affinity by prefix",
      microseconds: decisionTime({
        selector: "latency",
        affinity: { by: "prefix" },
      }),
    },
  ];
}

function decisionTime(alias: Record<string, unknown>, rules = 0): number {
  const config = configOf({
    models: {
      m: {
        ...alias,
        targets: Array.from({ length: TARGETS }, (_, index) => `a/m${index}`),
      },
    },
    rules: Array.from({ length: rules }, (_, index) => ({
      when: { inputTokensOver: 100_000 + index, model: "m*", thinking: true },
      use: "m",
    })),
  });
  const windows = filledWindows();
  const router = new Router(config, {
    readers: {
      performance: ({ id }) => windows.of(id),
      price: ({ model }) => BigInt(model.length) * 1_000_000n,
      quality: () => 0.7,
      load: () => 0.3,
    },
  });
  const headers = { "x-session": "0123456789" };
  let best = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const facts: RequestFacts[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      facts.push(factsFor({ headers }, config));
    }
    const startedMs = performance.now();
    for (const one of facts) router.decide(one);
    best = Math.min(best, (performance.now() - startedMs) * 1000 / ROUNDS);
  }
  return best;
}

/** Windows in which every target has a thousand attempts. */
function filledWindows(): PerformanceWindows {
  const random = Sfc32.seeded(1);
  const windows = new PerformanceWindows();
  for (let attempt = 0; attempt < TARGETS * 1000; attempt++) {
    windows.record(`a/m${attempt % TARGETS}`, {
      answered: random.next() < 0.95,
      durationMs: 500 + random.next() * 5000,
      firstContentMs: 100 + random.next() * 500,
      inputTokens: 1000,
      outputTokens: Math.floor(random.next() * 500),
      costPico: BigInt(Math.floor(random.next() * 1e9)),
    });
  }
  return windows;
}

if (import.meta.main) {
  console.log(`Decision over ${TARGETS} targets, microseconds:`);
  for (const { name, microseconds } of benchRouting()) {
    console.log(`  ${name.padEnd(34)} ${microseconds.toFixed(1)}`);
  }
}
