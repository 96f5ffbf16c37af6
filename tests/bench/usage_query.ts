// What questions to a long usage log cost: 1,000,000 lines over 30 days, from
// the files and from the index, with the memory of a process that asks:
// deno run --allow-all tests/bench/usage_query.ts [LINES]

import {
  summarize,
  summarizeIndexed,
} from "../../src/accounting/query/summarize.ts";
import { readFilter } from "../../src/accounting/query/usage_filter.ts";
import { UsageIndex } from "../../src/accounting/query/usage_index.ts";
import { readPage } from "../../src/accounting/query/usage_page.ts";
import { readGrouping } from "../../src/accounting/query/usage_summary.ts";
import { usageLine } from "../accounting/usage_lines.ts";

const LINES = Number(Deno.args[0] ?? 1_000_000);
const DAYS = 30;
const PER_DAY = Math.ceil(LINES / DAYS);
const MODELS = ["a/small", "a/large", "b/small", "c/free", "c/dear"];
const CLIENTS = ["ci", "laptop", "web", "batch"];

async function generate(folder: string): Promise<void> {
  for (let day = 0; day < DAYS; day++) {
    const startMs = Date.UTC(2026, 9, 1 + day);
    const name = new Date(startMs).toISOString().slice(0, 10);
    using file = await Deno.create(`${folder}/${name}.jsonl`);
    const writer = file.writable.getWriter();
    let text = "";
    for (let at = 0; at < PER_DAY; at++) {
      const target = MODELS[at % MODELS.length] ?? "";
      const [provider = "", model = ""] = target.split("/");
      text += usageLine(day * PER_DAY + at, {
        timestamp: new Date(startMs + Math.floor(at * 86_400_000 / PER_DAY))
          .toISOString(),
        provider,
        model,
        client: CLIENTS[at % CLIENTS.length] ?? "",
        alias: at % 2 === 0 ? "fast" : "smart",
        outcome: at % 50 === 0 ? "upstream_error" : "success",
        input: 200 + at % 4000,
        output: 50 + at % 900,
        cost: `0.00${1000 + at % 8999}`,
        durationMs: 100 + (at * 7919) % 30_000,
        ttftMs: at % 3 === 0 ? 20 + at % 700 : null,
      }) + "\n";
      if (text.length > 4_000_000) {
        await writer.write(new TextEncoder().encode(text));
        text = "";
      }
    }
    await writer.write(new TextEncoder().encode(text));
    await writer.close().catch(() => {});
  }
}

/** Runs one question alone in its own process, and says how long it took there. */
async function alone(question: string, folder: string): Promise<void> {
  const child = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      import.meta.url,
      "--ask",
      question,
      folder,
    ],
    stderr: "inherit",
  }).output();
  console.log(new TextDecoder().decode(child.stdout).trim());
}

async function ask(question: string, folder: string): Promise<void> {
  const reader = { folders: [folder] };
  const all = readFilter(() => undefined);
  const totals = readGrouping(() => undefined);
  const startedMs = performance.now();
  // The longest time in which the event loop could do nothing else.
  let blockedMs = 0;
  let beatMs = startedMs;
  const beat = setInterval(() => {
    const nowMs = performance.now();
    blockedMs = Math.max(blockedMs, nowMs - beatMs);
    beatMs = nowMs;
  }, 1);
  let what = "";
  if (question === "summary") {
    what = (await summarize(reader, all, totals)).cost.total;
  } else if (question === "by-model-and-day") {
    const by = readGrouping((name) =>
      name === "groupBy" ? "model,day" : undefined
    );
    what = `${(await summarize(reader, all, by)).groups?.length} groups`;
  } else if (question === "page") {
    const page = await readPage(reader, all, { limit: 50, offset: 0 });
    what = `${page.lines.length} lines`;
  } else {
    using index = UsageIndex.open(`${folder}/index.sqlite`);
    const done = await index.update(reader, 0);
    what = question === "index"
      ? `${done.lines} lines`
      : (await summarizeIndexed(reader, all, totals, index)).cost.total;
  }
  const ms = performance.now() - startedMs;
  clearInterval(beat);
  const rss = Deno.memoryUsage().rss / 1048576;
  console.log(
    `${question.padEnd(18)} ${ms.toFixed(0).padStart(6)} ms  ${
      rss.toFixed(0).padStart(4)
    } MiB  loop blocked ${blockedMs.toFixed(0)} ms at most  ${what}`,
  );
}

async function main(): Promise<void> {
  const [flag, question = "", asked = ""] = Deno.args;
  if (flag === "--ask") return await ask(question, asked);
  const folder = await Deno.makeTempDir({ prefix: "signalbox-bench-" });
  try {
    await generate(folder);
    const questions = [
      "summary",
      "by-model-and-day",
      "page",
      "index",
      "indexed-summary",
    ];
    for (const one of questions) await alone(one, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

await main();
