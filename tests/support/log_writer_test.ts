import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type LogSink,
  LogWriter,
  type LogWriterOptions,
} from "../../src/support/log_writer.ts";
import { FakeClock } from "./fake_clock.ts";

/** A sink that takes bytes when it is told to. */
class SlowSink implements LogSink {
  text = "";
  writes = 0;
  mostInFlight = 0;
  #inFlight = 0;
  #gate: PromiseWithResolvers<void> | null = null;
  #takeBytes: number;

  constructor(takeBytes = Infinity) {
    this.#takeBytes = takeBytes;
  }

  block(): void {
    this.#gate = Promise.withResolvers<void>();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = null;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    this.mostInFlight = Math.max(this.mostInFlight, ++this.#inFlight);
    const taken = bytes.slice(0, this.#takeBytes);
    await this.#gate?.promise;
    this.text += new TextDecoder().decode(taken);
    this.#inFlight--;
    return taken.length;
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

function open(
  sink: LogSink,
  clock: FakeClock,
  options: Partial<LogWriterOptions> = {},
): LogWriter {
  return new LogWriter({
    sink,
    clock,
    level: "info",
    format: "json",
    maxLineBytes: 1024,
    maxFieldBytes: 512,
    bufferBytes: 2048,
    ...options,
  });
}

Deno.test("LogWriter holds lines for a moment and writes them together", async () => {
  const sink = new SlowSink();
  const clock = new FakeClock(1_795_212_123_456);
  const log = open(sink, clock);
  log.log("info", "one", { n: 1 });
  log.log("warn", "two");
  log.log("debug", "three");
  assertEquals([sink.writes, clock.pending], [0, 1]);
  clock.advance(250);
  assertEquals(sink.writes, 1);
  assert(await log.flush(1000));
  const time = new Date(1_795_212_123_456).toISOString();
  assertEquals(sink.lines.map((line) => JSON.parse(line)), [
    { time, level: "info", message: "one", n: 1 },
    { time, level: "warn", message: "two" },
  ]);
  assertEquals(log.counts, { debug: 0, info: 1, warn: 1, error: 0 });
  assertEquals(clock.pending, 0);
});

Deno.test("LogWriter writes errors at once and half-full buffers early", async () => {
  const sink = new SlowSink();
  const clock = new FakeClock();
  const log = open(sink, clock);
  log.log("error", "broken");
  assertEquals(sink.writes, 1);
  await log.flush(1000);
  for (let count = 0; count < 3; count++) {
    log.log("info", "long", { text: "x".repeat(400) });
  }
  assertEquals(sink.writes, 2);
  assert(await log.close(1000));
  assertEquals(sink.lines.length, 4);
});

Deno.test("LogWriter drops and counts lines while the sink takes nothing, then says so", async () => {
  const sink = new SlowSink();
  const clock = new FakeClock();
  const log = open(sink, clock);
  sink.block();
  for (let count = 0; count < 100; count++) {
    log.log("info", "line", { count, text: "x".repeat(100) });
  }
  assert(log.dropped > 50, `${log.dropped}`);
  assertEquals(sink.mostInFlight, 1);
  const dropped = log.dropped;
  sink.release();
  assert(await log.close(1000));
  const told = sink.lines.map((line) => JSON.parse(line)).filter((line) =>
    line.message === "log lines dropped"
  );
  assertEquals(told.map((line) => line.lines), [dropped]);
  assertEquals(sink.lines.length, 100 - dropped + 1);
  assertEquals(log.counts.info, 100);
});

Deno.test("LogWriter goes on after short writes and after a failed one", async () => {
  const clock = new FakeClock();
  const short = new SlowSink(7);
  const log = open(short, clock);
  log.log("info", "piecemeal", { text: "äöü" });
  assert(await log.close(1000));
  assertEquals(JSON.parse(short.text).text, "äöü");

  let broken = true;
  const sink = new SlowSink();
  const flaky = open({
    write: (bytes) =>
      broken ? Promise.reject(new Error("EPIPE")) : sink.write(bytes),
  }, clock);
  flaky.log("info", "lost");
  await flaky.flush(1000);
  assertEquals(flaky.dropped, 1);
  broken = false;
  flaky.log("info", "kept");
  assert(await flaky.close(1000));
  assertStringIncludes(sink.text, '"kept"');
});

Deno.test("LogWriter.close() gives up at its deadline and takes no more lines", async () => {
  const sink = new SlowSink();
  const clock = new FakeClock();
  const log = open(sink, clock);
  sink.block();
  log.log("error", "stuck");
  const closing = log.close(500);
  clock.advance(500);
  assertEquals(await closing, false);
  log.log("info", "late");
  assertEquals(log.dropped, 1);
  sink.release();
});

Deno.test("LogWriter marks priorities for the journal and follows a change of level", async () => {
  const sink = new SlowSink();
  const log = open(sink, new FakeClock(), { journal: true, format: "text" });
  log.setLevel("debug");
  for (const level of ["debug", "info", "warn", "error"] as const) {
    log.log(level, level);
  }
  log.setLevel("error");
  assertEquals([log.enabled("warn"), log.enabled("error")], [false, true]);
  log.log("info", "unwritten");
  assert(await log.close(1000));
  assertEquals(sink.lines.map((line) => line.slice(0, 3)), [
    "<7>",
    "<6>",
    "<4>",
    "<3>",
  ]);
});

Deno.test("LogWriter writes a line of the longest length into an empty buffer", async () => {
  const sink = new SlowSink();
  const log = open(sink, new FakeClock(), { maxFieldBytes: 5000 });
  log.log("info", "é".repeat(5000), { a: "é".repeat(5000), b: 1 });
  assert(await log.close(1000));
  assertEquals(log.dropped, 0);
  assert(new TextEncoder().encode(sink.text).length <= 1025);
  JSON.parse(sink.text);
});
