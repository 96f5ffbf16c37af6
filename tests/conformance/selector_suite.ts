/** What every selector must keep, whatever it prefers. @module */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { TargetPerformance } from "../../src/providers/window.ts";
import { NO_READERS, type RoutingReaders } from "../../src/routing/readers.ts";
import type {
  Ranked,
  Selector,
  SelectorContext,
  SelectorTarget,
} from "../../src/routing/selector.ts";
import { type RandomSource, Sfc32 } from "../../src/support/random_source.ts";
import {
  configOf,
  factsFor,
  performanceOf,
  targetOf,
} from "../routing/fixtures.ts";

/** Makes `count` targets of one group. */
export function candidates(
  count: number,
  weights: readonly number[] = [],
): SelectorTarget[] {
  return Array.from({ length: count }, (_, index) => ({
    target: targetOf(`p${index}/m`),
    weight: weights[index] ?? 1,
    region: index % 2 === 0 ? "eu" : "us",
    modelType: index % 3 === 0 ? "small" : "large",
  }));
}

/** Makes a context; nothing is known but what `readers` say. */
export function contextOf(
  given: {
    readonly random?: RandomSource;
    readonly readers?: Partial<RoutingReaders>;
    readonly stream?: boolean;
    readonly explorationRate?: number;
    readonly turns?: Map<string, number>;
  } = {},
): SelectorContext {
  const { explorationRate = 0.05 } = given;
  const config = configOf({ routing: { explorationRate } });
  return {
    facts: factsFor({ body: { stream: given.stream ?? false } }),
    random: given.random ?? Sfc32.seeded(1),
    readers: { ...NO_READERS, ...given.readers },
    settings: config.routing,
    preferred: { region: "eu", modelType: "small" },
    turns: given.turns ?? new Map(),
  };
}

/** Readers that know everything of everyone, drawn from `seed`. */
export function drawnReaders(
  targets: readonly SelectorTarget[],
  seed: number,
): Partial<RoutingReaders> {
  const random = Sfc32.seeded(seed);
  const sometimes = <T>(make: () => T): T | null =>
    random.next() < 0.7 ? make() : null;
  const known = new Map(targets.map(({ target }) => [target.id, {
    price: sometimes(() => BigInt(Math.floor(random.next() * 1e9))),
    load: sometimes(() => random.next()),
    quality: sometimes(() => random.next()),
    performance: sometimes((): TargetPerformance => {
      const requests = 1 + Math.floor(random.next() * 50);
      const answered = Math.floor(random.next() * (requests + 1));
      return performanceOf({
        requests,
        answered,
        ...(answered === 0 ? {} : {
          p50Ms: 1 + random.next() * 5000,
          firstContentP50Ms: random.next() < 0.5 ? null : random.next() * 900,
          tokensPerSecond: random.next() < 0.5 ? null : random.next() * 90,
          costPer1M: random.next() < 0.5 ? null : random.next() * 9,
        }),
      });
    }),
  }]));
  return {
    price: ({ id }) => known.get(id)?.price ?? null,
    load: ({ id }) => known.get(id)?.load ?? null,
    quality: ({ id }) => known.get(id)?.quality ?? null,
    performance: ({ id }) => known.get(id)?.performance ?? null,
    budgetState: () => random.next() < 0.5 ? "ok" : "critical",
  };
}

/** Runs the suite over one selector. */
export function testSelector(name: string, select: Selector): void {
  const ids = (ranked: readonly Ranked[]) =>
    ranked.map(({ target }) => target.id);

  Deno.test(`${name} puts every usable target in order once, and no other`, () => {
    for (let round = 0; round < 300; round++) {
      const size = 1 + round % 25;
      const draw = Sfc32.seeded(round);
      const weights = Array.from(
        { length: size },
        () => draw.next() < 0.3 ? 0 : Math.floor(draw.next() * 9),
      );
      const targets = candidates(size, weights);
      const readers = drawnReaders(targets, round);
      const ranked = select(
        targets,
        contextOf({ random: draw, readers, stream: round % 2 === 0 }),
      );
      assertEquals(
        ids(ranked).toSorted(),
        targets.map(({ target }) => target.id).toSorted(),
      );
      for (const { target, score, reason } of ranked) {
        assert(targets.some((one) => one.target === target));
        assert(score === null || Number.isFinite(score), `${score}`);
        assert(reason !== "" && !/NaN|undefined|null/.test(reason), reason);
      }
    }
  });

  Deno.test(`${name} gives the same order for the same draws`, () => {
    for (let seed = 0; seed < 50; seed++) {
      const targets = candidates(8, [3, 1, 0, 2]);
      const run = () =>
        select(
          targets,
          contextOf({
            random: Sfc32.seeded(seed),
            readers: drawnReaders(targets, seed),
          }),
        );
      assertEquals(run(), run());
    }
  });

  Deno.test(`${name} leaves the targets it was given as they were`, () => {
    const targets = candidates(5);
    const before = structuredClone(targets);
    select(targets, contextOf({ readers: drawnReaders(targets, 5) }));
    assertEquals(targets, before);
  });

  Deno.test(`${name} takes a single target, whatever its weight`, () => {
    for (const weight of [0, 1, 1e6]) {
      const targets = candidates(1, [weight]);
      const [only, ...others] = select(targets, contextOf());
      assertStrictEquals(only?.target, targets[0]?.target);
      assertEquals(others, []);
    }
  });

  Deno.test(`${name} has an order while nothing is known of anyone`, () => {
    const targets = candidates(6);
    assertEquals(select(targets, contextOf()).length, 6);
  });

  Deno.test(`${name} has an order while everyone fails`, () => {
    const targets = candidates(6);
    const readers = {
      performance: () => performanceOf({ requests: 20, answered: 0 }),
      price: () => 0n,
    };
    for (const stream of [true, false]) {
      const ranked = select(targets, contextOf({ readers, stream }));
      assertEquals(new Set(ids(ranked)).size, 6);
    }
  });
}
