/** Appends numbered lines until it is killed, or to a full device; reports on standard output. @module */

import { dailyPath } from "../../src/support/file_stream.ts";
import { FileWriter } from "../../src/support/file_writer.ts";

const [mode, target = ""] = Deno.args;
if (target === "") {
  throw new Error("Cannot run: the arguments are mode and target");
}
const writer = new FileWriter();
if (mode === "full") {
  const stream = writer.open({ name: "full", path: () => target });
  for (let line = 0; line < 100; line++) stream.append(`{"line":${line}}`);
  const done = await writer.close(2000);
  console.log(JSON.stringify({
    done,
    errors: Object.fromEntries(stream.errors),
    waiting: stream.queueBytes > 0,
  }));
} else {
  const stream = writer.open({
    name: "usage",
    path: dailyPath(target),
    flushMs: 1,
    maxQueueBytes: 64 << 20,
  });
  const text = "x".repeat(900);
  let line = 0;
  console.log("ready");
  for (;;) {
    for (let count = 0; count < 800; count++) {
      stream.append(`{"line":${line++},"text":"${text}"}`);
    }
    await stream.flush(5000);
  }
}
