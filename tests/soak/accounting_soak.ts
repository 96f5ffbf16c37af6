// F35: questions to a long usage log while requests are served.

import { assert, assertEquals } from "@std/assert";
import { usageLine } from "../accounting/usage_lines.ts";
import { GatewayProcess } from "../e2e/process.ts";
import { askChat, Load, pause, quantile, rssMb, spell, tell } from "./load.ts";

const LINES = 1_000_000;
const DAYS = 30;
const DAY_MS = 86_400_000;
const MODELS = ["a/small", "a/large", "b/small", "c/free", "c/dear"];
const CLIENTS = ["ci", "laptop", "web", "batch"];

/** Writes `LINES` lines over the `DAYS` days before today. */
async function writeLog(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const perDay = Math.ceil(LINES / DAYS);
  for (let day = 0; day < DAYS; day++) {
    const startMs = today - (DAYS - day) * DAY_MS;
    const name = new Date(startMs).toISOString().slice(0, 10);
    using file = await Deno.create(`${folder}/${name}.jsonl`);
    for (let at = 0; at < perDay; at += 2000) {
      const lines: string[] = [];
      for (let index = at; index < Math.min(perDay, at + 2000); index++) {
        lines.push(lineOf(day * perDay + index, startMs, index / perDay));
      }
      const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
      for (let done = 0; done < bytes.length;) {
        done += await file.write(bytes.subarray(done));
      }
    }
  }
}

function lineOf(index: number, startMs: number, share: number): string {
  const [provider = "", model = ""] = (MODELS[index % MODELS.length] ?? "")
    .split("/");
  return usageLine(index, {
    timestamp: new Date(startMs + Math.floor(share * DAY_MS)).toISOString(),
    provider,
    model,
    client: CLIENTS[index % CLIENTS.length] ?? "",
    alias: index % 2 === 0 ? "fast" : "smart",
    outcome: index % 50 === 0 ? "upstream_error" : "success",
    input: 200 + index % 4000,
    output: 50 + index % 900,
    cost: `0.00${1000 + index % 8999}`,
    durationMs: 100 + (index * 7919) % 30_000,
    ttftMs: index % 3 === 0 ? 20 + index % 700 : null,
  });
}

/** Buckets of the delay of the event loop: upper bound in seconds, count so far. */
async function loopDelays(
  { url }: GatewayProcess,
): Promise<Map<number, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const buckets = new Map<number, number>();
  for (
    const [, bound, count] of text.matchAll(
      /^signalbox_event_loop_delay_seconds_bucket\{le="([^"]+)"\} (\d+)/gm,
    )
  ) buckets.set(bound === "+Inf" ? Infinity : Number(bound), Number(count));
  return buckets;
}

/** Upper bound, ms, of the bucket that a share of the delays between two looks lies in. */
function delayQuantile(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
  share: number,
): number {
  const grown = [...after].map(([bound, count]) =>
    [bound, count - (before.get(bound) ?? 0)] as const
  );
  const total = grown.at(-1)?.[1] ?? 0;
  const found = grown.find(([, count]) => count >= total * share);
  return (found?.[0] ?? Infinity) * 1000;
}

Deno.test(`F35: questions to ${LINES} lines of 30 days keep the event loop free`, async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  try {
    await writeLog(`${folder}/usage`);
    for (const index of [false, true]) {
      const startedMs = performance.now();
      await using gateway = await GatewayProcess.start({
        config: {
          stateDir: `${folder}/state`,
          providers: {
            sim: {
              simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } },
            },
          },
          logging: {
            usage: {
              storagePath: `${folder}/usage`,
              index,
              minFreeBytes: 0,
            },
          },
        },
      });
      tell(
        "F35",
        `started in ${(performance.now() - startedMs).toFixed(0)} ms`,
      );
      const paths = index
        ? ["/api/usage/summary", "/api/usage/summary?groupBy=model,day"]
        : [
          "/api/usage/summary",
          "/api/usage/summary?groupBy=model,day",
          "/api/usage?limit=50",
          "/api/costs/report",
        ];
      for (const path of paths) await askWhileServing(gateway, path, index);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function askWhileServing(
  gateway: GatewayProcess,
  path: string,
  index: boolean,
): Promise<void> {
  const load = new Load(2, async () => {
    await pause(20);
    return await askChat(gateway.url, "sim/tokens-1");
  });
  // What the machine does to the loop by itself is no fault of the question.
  const earlier = await loopDelays(gateway);
  await pause(3000);
  const before = await loopDelays(gateway);
  const idleMs = delayQuantile(earlier, before, 0.99);
  const startMs = performance.now();
  const answer = await fetch(gateway.url + path);
  await answer.text();
  const tookMs = performance.now() - startMs;
  const after = await loopDelays(gateway);
  const { statuses, tookMs: requests } = await load.stop();
  const delayMs = delayQuantile(before, after, 0.99);
  tell(
    "F35",
    `${path}${index ? " with the index" : ""}: ${answer.status} in ${
      tookMs.toFixed(0)
    } ms; loop delay p99 <= ${delayMs} ms (<= ${idleMs} ms before), max <= ${
      delayQuantile(before, after, 1)
    } ms; requests beside it ${spell(statuses)}, p99 ${
      quantile(requests, 0.99).toFixed(0)
    } ms; RSS ${(await rssMb(gateway)).toFixed(0)} MB`,
  );
  assertEquals(answer.status, 200);
  assertEquals([...statuses.keys()], [200]);
  assert(delayMs <= Math.max(50, 2 * idleMs), `late by ${delayMs} ms`);
}
