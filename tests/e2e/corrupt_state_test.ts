// F30: every file of state is broken at start, in every way that disks and
// people break files. The gateway starts, serves, and keeps what was broken.

import { assert, assertEquals } from "@std/assert";
import { usageLine } from "../accounting/usage_lines.ts";
import { FAST_SIMULATOR } from "./gateway.ts";
import { linesIn } from "./log_lines.ts";
import { GatewayProcess } from "./process.ts";

const STATE_FILES = [
  "cooldowns.json",
  "heads.json",
  "policy.json",
  "responses.jsonl",
  "budgets/spent.json",
  "effective-config.json",
  "prices/mine.json",
  "prices/cache/openrouter-live.json",
  "usage/index.sqlite",
] as const;

const NOISE = crypto.getRandomValues(new Uint8Array(60_000));

/** Ways to break a file. */
const DAMAGE: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>> = {
  "random bytes": NOISE,
  "NUL bytes": new Uint8Array(5000),
  "half of it": '{"version":1,"targets":[{"id":"a/b","open',
  "another shape":
    '{"version":1,"heads":7,"keys":null,"targets":{},"files":[1,{"sums":3}]}',
  "nothing": "",
  "JSON null": "null\n",
};

function configOf(folder: string): Record<string, unknown> {
  return {
    stateDir: `${folder}/state`,
    providers: { sim: FAST_SIMULATOR },
    models: { fast: { targets: ["sim/echo"] } },
    pricing: {
      models: { "sim/echo": { inputPer1M: 1, outputPer1M: 1 } },
      openrouter: { enabled: true, url: "http://127.0.0.1:9/models" },
    },
    budgets: { dailyUsd: 1000 },
    responses: { store: true },
    routing: { heads: { enabled: true } },
    logging: { usage: { index: true, flushMs: 1 } },
  };
}

async function write(
  path: string,
  content: Uint8Array<ArrayBuffer> | string,
): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeFile(path, bytesOf(content));
}

function bytesOf(
  content: Uint8Array<ArrayBuffer> | string,
): Uint8Array<ArrayBuffer> {
  return typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
}

/** Ten whole lines; one in the middle flipped, and a tail of NULs. */
function damagedLog(nowMs: number): Uint8Array<ArrayBuffer> {
  const timestamp = new Date(nowMs).toISOString();
  const lines = Array.from(
    { length: 10 },
    (_, index) => usageLine(index, { timestamp, cost: "1" }),
  );
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  const length = (lines[0]?.length ?? 0) + 1;
  for (let at = 4 * length; at < 4 * length + 40; at++) {
    bytes[at] = (bytes[at] ?? 0) ^ 0xa5;
  }
  const whole = new Uint8Array(bytes.length + 4096);
  whole.set(bytes);
  return whole;
}

/** Does what people do, and looks whether it is done. */
async function useEverything(gateway: GatewayProcess): Promise<void> {
  const send = (path: string, body: unknown, method = "POST") =>
    fetch(gateway.url + path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const first = await send("/v1/responses", { model: "fast", input: "hi" });
  assertEquals(first.status, 200);
  await first.body?.cancel();
  const policy = await send("/api/routing/policy", { enabled: false }, "PUT");
  assertEquals(policy.status, 200, await policy.text());
  const report = await fetch(`${gateway.url}/api/costs/report`);
  assertEquals(report.status, 200, await report.text());
  const answered = await fetch(`${gateway.url}/api/usage/summary`);
  const summary = await answered.json();
  assertEquals(answered.status, 200);
  // Nine old ones and ours; the flipped line, and the tail until it was cut off.
  assertEquals(summary.requests.total, 10);
  assert(summary.brokenLines >= 1, `${summary.brokenLines} broken lines`);
  const budgets = await (await fetch(`${gateway.url}/api/budgets`)).json();
  assert(Number(budgets.budgets[0].periods.day.spentUsd) >= 9);
}

const WAYS = Object.entries(DAMAGE);

// Every file is broken in another way; the second round turns that by half.
for (const turn of [0, WAYS.length / 2]) {
  const wayOf = (index: number) =>
    WAYS[(index + turn) % WAYS.length] ?? ["", ""];
  Deno.test(`A gateway whose files of state are all broken starts, serves, keeps them aside and mends them (from ${wayOf(0)[0]} on)`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
    const state = `${folder}/state`;
    const today = new Date().toISOString().slice(0, 10);
    try {
      for (const [index, file] of STATE_FILES.entries()) {
        await write(`${state}/${file}`, wayOf(index)[1]);
      }
      await write(`${state}/usage/${today}.jsonl`, damagedLog(Date.now()));
      await write(`${state}/errors/${today}.jsonl`, NOISE);
      await using gateway = await GatewayProcess.start({
        config: configOf(folder),
      });
      await useEverything(gateway);
      gateway.kill("SIGTERM");
      assertEquals(await gateway.ended(), 0);
      const notRestored = gateway.lines
        .filter(({ message }) => String(message).endsWith("not restored"))
        .map(({ keptAs }) => keptAs);
      assertEquals(notRestored.sort(), [
        `${state}/cooldowns.json.broken`,
        `${state}/heads.json.broken`,
        `${state}/policy.json.broken`,
      ]);
      assertEquals(
        await Deno.readFile(`${state}/cooldowns.json.broken`),
        bytesOf(wayOf(0)[1]),
      );
      const words = JSON.stringify(gateway.lines);
      assert(!words.includes("uncaught error"), words);
      await using again = await GatewayProcess.start({
        config: configOf(folder),
      });
      const said = again.lines.map(({ message }) => String(message));
      assert(!said.some((message) => message.endsWith("not restored")));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("A folder or a file where a file or a folder of state should be keeps no gateway from starting", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  const state = `${folder}/state`;
  try {
    for (const file of STATE_FILES) {
      if (file.startsWith("prices/") || file.startsWith("usage/")) continue;
      await Deno.mkdir(`${state}/${file}`, { recursive: true });
    }
    await write(`${state}/prices`, "a file where a folder should be");
    await write(`${state}/logs`, "a file where a folder should be");
    await using gateway = await GatewayProcess.start({
      config: configOf(folder),
    });
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "fast",
        messages: [{ role: "user", content: "hi" }],
      }),
    });
    assertEquals(answer.status, 200, await answer.text());
    gateway.kill("SIGTERM");
    assertEquals(await gateway.ended(), 0);
    assertEquals(linesIn(`${state}/usage`).length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
