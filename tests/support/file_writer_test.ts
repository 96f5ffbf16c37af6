import { assert, assertEquals, assertRejects } from "@std/assert";
import { dailyPath, type FileStream } from "../../src/support/file_stream.ts";
import { FileWriter } from "../../src/support/file_writer.ts";
import { OperationSlots } from "../../src/support/operation_slots.ts";
import { FakeClock } from "./fake_clock.ts";
import { inFolder } from "../temp_folder.ts";

const CHILD = new URL("./file_writer_child.ts", import.meta.url).pathname;

function child(permissions: string[], args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", ...permissions, CHILD, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  });
}

function linesOf(path: string): string[] {
  return Deno.readTextFileSync(path).split("\n").slice(0, -1);
}

/** Waits until a condition holds; what it waits for are file operations without an event. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("Cannot wait any longer");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("FileStream writes lines in order into the file of their UTC day, readable by the owner alone", () =>
  inFolder(async (folder) => {
    const clock = new FakeClock(Date.UTC(2026, 10, 20, 23, 59, 59, 999));
    const writer = new FileWriter({ clock });
    const usage = writer.open({ name: "u", path: dailyPath(`${folder}/a/b`) });
    for (let line = 0; line < 1000; line++) {
      if (line === 500) clock.advance(1);
      assert(usage.append(`line ${line} ä`));
    }
    assert(await writer.close(5000));
    assertEquals(
      [
        ...linesOf(`${folder}/a/b/2026-11-20.jsonl`),
        ...linesOf(`${folder}/a/b/2026-11-21.jsonl`),
      ],
      Array.from({ length: 1000 }, (_, line) => `line ${line} ä`),
    );
    assertEquals(linesOf(`${folder}/a/b/2026-11-21.jsonl`).length, 500);
    const { mode } = await Deno.stat(`${folder}/a/b/2026-11-20.jsonl`);
    assertEquals((mode ?? 0) & 0o777, 0o600);
    assertEquals(((await Deno.stat(`${folder}/a/b`)).mode ?? 0) & 0o777, 0o700);
    assertEquals([usage.written, usage.queueBytes], [1000, 0]);
    assertEquals(usage.append("late"), false);
    assertEquals(usage.dropped, { queue_full: 0, low_space: 0, closed: 1 });
  }));

Deno.test("FileStream files lines by their UTC day over a leap day and clocks that are set", () =>
  inFolder(async (folder) => {
    const clock = new FakeClock(Date.UTC(2028, 1, 28, 23, 30));
    const writer = new FileWriter({ clock });
    const stream = writer.open({ name: "x", path: dailyPath(folder) });
    // Half past eleven, an hour ahead, back again, and so on through the leap day.
    for (const hours of [0, 1, 0, -1, 24, 25, 24, 49]) {
      clock.wallOffsetMs = hours * 3_600_000;
      assert(stream.append(`${hours}`));
      clock.advance(5000);
      assert(await stream.flush(5000));
    }
    assert(await writer.close(5000));
    const days = namesIn(folder).sort().map((name) => [
      name,
      linesOf(`${folder}/${name}`),
    ]);
    assertEquals(days, [
      ["2028-02-28.jsonl", ["0", "0", "-1"]],
      ["2028-02-29.jsonl", ["1", "24", "24"]],
      ["2028-03-01.jsonl", ["25"]],
      ["2028-03-02.jsonl", ["49"]],
    ]);
  }));

Deno.test("FileStream writes after flushMs, or at once when flushLines wait", () =>
  inFolder(async (folder) => {
    const clock = new FakeClock(0);
    const writer = new FileWriter({ clock });
    const path = `${folder}/x.jsonl`;
    const stream = writer.open({
      name: "x",
      path: () => path,
      flushMs: 100,
      flushLines: 3,
    });
    stream.append("1");
    assertEquals(clock.pending, 1);
    clock.advance(100);
    await until(() => stream.written === 1);
    for (const line of ["2", "3", "4"]) stream.append(line);
    await until(() => stream.written === 4);
    assertEquals(linesOf(path), ["1", "2", "3", "4"]);
    assert(await writer.close(5000));
  }));

Deno.test("FileStream writes what comes while it syncs without waiting for more", () =>
  inFolder(async (folder) => {
    const writer = new FileWriter();
    const path = `${folder}/x.jsonl`;
    const stream = writer.open({
      name: "x",
      path: () => path,
      flushMs: 5,
      flushLines: 1,
    });
    let appended = 0;
    for (let round = 0; round < 50; round++) {
      stream.append(`${appended++}`);
      const flushed = stream.flush(5000);
      stream.append(`${appended++}`);
      await flushed;
    }
    await until(() => stream.written === appended);
    assertEquals(linesOf(path).length, appended);
    assert(await writer.close(5000));
  }));

Deno.test("FileStream keeps lines longer than its buffers whole", () =>
  inFolder(async (folder) => {
    const writer = new FileWriter();
    const path = `${folder}/x.jsonl`;
    const stream = writer.open({ name: "x", path: () => path });
    const lines = ["a", "ä".repeat(200_000), "b", "€".repeat(30_000), "c"];
    for (const line of lines) assert(stream.append(line));
    assert(await writer.close(5000));
    assertEquals(linesOf(path), lines);
  }));

Deno.test("FileStream cuts a torn last line off, keeps it aside and counts it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.jsonl`;
    const torn = "x".repeat(200_000);
    await Deno.writeTextFile(path, `{"a":1}\n{"b":2}\n${torn}`);
    const writer = new FileWriter();
    const stream = writer.open({ name: "x", path: () => path });
    stream.append(`{"c":3}`);
    assert(await writer.close(5000));
    assertEquals(linesOf(path), [`{"a":1}`, `{"b":2}`, `{"c":3}`]);
    assertEquals(linesOf(`${path}.torn`), [torn]);
    assertEquals(stream.torn, 1);
  }));

Deno.test("FileStream repairs a file that is one torn line", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.jsonl`;
    await Deno.writeTextFile(path, "never ended");
    const writer = new FileWriter();
    const stream = writer.open({ name: "x", path: () => path });
    stream.append("whole");
    assert(await writer.close(5000));
    assertEquals(linesOf(path), ["whole"]);
  }));

Deno.test("FileStream drops what does not fit its queue and counts it", () =>
  inFolder(async (folder) => {
    const writer = new FileWriter();
    const stream = writer.open({
      name: "x",
      path: () => `${folder}/x.jsonl`,
      maxQueueBytes: 1000,
    });
    let kept = 0;
    for (let line = 0; line < 100; line++) {
      if (stream.append("y".repeat(99))) kept++;
    }
    assertEquals(stream.append("z".repeat(100_000)), false);
    assert(stream.queueBytes <= 1000);
    assert(await writer.close(5000));
    assertEquals([kept, stream.written], [10, 10]);
    assertEquals(stream.dropped.queue_full, 91);
  }));

Deno.test("FileStream drops while space is below minFreeBytes and says so", () =>
  inFolder(async (folder) => {
    const states: (string | null)[] = [];
    const writer = new FileWriter({
      onState: (_stream, code) => states.push(code),
    });
    const stream = writer.open({
      name: "x",
      path: () => `${folder}/x.jsonl`,
      minFreeBytes: 2 ** 60,
    });
    assert(stream.append("first"));
    assert(await stream.flush(5000));
    assertEquals(stream.failing, "low_space");
    assertEquals(stream.append("second"), false);
    assertEquals(stream.dropped.low_space, 1);
    assertEquals(states, ["low_space"]);
    assert(await writer.close(5000));
  }));

Deno.test("FileStream keeps lines while its folder cannot be made and goes on when it can", () =>
  inFolder(async (folder) => {
    const states: (string | null)[] = [];
    const clock = new FakeClock(1_000_000);
    const writer = new FileWriter({
      clock,
      onState: (_stream, code) => states.push(code),
    });
    // A file stands where the folder should be.
    await Deno.writeTextFile(`${folder}/state`, "");
    const path = `${folder}/state/x.jsonl`;
    const stream = writer.open({ name: "x", path: () => path });
    stream.append("kept");
    assertEquals(await stream.flush(5000), false);
    assert(stream.failing !== null);
    assertEquals([...stream.errors.values()], [1]);
    await Deno.remove(`${folder}/state`);
    clock.advance(5000);
    await until(() => stream.written === 1);
    await until(() => stream.failing === null);
    assertEquals(states.length, 2);
    assertEquals(states[1], null);
    assert(await writer.close(5000));
    assertEquals(linesOf(path), ["kept"]);
  }));

Deno.test("FileStream notices that its folder was deleted", () =>
  inFolder(async (folder) => {
    const clock = new FakeClock(1_000_000);
    const writer = new FileWriter({ clock });
    const path = `${folder}/sub/x.jsonl`;
    const stream = writer.open({ name: "x", path: () => path });
    stream.append("before");
    assert(await stream.flush(5000));
    await Deno.remove(`${folder}/sub`, { recursive: true });
    clock.advance(1500);
    stream.append("after");
    assert(await stream.flush(5000));
    assertEquals(linesOf(path), ["after"]);
    assert(await writer.close(5000));
  }));

Deno.test("FileStream.rename() closes the file under another name and opens a new one", () =>
  inFolder(async (folder) => {
    const writer = new FileWriter();
    const path = `${folder}/audit.log`;
    const stream = writer.open({ name: "audit", path: () => path });
    stream.append("old");
    await stream.rename(path, `${folder}/audit-2026-10.log`);
    stream.append("new");
    assert(await writer.close(5000));
    assertEquals(linesOf(`${folder}/audit-2026-10.log`), ["old"]);
    assertEquals(linesOf(path), ["new"]);
    await assertRejects(() => stream.rename(`${folder}/none`, path));
  }));

Deno.test("FileWriter never has more than two file operations at once", () =>
  inFolder(async (folder) => {
    const writer = new FileWriter();
    const streams: FileStream[] = [];
    for (let index = 0; index < 8; index++) {
      const path = `${folder}/${index}.jsonl`;
      streams.push(writer.open({ name: `${index}`, path: () => path }));
    }
    for (let round = 0; round < 20; round++) {
      for (const stream of streams) stream.append("x".repeat(70_000));
      await writer.flush(5000);
    }
    assertEquals(writer.slots.most, 2);
    assert(await writer.close(5000));
    assertEquals(
      streams.map((stream) => stream.written),
      streams.map(() => 20),
    );
  }));

Deno.test("OperationSlots hands a slot on after a failure, first come first served", async () => {
  const slots = new OperationSlots(1);
  const order: number[] = [];
  const failed = assertRejects(() =>
    slots.run(() => Promise.reject(new Error("disk")))
  );
  const others = [1, 2, 3].map((number) =>
    slots.run(() => Promise.resolve(order.push(number)))
  );
  await Promise.all([failed, ...others]);
  assertEquals([order, slots.running, slots.most], [[1, 2, 3], 0, 1]);
});

Deno.test("FileStream.flush() gives up at its deadline while an operation hangs", async () => {
  const writer = new FileWriter({ maxOperations: 1 });
  const hung = Promise.withResolvers<void>();
  const occupied = writer.slots.run(() => hung.promise);
  await inFolder(async (folder) => {
    const stream = writer.open({ name: "x", path: () => `${folder}/x.jsonl` });
    stream.append("waits");
    assertEquals(await stream.flush(20), false);
    hung.resolve();
    await occupied;
    assert(await writer.close(5000));
    assertEquals(linesOf(`${folder}/x.jsonl`), ["waits"]);
  });
});

Deno.test("FileWriter on a full device keeps the lines, counts ENOSPC and ends in time", async () => {
  // Devices are out of reach without every permission.
  const run = child(["--allow-all"], ["full", "/dev/full"]);
  const { stdout, code } = await run.output();
  assertEquals(code, 0);
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), {
    done: false,
    errors: { ENOSPC: 1 },
    waiting: true,
  });
});

Deno.test("FileWriter survives kill -9: every inner line whole, no line lost in between, a torn tail repaired", () =>
  inFolder(async (folder) => {
    for (let round = 0; round < 4; round++) {
      const sub = `${folder}/${round}`;
      const process = child(
        [`--allow-read`, `--allow-write=${sub}`],
        ["run", sub],
      ).spawn();
      const reader = process.stdout.getReader();
      await reader.read();
      await until(() => fileSize(sub) > (1 + round) * 300_000);
      process.kill("SIGKILL");
      await reader.cancel();
      await process.status;
      const [name] = namesIn(sub);
      const path = `${sub}/${name}`;
      const whole = (await Deno.readTextFile(path)).endsWith("\n");
      const writer = new FileWriter();
      const stream = writer.open({ name: "x", path: () => path });
      stream.append(`{"line":-1}`);
      assert(await writer.close(5000));
      assertEquals(stream.torn, whole ? 0 : 1);
      const numbers = linesOf(path).map((line) => JSON.parse(line).line);
      assertEquals(numbers.pop(), -1);
      assertEquals(numbers, numbers.map((_, index) => index));
    }
  }));

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name);
}

function fileSize(folder: string): number {
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      return Deno.statSync(`${folder}/${name}`).size;
    }
  } catch {
    // The child has not made it yet.
  }
  return 0;
}
