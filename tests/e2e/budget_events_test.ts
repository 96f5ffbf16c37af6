/** What operators hear of budgets: one line and one count for each breach, however many requests follow. */

import { assert, assertEquals } from "@std/assert";
import { bodyFor, postJson } from "./pair.ts";
import { GatewayProcess } from "./process.ts";

const PATH = "/v1/chat/completions";

/** Every answer costs 0.01 USD: a price per request and none per token. */
function start(budgets: object): Promise<GatewayProcess> {
  return GatewayProcess.start({
    config: {
      providers: {
        sim: {
          simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } },
          models: ["m"],
        },
      },
      pricing: { models: { "sim/m": { perRequest: 0.01 } } },
      budgets,
    },
  });
}

async function ask({ url }: GatewayProcess): Promise<number> {
  const answer = await postJson(url + PATH, bodyFor(PATH, "sim/m", "hi"));
  await answer.body?.cancel();
  return answer.status;
}

/** Stops the gateway. The lines that its log holds of budgets: period, words and numbers. */
async function told(gateway: GatewayProcess): Promise<string[]> {
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
  return gateway.lines.filter((line) => line["budget"] === "global").map((
    line,
  ) =>
    `${line["level"]} ${line["period"]} ${line["message"]}: ${
      line["spentUsd"]
    } of ${line["limitUsd"]}`
  );
}

/** How often each event was counted, by period and event. */
async function counted(
  { url }: GatewayProcess,
): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.matchAll(
    /^signalbox_budget_events_total\{budget="global",period="(\w+)",event="(\w+)"\} (\d+)$/gm,
  );
  return Object.fromEntries(
    [...found].map(([, period, event, count]) => [
      `${period} ${event}`,
      Number(count),
    ]),
  );
}

Deno.test("each threshold of a budget is told in one line and counted once, also a month that will not last", async () => {
  await using gateway = await start({
    dailyUsd: 0.1,
    monthlyUsd: 0.05,
    onExceeded: "warn",
    warnAt: 0.8,
    criticalAt: 0.9,
  });
  for (let request = 0; request < 14; request++) {
    assertEquals(await ask(gateway), 200);
  }
  assertEquals(await counted(gateway), {
    "day warning": 1,
    "day critical": 1,
    "day exceeded": 1,
    "month warning": 1,
    "month critical": 1,
    "month exceeded": 1,
    "month projected": 1,
  });
  const { budgets } = await (await fetch(`${gateway.url}/api/budgets`)).json();
  assertEquals(budgets[0].state, "exceeded");
  assert(Number(budgets[0].projectedMonthUsd) >= 0.14);
  const lines = await told(gateway);
  const projected = lines.filter((line) => line.includes("will not last"));
  assertEquals(projected.length, 1);
  assertEquals(lines.filter((line) => !projected.includes(line)), [
    "warn month budget nearly used up: 0.04 of 0.05",
    "warn month budget critical: 0.05 of 0.05",
    "warn month budget used up: 0.05 of 0.05",
    "warn day budget nearly used up: 0.08 of 0.1",
    "warn day budget critical: 0.09 of 0.1",
    "warn day budget used up: 0.1 of 0.1",
  ]);
  const [line] = gateway.lines.filter(({ projectedUsd }) => projectedUsd);
  assert(Number(line?.["projectedUsd"]) > 1.2 * 0.05);
});

Deno.test("refusals for want of budget are all counted and told once", async () => {
  await using gateway = await start({ dailyUsd: 0.03, onExceeded: "reject" });
  const statuses: number[] = [];
  for (let request = 0; request < 8; request++) {
    statuses.push(await ask(gateway));
  }
  assertEquals(statuses, [200, 200, 200, 402, 402, 402, 402, 402]);
  const events = await counted(gateway);
  assertEquals(events["day rejected"], 5);
  assertEquals(events["day exceeded"], 1);
  const refusals = (await told(gateway)).filter((line) =>
    line.includes("refused")
  );
  assertEquals(refusals, [
    "warn day requests refused for want of budget: 0.03 of 0.03",
  ]);
});
