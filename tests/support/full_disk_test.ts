import { assert, assertEquals } from "@std/assert";
import { FileWriter } from "../../src/support/file_writer.ts";
import { canMount, MemoryDisk } from "../disks.ts";
import { needs } from "../skip.ts";

Deno.test({
  ...needs(
    canMount(),
    "mounting is not permitted",
    "FileStream on a disk that fills up loses no line, breaks none and goes on when there is room",
  ),
  fn: async () => {
    using disk = new MemoryDisk(1);
    const folder = disk.path;
    const states: (string | null)[] = [];
    const writer = new FileWriter({
      onState: (_stream, code) => states.push(code),
    });
    await Deno.writeFile(`${folder}/ballast`, new Uint8Array(700_000));
    const path = `${folder}/x.jsonl`;
    const stream = writer.open({ name: "x", path: () => path });
    for (let line = 0; line < 600; line++) {
      assert(stream.append(`{"line":${line},"text":"${"x".repeat(990)}"}`));
    }
    assertEquals(await stream.flush(5000), false);
    assertEquals(stream.failing, "ENOSPC");
    assertEquals(await stream.flush(5000), false);
    assert(stream.written > 0 && stream.written < 600);
    await Deno.remove(`${folder}/ballast`);
    assert(await writer.close(5000));
    const text = await Deno.readTextFile(path);
    const numbers = text.split("\n").slice(0, -1)
      .map((line) => JSON.parse(line).line);
    assertEquals(numbers, Array.from({ length: 600 }, (_, line) => line));
    assertEquals([stream.written, stream.torn], [600, 0]);
    assertEquals(states, ["ENOSPC", null]);
  },
});
