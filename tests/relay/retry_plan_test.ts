/** Retries: which failure leads where, when, how often, and what a budget stops. @module */

import { assert, assertEquals } from "@std/assert";
import type { Candidate } from "../../src/exchange/decision.ts";
import { failure, type FailureKind } from "../../src/exchange/failure.ts";
import { RetryBudget, RetryBudgets } from "../../src/relay/retry_budget.ts";
import { RetryPlan, type RetrySettings } from "../../src/relay/retry_plan.ts";
import { FakeClock } from "../support/fake_clock.ts";

const SETTINGS: RetrySettings = {
  maxAttempts: 3,
  sameTargetRetries: 1,
  backoffMs: [50, 500],
  maxRetryAfterMs: 30_000,
  budgetRatio: 0.2,
};

function orderOf(...models: string[]): Candidate[] {
  return models.map((model) => ({
    target: { id: `p/${model}`, provider: "p", model },
    group: 0,
    score: null,
    reason: "test",
  }));
}

/** The targets that are tried when each try fails as told. */
function tries(
  kinds: readonly FailureKind[],
  settings: Partial<RetrySettings> = {},
  budget: RetryBudget = new RetryBudget(new FakeClock()),
): string {
  const order = orderOf("a", "b", "c");
  const plan = new RetryPlan(order, { ...SETTINGS, ...settings }, budget);
  const tried = [plan.first()?.target.model];
  for (const kind of kinds) {
    const next = plan.after(failure(kind, "failed"));
    if (next === null) break;
    tried.push(next.candidate.target.model);
  }
  return tried.join("");
}

Deno.test("RetryPlan.after() tries the same target once more where the failure may pass, then the next", () => {
  assertEquals(tries(["reset", "reset", "reset"]), "aab");
  assertEquals(tries(["reset", "reset", "reset"], { maxAttempts: 9 }), "aabb");
  assertEquals(
    tries(["overloaded", "overloaded"], { sameTargetRetries: 0 }),
    "abc",
  );
  assertEquals(tries(["first_byte_timeout", "rate_limited"]), "abc");
});

Deno.test("RetryPlan.after() ends where trying again cannot help, and after the most attempts", () => {
  assertEquals(tries(["bad_request"]), "a");
  assertEquals(tries(["content_filter"]), "a");
  assertEquals(tries(["deadline"]), "a");
  assertEquals(tries(["context_length", "not_found"]), "abc");
  assertEquals(tries(["reset"], { maxAttempts: 1 }), "a");
  assertEquals(tries(["dns", "dns", "dns", "dns"], { maxAttempts: 9 }), "abc");
});

Deno.test("RetryPlan.after() waits with jitter within the bounds, and at least as long as it was asked to", () => {
  const delay = (random: number, retryAfterMs: number | null, tries = 1) => {
    const plan = new RetryPlan(
      orderOf("a", "b"),
      { ...SETTINGS, maxAttempts: 99, sameTargetRetries: 9 },
      new RetryBudget(new FakeClock()),
      () => random,
    );
    let next = null;
    for (let count = 0; count < tries; count++) {
      next = plan.after(failure("overloaded", "busy", { retryAfterMs }));
    }
    return next?.delayMs;
  };
  assertEquals(delay(0, null), 50);
  assertEquals(delay(1, null), 100);
  assertEquals(delay(1, null, 2), 200);
  assertEquals(delay(1, null, 6), 500);
  assertEquals(delay(0, 1234), 1234);
});

Deno.test("RetryPlan.after() moves on at once when it would have to wait too long", () => {
  const budget = new RetryBudget(new FakeClock());
  const plan = new RetryPlan(orderOf("a", "b"), SETTINGS, budget);
  const next = plan.after(
    failure("overloaded", "busy", { retryAfterMs: 30_001 }),
  );
  assertEquals([next?.candidate.target.model, next?.delayMs], ["b", 0]);
});

Deno.test("RetryPlan.skip() goes on without using up an attempt", () => {
  const plan = new RetryPlan(
    orderOf("a", "b", "c"),
    { ...SETTINGS, maxAttempts: 2 },
    new RetryBudget(new FakeClock()),
  );
  assertEquals(plan.first()?.target.model, "a");
  assertEquals(plan.skip()?.target.model, "b");
  const next = plan.after(failure("dns", "failed"));
  assertEquals(next?.candidate.target.model, "c");
});

Deno.test("RetryBudget stops a storm at its share of the requests", () => {
  const clock = new FakeClock();
  const budget = new RetryBudget(clock);
  let calls = 0;
  for (let request = 0; request < 2000; request++) {
    calls += tries(["dns", "dns", "dns"], {}, budget).length;
    clock.advance(4);
  }
  const onTop = calls - 2000;
  // The window holds 10 s, so the share is that of all 8 s; failed calls are counted as they fail.
  assert(onTop <= 0.2 * 2000 + 2, `${onTop} calls on top`);
  assert(onTop >= 0.2 * 2000 - 20, `${onTop} calls on top`);
});

Deno.test("RetryBudget bounds tries at the same target before they are made", () => {
  const budget = new RetryBudget(new FakeClock());
  let onTop = 0;
  for (let request = 0; request < 500; request++) {
    const plan = new RetryPlan(orderOf("a"), SETTINGS, budget);
    // Every request is under way at once: none of the tries has ended.
    if (plan.after(failure("reset", "failed")) !== null) onTop++;
  }
  assertEquals(onTop, 100);
});

Deno.test("RetryBudget lets every request move on to a target that answers", () => {
  const budget = new RetryBudget(new FakeClock());
  for (let request = 0; request < 1000; request++) {
    const plan = new RetryPlan(orderOf("a", "b"), SETTINGS, budget);
    const next = plan.after(failure("dns", "failed"));
    assertEquals(next?.candidate.target.model, "b");
  }
});

Deno.test("RetryBudget lets small traffic retry, and none at all with a ratio of 0", () => {
  const budget = new RetryBudget(new FakeClock());
  assertEquals(tries(["dns", "dns"], {}, budget), "abc");
  assertEquals(tries(["dns", "dns"], {}, budget), "abc");
  assertEquals(tries(["dns", "dns"], { budgetRatio: 0 }), "a");
});

Deno.test("RetryBudget tells of what it does not allow, and of nothing else", () => {
  let refused = 0;
  const budget = new RetryBudget(new FakeClock(), () => refused++);
  tries(["dns", "dns"], {}, budget);
  tries(["bad_request"], { budgetRatio: 0 }, budget);
  assertEquals(refused, 0);
  tries(["dns"], { budgetRatio: 0 }, budget);
  assertEquals(refused, 1);
});

Deno.test("RetryBudget forgets what is older than its window", () => {
  const clock = new FakeClock();
  const budget = new RetryBudget(clock);
  for (let count = 0; count < 10; count++) budget.spend();
  assertEquals(budget.allows(0.2), false);
  clock.advance(8_000);
  assertEquals(budget.allows(0.2), false);
  clock.advance(3_000);
  assertEquals(budget.allows(0.2), true);
});

Deno.test("RetryBudgets gives each alias its own", () => {
  const budgets = new RetryBudgets(new FakeClock());
  for (let count = 0; count < 10; count++) budgets.of("bad").spend();
  assertEquals(budgets.of("bad").allows(0.2), false);
  assertEquals(budgets.of("good").allows(0.2), true);
  assertEquals(budgets.of(null).allows(0.2), true);
});
