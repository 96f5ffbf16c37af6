import { assert, assertEquals } from "@std/assert";
import { createClock } from "@sinonjs/fake-timers";
import type { UpstreamSink } from "../../src/exchange/upstream.ts";
import type { SimulatorSettings } from "../../src/simulator/settings.ts";
import { createSimulator } from "../../src/simulator/simulator.ts";
import { SILENT_LOGGER } from "../../src/support/logger.ts";
import { simulator, upstreamRequest } from "./harness.ts";

const SETTINGS: Partial<SimulatorSettings> = {
  firstTokenMs: { mean: 100 },
  tokenMs: { mean: 10 },
  jitter: 0,
};

/** A simulator on a clock that stands still until it is moved. */
function fakeSimulator(settings: Partial<SimulatorSettings> = SETTINGS) {
  const clock = createClock();
  const start = createSimulator(settings, {
    now: () => clock.now,
    monotonicMs: () => clock.now,
    timers: {
      setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
      clearTimeout: (handle) => clock.clearTimeout(handle as number),
    },
    logger: SILENT_LOGGER,
  });
  return { clock, start };
}

/** Notes when what was heard. */
class Listener implements UpstreamSink {
  readonly heard: string[] = [];
  readonly now: () => number;
  accept = true;

  constructor(now: () => number) {
    this.now = now;
  }

  onHead(status: number): void {
    this.heard.push(`${this.now()} head ${status}`);
  }

  onChunk(bytes: Uint8Array): boolean {
    const text = new TextDecoder().decode(bytes);
    const word = /"content":"([^"]+)"/.exec(text)?.[1];
    this.heard.push(`${this.now()} ${word ?? "frame"}`);
    return this.accept;
  }

  onEnd(): void {
    this.heard.push(`${this.now()} end`);
  }

  onFailure(): void {
    this.heard.push(`${this.now()} failure`);
  }
}

function chat(model: string, stream = true) {
  return upstreamRequest("chat", {
    model,
    stream,
    messages: [{ role: "user", content: "one two three" }],
  });
}

Deno.test("Playback sends the head at once and each token at its time", async () => {
  const { clock, start } = fakeSimulator();
  const sink = new Listener(() => clock.now);
  start(chat("echo"), sink);
  assertEquals(sink.heard, []);
  await clock.runAllAsync();
  assertEquals(sink.heard, [
    "0 head 200",
    "0 frame",
    "100 one",
    "110  two",
    "120  three",
    "120 frame",
    "120 frame",
    "120 end",
  ]);
});

Deno.test("Playback holds a whole answer back until all its tokens are made", async () => {
  const { clock, start } = fakeSimulator();
  const sink = new Listener(() => clock.now);
  start(chat("echo", false), sink);
  await clock.runAllAsync();
  assertEquals(sink.heard, [
    "120 head 200",
    "120 one two three",
    "120 end",
  ]);
});

Deno.test("Playback stretches delays for slow models", async () => {
  const { clock, start } = fakeSimulator();
  const sink = new Listener(() => clock.now);
  start(chat("echo+slow"), sink);
  await clock.runAllAsync();
  assertEquals(sink.heard.at(-1), "1200 end");
});

Deno.test("Playback varies delays within the jitter and by the request id alone", async () => {
  const ends: string[] = [];
  for (const id of ["a", "a", "b"]) {
    const { clock, start } = fakeSimulator({ ...SETTINGS, jitter: 0.5 });
    const sink = new Listener(() => clock.now);
    start({ ...chat("echo"), id }, sink);
    await clock.runAllAsync();
    ends.push(sink.heard.at(-1) ?? "");
    const endMs = parseFloat(ends.at(-1) ?? "");
    assert(endMs >= 60 && endMs <= 181, String(endMs));
  }
  assertEquals(ends[0], ends[1]);
  assert(ends[0] !== ends[2]);
});

