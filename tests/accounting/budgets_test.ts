import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { periodEnd, periodStart } from "../../src/accounting/budget_periods.ts";
import { type BudgetEvent, Budgets } from "../../src/accounting/budgets.ts";
import { configSchema } from "../../src/config/schema.ts";
import { picoOfUsd } from "../../src/support/decimal.ts";

const NOW_MS = Date.UTC(2026, 10, 18, 12);
const DAY_MS = 86_400_000;
const CI = { client: "ci", alias: "fast" };

function config(sections: object) {
  return configSchema.parse({
    models: { fast: { targets: ["sim/echo"], ...sections } },
    clients: {
      ci: { keySha256: "0".repeat(64), budget: { dailyUsd: 3 } },
    },
    budgets: { dailyUsd: 5, weeklyUsd: 0, monthlyUsd: 0, onExceeded: "reject" },
    ...("budgets" in sections || "clients" in sections
      ? { ...sections, models: {} }
      : {}),
  });
}

function usd(text: string): bigint {
  return picoOfUsd(text) ?? 0n;
}

/** A price of one dollar per thousand output tokens. */
function quote(outputTokens: number, mayCap = false, bounded = true) {
  return {
    outputTokens,
    bounded,
    mayCap,
    cost: (tokens: number) => BigInt(tokens) * 1_000_000_000n,
  };
}

Deno.test("periodStart() begins days, ISO weeks on Monday and months, all UTC", () => {
  const at = Date.UTC(2026, 10, 18, 23, 59);
  assertEquals(periodStart("day", at), Date.UTC(2026, 10, 18));
  assertEquals(periodStart("week", at), Date.UTC(2026, 10, 16));
  assertEquals(periodStart("month", at), Date.UTC(2026, 10, 1));
  // A week that holds New Year.
  const newYear = Date.UTC(2027, 0, 1);
  assertEquals(periodStart("week", newYear), Date.UTC(2026, 11, 28));
  assertEquals(
    periodEnd("month", Date.UTC(2028, 1, 1)),
    Date.UTC(2028, 2, 1),
  );
  for (const name of ["day", "week", "month"] as const) {
    const start = periodStart(name, at);
    assertEquals(periodStart(name, periodEnd(name, start) - 1), start);
    assertEquals(
      periodStart(name, periodEnd(name, start)),
      periodEnd(name, start),
    );
  }
});

Deno.test("Budgets never grants more than a budget has, whatever is reserved and settled in whatever order", () => {
  const command = fc.record({
    tokens: fc.integer({ min: 1, max: 2500 }),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
    mayCap: fc.boolean(),
    settleFirst: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
    const budgets = new Budgets(config({}), () => {}, () => NOW_MS);
    const running: { pico: bigint; tokens: number; used: number }[] = [];
    let spent = 0n;
    const settle = () => {
      const request = running.shift();
      if (request === undefined) return;
      const cost = BigInt(Math.floor(request.tokens * request.used)) *
        1_000_000_000n;
      budgets.settle(CI, request.pico, cost, NOW_MS);
      spent += cost;
    };
    for (const { tokens, used, mayCap, settleFirst } of commands) {
      if (settleFirst) settle();
      const grant = budgets.reserve(CI, quote(tokens, mayCap));
      if (grant.kind === "refused") continue;
      running.push({
        pico: grant.pico,
        tokens: grant.outputTokens ?? tokens,
        used,
      });
    }
    while (running.length > 0) settle();
    // The client's three dollars bind before everyone's five.
    assert(spent <= usd("3"));
    const [status] = [...budgets.statuses()];
    assertEquals(status?.periods["day"]?.reservedUsd, "0");
    assertEquals(usd(status?.periods["day"]?.spentUsd ?? ""), spent);
  }));
});

Deno.test("Budgets caps what may be capped at what is left, and refuses the rest with the numbers", () => {
  const budgets = new Budgets(config({}), () => {}, () => NOW_MS);
  budgets.settle(CI, 0n, usd("2.5"), NOW_MS);
  const capped = budgets.reserve(CI, quote(4000, true));
  assertEquals(capped, {
    kind: "granted",
    pico: usd("0.5"),
    outputTokens: 500,
  });
  const refused = budgets.reserve(CI, quote(4000, true));
  assert(refused.kind === "refused");
  assertMatch(
    refused.reason,
    /^budget client:ci has 0 USD of 3 left for the day, the request may cost 4: .*2026-11-19T00:00:00.000Z$/,
  );
  budgets.release(CI, usd("0.5"));
  assertEquals(budgets.reserve(CI, quote(500)).kind, "granted");
});

