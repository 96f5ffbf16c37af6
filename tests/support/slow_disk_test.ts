// F19 and F20: a disk that hangs, and one that takes 50 ms for every write.

import { assert, assertEquals } from "@std/assert";
import { FileWriter } from "../../src/support/file_writer.ts";
import { OperationSlots } from "../../src/support/operation_slots.ts";
import { runProgram } from "../disks.ts";
import { FakeClock } from "./fake_clock.ts";

/** Every operation takes so long more. */
class SlowSlots extends OperationSlots {
  operations = 0;
  readonly #delayMs: number;

  constructor(delayMs: number) {
    super(2);
    this.#delayMs = delayMs;
  }

  override run<T>(operation: () => Promise<T>): Promise<T> {
    return super.run(async () => {
      this.operations++;
      await pause(this.#delayMs);
      return await operation();
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("FileStream on a disk that takes 50 ms per write drains in batches and counts what does not fit", async () => {
  const folder = await Deno.makeTempDir();
  const slots = new SlowSlots(50);
  const writer = new FileWriter({ slots });
  const path = `${folder}/x.jsonl`;
  const stream = writer.open({
    name: "x",
    path: () => path,
    flushMs: 1,
    maxQueueBytes: 400_000,
  });
  // 100 lines every 10 ms: ten times what line by line could be written.
  const text = "x".repeat(1000);
  let kept = 0;
  for (let round = 0; round < 40; round++) {
    for (let line = 0; line < 100; line++) {
      if (stream.append(`${round * 100 + line} ${text}`)) kept++;
    }
    await pause(10);
  }
  assert(await writer.close(20_000));
  const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
  const numbers = lines.map((line) => parseInt(line));
  assertEquals([lines.length, stream.written], [kept, kept]);
  assertEquals(stream.dropped.queue_full, 4000 - kept);
  assert(kept < 4000, "the queue was never full");
  assertEquals(numbers, numbers.toSorted((left, right) => left - right));
  // About 60 lines in each.
  assert(slots.operations < kept / 10, `${slots.operations} operations`);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("FileStream says that a write hangs, takes lines meanwhile, drops what does not fit and goes on when it ends", async () => {
  const folder = await Deno.makeTempDir();
  // A pipe takes 64 KiB; then a write waits until somebody reads.
  const path = `${folder}/pipe`;
  assert(runProgram("mkfifo", path));
  const clock = new FakeClock();
  const states: (string | null)[] = [];
  const writer = new FileWriter({
    clock,
    onState: (_stream, code) => states.push(code),
  });
  const stream = writer.open({
    name: "x",
    path: () => path,
    flushLines: 1,
    fsyncMs: 0,
    maxQueueBytes: 200_000,
  });
  for (let line = 0; line < 250; line++) stream.append("x".repeat(999));
  assert(stream.dropped.queue_full > 0);
  // The write has begun: opening it took several turns of the loop.
  await pause(200);
  assertEquals(stream.failing, null);
  clock.advance(5000);
  assertEquals([stream.failing, ...states], ["hung", "hung"]);
  const reader = await Deno.open(path, { read: true, write: true });
  const buffer = new Uint8Array(65_536);
  let read = 0;
  while (read < 199_000) read += await reader.read(buffer) ?? 0;
  for (let tries = 0; stream.failing !== null && tries < 500; tries++) {
    await pause(10);
  }
  assertEquals(states, ["hung", null]);
  assertEquals(stream.written + stream.dropped.queue_full, 250);
  // A pipe cannot be synced.
  await writer.close(0);
  reader.close();
  await Deno.remove(folder, { recursive: true });
});