Deno.test("Playback pauses when the sink says so and goes on by resume()", async () => {
  const { clock, start } = fakeSimulator();
  const sink = new Listener(() => clock.now);
  sink.accept = false;
  const call = start(chat("echo"), sink);
  await clock.tickAsync(1000);
  assertEquals(sink.heard, ["0 head 200", "0 frame"]);
  assertEquals(clock.countTimers(), 0);
  call.resume();
  call.resume();
  await clock.tickAsync(0);
  assertEquals(sink.heard.slice(2), ["1000 one"]);
  sink.accept = true;
  call.resume();
  await clock.runAllAsync();
  assertEquals(sink.heard.at(-1), "1000 end");
  assertEquals(sink.heard.length, 8);
});

Deno.test("Playback keeps within the sink's pauses in the middle of a sliced frame", async () => {
  const { clock, start } = fakeSimulator();
  const sink = new Listener(() => clock.now);
  sink.accept = false;
  const call = start(chat("echo+split"), sink);
  for (let i = 2; i < 10; i++) {
    await clock.tickAsync(0);
    assertEquals(sink.heard.length, i);
    call.resume();
  }
  call.abort();
});

Deno.test("Playback leaves no timer and says nothing more after abort()", async () => {
  const { clock, start } = fakeSimulator();
  for (const tickMs of [0, 50, 105]) {
    const sink = new Listener(() => clock.now);
    const call = start(chat("any"), sink);
    await clock.tickAsync(tickMs);
    const { length } = sink.heard;
    call.abort();
    assertEquals(clock.countTimers(), 0);
    call.resume();
    await clock.runAllAsync();
    assertEquals(sink.heard.length, length);
  }
  const unheard = new Listener(() => clock.now);
  start(chat("any"), unheard).abort();
  await clock.runAllAsync();
  assertEquals(unheard.heard, []);
});

Deno.test("Playback hears abort() from within onHead and onChunk", async () => {
  const { clock, start } = fakeSimulator();
  for (const moment of ["head", "chunk"]) {
    const sink = new Listener(() => clock.now);
    const call = start(chat("any"), {
      onHead: (status) => {
        sink.onHead(status);
        if (moment === "head") call.abort();
      },
      onChunk: (bytes) => {
        call.abort();
        return sink.onChunk(bytes);
      },
      onEnd: () => sink.onEnd(),
      onFailure: () => sink.onFailure(),
    });
    await clock.runAllAsync();
    assertEquals(sink.heard.length, moment === "head" ? 1 : 2);
    assertEquals(clock.countTimers(), 0);
  }
});

Deno.test("Playback stalls for ever where a trigger asks for it, with no timer left", async () => {
  const { clock, start } = fakeSimulator();
  for (
    const [model, stream, heard] of [
      ["stall", true, 0],
      ["stall", false, 0],
      ["stall-after-0", true, 2],
      ["stall-after-3", true, 5],
      ["stall-after-3", false, 2],
    ] as const
  ) {
    const sink = new Listener(() => clock.now);
    const call = start(chat(model, stream), sink);
    await clock.tickAsync(1e6);
    assertEquals(sink.heard.length, heard, model);
    assertEquals(clock.countTimers(), 0);
    call.abort();
  }
});

Deno.test("Playback lets the event loop turn between batches of a fast answer", async () => {
  let turns = 0;
  let ended = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const start = createSimulator({
    firstTokenMs: { mean: 0 },
    tokenMs: { mean: 0 },
  }, {
    now: () => 0,
    monotonicMs: () => 0,
    timers: {
      setTimeout: (callback) => {
        turns++;
        queueMicrotask(callback);
      },
      clearTimeout: () => {},
    },
    logger: SILENT_LOGGER,
  });
  start(chat("tokens-1000"), {
    onHead: () => {},
    onChunk: () => true,
    onEnd: () => {
      ended = true;
      resolve();
    },
    onFailure: () => {},
  });
  await promise;
  assert(ended && turns > 3, `${turns} turns`);
});

Deno.test("createSimulator() never tells the sink anything before it returns", () => {
  const sink = new Listener(() => 0);
  for (const model of ["any", "error-500", "cut", ""]) {
    simulator()(chat(model), sink).abort();
  }
  simulator()({ ...chat("any"), body: new Uint8Array([255]) }, sink).abort();
  assertEquals(sink.heard, []);
});
