// F19, F20, F21 and F30 at full size: a disk that hangs, one that is slow, a
// hundred kills under load, a line of a gigabyte.

import { assert, assertEquals } from "@std/assert";
import { usageLine } from "../accounting/usage_lines.ts";
import { canLoop, Ext4Disk, runProgram } from "../disks.ts";
import { linesIn } from "../e2e/log_lines.ts";
import {
  askChat,
  CHAT,
  Load,
  metric,
  pause,
  quantile,
  rssMb,
  spell,
  tell,
  until,
} from "./load.ts";
import { wholeAnswer } from "../e2e/pair.ts";
import { GatewayProcess } from "../e2e/process.ts";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { picoOfUsd } from "../../src/support/decimal.ts";
import { needs } from "../skip.ts";
import { inFolder } from "../temp_folder.ts";

const SIM = {
  simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } },
};

/** Threads of a process that wait for a disk. */
async function stuckThreads({ pid }: GatewayProcess): Promise<number> {
  let stuck = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const status = await Deno.readTextFile(`/proc/${pid}/task/${name}/status`)
      .catch(() => "");
    if (/^State:\s+D/m.test(status)) stuck++;
  }
  return stuck;
}

async function usageHealth({ url }: GatewayProcess): Promise<string> {
  return (await (await fetch(`${url}/health`)).json()).usage;
}

/** What requests take over so many ms, paced. */
async function latencies(
  gateway: GatewayProcess,
  model: string,
  forMs: number,
): Promise<string> {
  const load = new Load(4, async () => {
    await pause(5);
    return await askChat(gateway.url, model);
  });
  await pause(forMs);
  const { statuses, tookMs } = await load.stop();
  assertEquals([...statuses.keys()], [200]);
  return `${spell(statuses)}, p50 ${quantile(tookMs, 0.5).toFixed(1)} p99 ${
    quantile(tookMs, 0.99).toFixed(1)
  } ms`;
}

Deno.test({
  ...needs(
    canLoop(),
    "mounting a loop device is not permitted",
    "F19: a frozen disk under everything that is written stops no request and no end of the process",
  ),
  fn: () =>
    inFolder(async (folder) => {
      await using provider = await FakeProvider.start(
        answer(200, wholeAnswer(CHAT, "hi")),
      );
      using disk = new Ext4Disk(await Deno.makeTempDir());
      const state = `${disk.path}/state`;
      await using gateway = await GatewayProcess.start({
        config: {
          stateDir: state,
          providers: {
            sim: SIM,
            // By name: the lookup takes a thread of those that files take.
            up: {
              protocols: { chat: `http://localhost:${provider.port}/v1` },
              keys: ["${env:UP_KEY}"],
            },
          },
          models: { fast: { targets: ["up/m"] } },
          responses: { store: true },
          logging: {
            usage: { flushMs: 5, minFreeBytes: 0 },
          },
        },
        environment: { UP_KEY: "key-of-the-provider-0123456789" },
      });
      tell("F19", `before: ${await latencies(gateway, "sim/tokens-1", 3000)}`);
      disk.freeze();
      const frozen = await latencies(gateway, "sim/tokens-1", 3000);
      await Promise.all(
        Array.from({ length: 5 }, () =>
          fetch(`${gateway.url}/api/reload`, { method: "POST" })
            .then((response) =>
              response.text()
            )),
      );
      const named = await latencies(gateway, "up/m", 6000);
      const stuck = await stuckThreads(gateway);
      tell(
        "F19",
        `frozen: ${frozen}; new host: ${named}; ${stuck} threads wait`,
      );
      assert(stuck <= 4, `${stuck} threads wait for the disk`);
      assertEquals(await usageHealth(gateway), "failing");
      disk.thaw();
      const healedMs = await until(
        "the log heals",
        20_000,
        async () => await usageHealth(gateway) === "ok",
      );
      tell("F19", `thawed: ok after ${healedMs.toFixed(0)} ms`);
      await pause(1500);
      const dropped = await metric(
        gateway,
        "signalbox_file_lines_dropped_total",
      );
      assertEquals(dropped, 0);
      assertEquals(
        linesIn(`${state}/usage`).length,
        await metric(gateway, "signalbox_request_outcomes_total"),
      );
      disk.freeze();
      await askChat(gateway.url, "sim/tokens-1");
      await pause(200);
      const killedMs = performance.now();
      gateway.kill("SIGTERM");
      const { streams } = await gateway.line(({ message }) =>
        message === "lines lost at shutdown"
      );
      await gateway.line(({ message }) => message === "stopped");
      const saidMs = performance.now() - killedMs;
      await until(
        "the port is closed",
        10_000,
        () =>
          askChat(gateway.url, "sim/tokens-1").then(() => false, () => true),
      );
      disk.thaw();
      assertEquals(await gateway.ended(), 0);
      tell(
        "F19",
        `SIGTERM on the frozen disk: said what is lost (${streams}) after ${
          saidMs.toFixed(0)
        } ms`,
      );
      assert(saidMs < 20_000);
      await Deno.writeTextFile(`${folder}/done`, "");
    }),
});

