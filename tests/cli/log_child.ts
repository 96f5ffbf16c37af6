/** Logs to a standard error that nobody reads and reports on standard output how it fared. @module */

import { openLog } from "../../src/cli/log.ts";

const log = openLog(
  { level: "info", format: "auto", maxLineBytes: 16384, maxFieldBytes: 2048 },
  { journalStream: Deno.args[0] ?? "", noColor: "" },
);
let worstMs = 0;
let lastMs = performance.now();
for (let round = 0; round < 40; round++) {
  for (let line = 0; line < 500; line++) {
    log.log("info", "filler", { round, line, text: "x".repeat(200) });
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  const nowMs = performance.now();
  worstMs = Math.max(worstMs, nowMs - lastMs);
  lastMs = nowMs;
}
const closed = await log.close(Number(Deno.args[1] ?? 200));
console.log(JSON.stringify({
  closed,
  dropped: log.dropped,
  counted: log.counts.info,
  worstMs,
}));
Deno.exit(0);