Deno.test("Budgets refuses what nothing bounds, unless it can be capped, output is free or the budget only warns", () => {
  const budgets = new Budgets(config({}), () => {}, () => NOW_MS);
  const open = budgets.reserve(CI, quote(100, false, false));
  assert(open.kind === "refused");
  assertMatch(
    open.reason,
    /^budget global applies and nothing limits .*max_tokens.*modelSettings$/,
  );
  assertEquals(budgets.reserve(CI, quote(100, true, false)), {
    kind: "granted",
    pico: usd("0.1"),
    outputTokens: null,
  });
  const free = { ...quote(100, false, false), cost: () => usd("0.2") };
  assertEquals(budgets.reserve(CI, free).kind, "granted");
  const warned = new Budgets(
    config({ budgets: { dailyUsd: 5, onExceeded: "warn" } }),
    () => {},
    () => NOW_MS,
  );
  const nobody = { client: "x", alias: null };
  assertEquals(
    warned.reserve(nobody, quote(100, false, false)).kind,
    "granted",
  );
});

Deno.test("Budgets counts what belongs to a period that is over to no other", () => {
  let nowMs = NOW_MS;
  const budgets = new Budgets(config({}), () => {}, () => nowMs);
  budgets.settle(CI, 0n, usd("3"), nowMs);
  assertEquals(budgets.reserve(CI, quote(100)).kind, "refused");
  nowMs += DAY_MS;
  assertEquals(budgets.reserve(CI, quote(100)).kind, "granted");
  // A request of yesterday ends today.
  budgets.settle(CI, 0n, usd("3"), nowMs - DAY_MS);
  assertEquals(budgets.reserve(CI, quote(100)).kind, "granted");
  // What an earlier run spent today counts.
  budgets.restore(CI, usd("3"), periodStart("day", nowMs));
  assertEquals(budgets.reserve(CI, quote(100)).kind, "refused");
});

Deno.test("Budgets says whether any of them refuses or diverts", () => {
  const bind = (onExceeded: string, dailyUsd: number) =>
    new Budgets(
      config({ clients: {}, budgets: { dailyUsd, onExceeded } }),
      () => {},
    )
      .bindAny;
  assertEquals([bind("warn", 5), bind("reject", 5)], [false, true]);
});

Deno.test("Budgets counts what is spent after the clock was set back over midnight", () => {
  let nowMs = Date.UTC(2026, 10, 19, 0, 10);
  const budgets = new Budgets(config({}), () => {}, () => nowMs);
  budgets.settle(CI, 0n, usd("1"), nowMs);
  nowMs -= 3_600_000;
  budgets.settle(CI, 0n, usd("2"), nowMs);
  assertEquals(budgets.reserve(CI, quote(100)).kind, "refused");
  nowMs += 3_600_000;
  assertEquals(budgets.reserve(CI, quote(100)).kind, "refused");
  nowMs += DAY_MS;
  assertEquals(budgets.reserve(CI, quote(100)).kind, "granted");
});

Deno.test("Budgets tells each threshold once per period, and a month that will not last", () => {
  let nowMs = Date.UTC(2026, 10, 4);
  const events: BudgetEvent[] = [];
  const budgets = new Budgets(
    config({ budgets: { dailyUsd: 10, weeklyUsd: 0, monthlyUsd: 60 } }),
    (event) => events.push(event),
    () => nowMs,
  );
  const spend = (text: string) => {
    events.length = 0;
    budgets.settle({ client: "x", alias: null }, 0n, usd(text), nowMs);
    return events.map(({ period, event }) => `${period} ${event}`);
  };
  assertEquals(spend("7.9"), ["month projected"]);
  assertEquals(events[0]?.projectedUsd, "79");
  assertEquals(spend("0.1"), ["day warning"]);
  assertEquals(spend("0.1"), []);
  assertEquals(spend("3"), ["day critical", "day exceeded"]);
  assertEquals(spend("1"), []);
  nowMs += DAY_MS;
  assertEquals(spend("9.6"), ["day warning", "day critical"]);
});

Deno.test("Budgets sends elsewhere what does not fit a budget that downgrades, once per budget", () => {
  const budgets = new Budgets(
    config({
      budget: {
        dailyUsd: 1,
        onExceeded: "downgrade",
        downgradeTo: "sim/cheap",
      },
    }),
    () => {},
    () => NOW_MS,
  );
  const cost = () => usd("0.6");
  assertEquals(budgets.divert(CI, cost, new Set()), null);
  budgets.settle(CI, 0n, usd("0.5"), NOW_MS);
  assertEquals(budgets.divert(CI, cost, new Set()), {
    to: "sim/cheap",
    scope: "alias:fast",
  });
  assertEquals(budgets.divert(CI, cost, new Set(["alias:fast"])), null);
  // No price is no reason to go on spending.
  assertEquals(budgets.divert(CI, () => null, new Set())?.to, "sim/cheap");
});