Deno.test("F20: a disk that takes 4 KiB in 50 ms stops no request; lines are dropped, counted, told of once a minute", () =>
  inFolder(async (folder) => {
    assert(runProgram("mkfifo", `${folder}/pipe`));
    for (const dayMs of [0, 86_400_000]) {
      const day = new Date(Date.now() + dayMs).toISOString().slice(0, 10);
      await Deno.symlink(`${folder}/pipe`, `${folder}/${day}.jsonl`);
    }
    let delayMs = 50;
    let lines = 0;
    let reading = true;
    using pipe = await Deno.open(`${folder}/pipe`, { read: true, write: true });
    const reader = (async () => {
      const buffer = new Uint8Array(4096);
      while (reading) {
        const read = await pipe.read(buffer) ?? 0;
        for (const byte of buffer.subarray(0, read)) if (byte === 10) lines++;
        if (delayMs > 0) await pause(delayMs);
      }
    })();
    await using gateway = await GatewayProcess.start({
      config: {
        providers: { sim: SIM },
        logging: {
          usage: {
            storagePath: folder,
            flushMs: 5,
            fsyncMs: 0,
            minFreeBytes: 0,
          },
        },
      },
    });
    const load = new Load(16, () => askChat(gateway.url, "sim/tokens-1"));
    await until(
      "dropped lines",
      180_000,
      async () =>
        await metric(gateway, "signalbox_file_lines_dropped_total") > 500,
    );
    const { statuses, tookMs } = await load.stop();
    assertEquals([...statuses.keys()], [200]);
    await gateway.line(({ message }) => message === "lines dropped");
    delayMs = 0;
    const asked = statuses.get(200) ?? 0;
    const dropped = await metric(gateway, "signalbox_file_lines_dropped_total");
    await until("the queue drains", 30_000, () => lines === asked - dropped);
    const told = gateway.lines.filter(({ message }) =>
      message === "lines dropped"
    ).length;
    tell(
      "F20",
      `${spell(statuses)}, p99 ${
        quantile(tookMs, 0.99).toFixed(0)
      } ms; ${lines} written, ${dropped} dropped, told of ${told} times; RSS ${
        (await rssMb(gateway)).toFixed(0)
      } MB`,
    );
    assert(told <= 4);
    reading = false;
    // A read that waits keeps its own handle to itself.
    using last = await Deno.open(`${folder}/pipe`, { read: true, write: true });
    await last.write(new Uint8Array([10]));
    await reader;
  }));

