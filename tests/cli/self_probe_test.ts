import { assertEquals } from "@std/assert";
import { SelfProbe, type SelfProbeOptions } from "../../src/cli/self_probe.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** A watch whose questions are answered from a list. */
class Bench {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  readonly answers: boolean[] = [];
  accepted = 0;
  asked = 0;
  cancelled = 0;
  reopened = 0;
  reopenError: Error | null = null;

  watch(options: Partial<SelfProbeOptions> = {}): SelfProbe {
    return new SelfProbe({
      probe: () => {
        this.asked++;
        return {
          answered: Promise.resolve(this.answers.shift() ?? true),
          cancel: () => this.cancelled++,
        };
      },
      accepted: () => this.accepted,
      reopen: () => {
        this.reopened++;
        return this.reopenError === null
          ? Promise.resolve()
          : Promise.reject(this.reopenError);
      },
      log: {
        log: (level, message) => this.told.push(`${level} ${message}`),
        enabled: () => true,
      },
      clock: this.clock,
      ...options,
    });
  }

  /** Moves on and lets the question end. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

Deno.test("SelfProbe asks every 5 s and is quiet while answers come", async () => {
  const bench = new Bench();
  using _watch = bench.watch();
  for (let count = 1; count <= 3; count++) {
    await bench.advance(5000);
    assertEquals(bench.asked, count);
  }
  assertEquals([bench.reopened, bench.told.length], [0, 0]);
});

Deno.test("SelfProbe opens the listener anew at the second failure in a row, asks faster until it answers", async () => {
  const bench = new Bench();
  bench.answers.push(false, false, false, true);
  using watch = bench.watch();
  await bench.advance(5000);
  assertEquals([watch.failed, bench.reopened], [1, 0]);
  await bench.advance(500);
  assertEquals([watch.failed, bench.reopened], [2, 1]);
  await bench.advance(500);
  assertEquals([watch.failed, bench.reopened], [3, 2]);
  await bench.advance(500);
  assertEquals([watch.failed, bench.reopened], [0, 2]);
  assertEquals(bench.told, [
    "warn listener does not answer its own probe",
    "info listener answers again",
  ]);
  await bench.advance(4999);
  assertEquals(bench.asked, 4);
});

Deno.test("SelfProbe leaves a listener alone that accepts others: it is only busy", async () => {
  const bench = new Bench();
  bench.answers.push(false, false, false, false);
  using _watch = bench.watch();
  await bench.advance(5000);
  bench.accepted = 7;
  await bench.advance(500);
  assertEquals(bench.reopened, 0);
  bench.accepted = 9;
  await bench.advance(500);
  assertEquals(bench.reopened, 0);
  await bench.advance(500);
  assertEquals(bench.reopened, 1);
});

Deno.test("SelfProbe says once why the listener cannot be opened and goes on trying", async () => {
  const bench = new Bench();
  bench.answers.push(...new Array<boolean>(6).fill(false));
  bench.reopenError = new Error("Cannot open the listener anew");
  using _watch = bench.watch();
  await bench.advance(5000);
  for (let count = 0; count < 5; count++) await bench.advance(500);
  assertEquals(bench.reopened, 5);
  assertEquals(
    bench.told.filter((line) => line.startsWith("error")),
    ["error listener cannot be opened anew"],
  );
});

Deno.test("SelfProbe gives up its question and asks no more once it is disposed", async () => {
  const bench = new Bench();
  const watch = bench.watch({
    probe: () => ({
      answered: new Promise(() => {}),
      cancel: () => bench.cancelled++,
    }),
  });
  await bench.advance(5000);
  watch[Symbol.dispose]();
  assertEquals([bench.cancelled, bench.clock.pending], [1, 0]);
});
