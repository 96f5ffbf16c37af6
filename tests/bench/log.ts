/**
 * What an access-log line costs, formatted, encoded and handed over in batches.
 * `deno run --allow-all tests/bench/log.ts`
 *
 * @module
 */

import { AccessLogTap } from "../../src/cli/access_log_tap.ts";
import { LogWriter } from "../../src/support/log_writer.ts";
import { endedExchange } from "../metrics/exchanges.ts";

const LIMITS = { maxLineBytes: 16384, maxFieldBytes: 2048 };
const exchange = endedExchange({ fields: { stream: true } });
const finished = { type: "finished", exchange } as const;
const CALLS = 1000;
const ROUNDS = 300;

/** Median over rounds of 1,000 lines, in ns a line, with a turn of the loop between them. */
async function measure(
  name: string,
  log: LogWriter | null,
  body: () => void,
): Promise<void> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    for (let call = 0; call < CALLS; call++) body();
    rounds.push((performance.now() - startMs) * 1e6 / CALLS);
    await log?.flush(1000);
  }
  rounds.sort((a, b) => a - b);
  const nanoseconds = rounds[ROUNDS >> 1] ?? 0;
  const dropped = log === null ? "" : `, ${log.dropped} dropped`;
  console.log(`${name.padEnd(44)} ${nanoseconds.toFixed(0)} ns${dropped}`);
  await log?.close(1000);
}

function open(format: "json" | "text"): LogWriter {
  return new LogWriter({
    sink: { write: (bytes) => Promise.resolve(bytes.length) },
    level: "info",
    format,
    bufferBytes: 1 << 20,
    ...LIMITS,
  });
}

for (const format of ["json", "text"] as const) {
  const log = open(format);
  const tap = new AccessLogTap(log, LIMITS);
  await measure(`access line, ${format}`, log, () => tap.on(finished));
}
const log = open("json");
await measure("log() with four fields, json", log, () => {
  log.log("info", "provider answered", {
    id: exchange.id,
    provider: "openai",
    status: 200,
    durationMs: 12.5,
  });
});
const silent = open("json");
await measure("log() below the level", silent, () => {
  silent.log("debug", "unseen");
});
const encoder = new TextEncoder();
const record = { ...exchange, attempts: exchange.attempts.length };
await measure("JSON.stringify and encode, for comparison", null, () => {
  encoder.encode(JSON.stringify(record));
});