Deno.test("F21: 100 kills under load: every start is quick, every line whole, the budget is what the log says", () =>
  inFolder(async (folder) => {
    const config = {
      stateDir: `${folder}/state`,
      providers: { sim: SIM },
      pricing: {
        models: { "sim/tokens-3": { inputPer1M: 10, outputPer1M: 1000 } },
      },
      budgets: { dailyUsd: 1_000_000 },
      logging: { usage: { flushMs: 5, fsyncMs: 100, minFreeBytes: 0 } },
    };
    const startMs: number[] = [];
    const lost: number[] = [];
    let answered = 0;
    let torn = 0;
    for (let kill = 0; kill < 100; kill++) {
      const begunMs = performance.now();
      await using gateway = await GatewayProcess.start({ config });
      startMs.push(performance.now() - begunMs);
      assertEquals(
        await spentPico(gateway),
        loggedPico(`${folder}/state/usage`),
      );
      const ids: string[] = [];
      const load = new Load(8, () => askId(gateway.url, ids));
      await pause(100 + Math.random() * 700);
      torn += await metric(gateway, "signalbox_file_torn_lines_total");
      const before = [...ids];
      gateway.kill("SIGKILL");
      await gateway.ended();
      await load.stop();
      const kept = new Set(
        linesIn(`${folder}/state/usage`).map(({ id }) => id),
      );
      lost.push(before.filter((id) => !kept.has(id)).length);
      answered += ids.length;
    }
    const all = linesIn(`${folder}/state/usage`).map(({ id }) => id);
    assertEquals(new Set(all).size, all.length, "an id twice");
    tell(
      "F21",
      `${answered} answers, ${all.length} lines; lost per kill p50 ${
        quantile(lost, 0.5)
      } worst ${Math.max(...lost)}; ${torn} torn; start p50 ${
        quantile(startMs, 0.5).toFixed(0)
      } worst ${Math.max(...startMs).toFixed(0)} ms`,
    );
    // What is answered within the flush window, generously.
    assert(Math.max(...lost) < 500);
  }));

async function askId(
  url: string,
  ids: string[],
): Promise<{ status: number; text: string }> {
  const response = await fetch(url + CHAT, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "sim/tokens-3",
      messages: [{ role: "user", content: "hi" }],
    }),
  });
  const text = await response.text();
  ids.push(response.headers.get("x-request-id") ?? "");
  return { status: response.status, text };
}

async function spentPico({ url }: GatewayProcess): Promise<bigint> {
  const { budgets } = await (await fetch(`${url}/api/budgets`)).json();
  return picoOfUsd(budgets[0].periods.day.spentUsd) ?? 0n;
}

function loggedPico(folder: string): bigint {
  let pico = 0n;
  try {
    for (const { cost } of linesIn(folder)) {
      pico += picoOfUsd(cost.totalCost) ?? 0n;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return pico;
}

const GIGABYTE = 1 << 30;

for (const ending of ["a line break", "nothing"]) {
  Deno.test(`F30: a line of a gigabyte that ends in ${ending} keeps no gateway from starting, serving and counting`, () =>
    inFolder(async (folder) => {
      const usage = `${folder}/state/usage`;
      const today = new Date().toISOString().slice(0, 10);
      const path = `${usage}/${today}.jsonl`;
      await Deno.mkdir(usage, { recursive: true });
      const lines = Array.from(
        { length: 5 },
        (_, index) =>
          usageLine(index, { timestamp: new Date().toISOString(), cost: "1" }),
      );
      await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
      const { size } = await Deno.stat(path);
      await Deno.truncate(path, size + GIGABYTE);
      if (ending !== "nothing") {
        await Deno.writeTextFile(path, `\n${lines[0]}\n`, { append: true });
      }
      const begunMs = performance.now();
      await using gateway = await GatewayProcess.start({
        config: {
          stateDir: `${folder}/state`,
          providers: { sim: SIM },
          budgets: { dailyUsd: 1000 },
          logging: { usage: { flushMs: 5, minFreeBytes: 0 } },
        },
      });
      const startMs = performance.now() - begunMs;
      const served = await latencies(gateway, "sim/tokens-1", 3000);
      const asked = await metric(gateway, "signalbox_request_outcomes_total");
      const old = ending === "nothing" ? 5 : 6;
      const writtenMs = await until("the lines", 30_000, async () => {
        const text = await (await fetch(`${gateway.url}/api/usage/summary`))
          .text();
        return JSON.parse(text).requests?.total === asked + old;
      });
      tell(
        "F30",
        `a gigabyte that ends in ${ending}: started in ${
          startMs.toFixed(0)
        } ms; ${served}; all lines there after ${
          writtenMs.toFixed(0)
        } ms more; RSS ${(await rssMb(gateway)).toFixed(0)} MB`,
      );
      // 5 s on a machine of its own.
      assert(startMs < 15_000);
      assert(await rssMb(gateway) < 600);
    }));
}
