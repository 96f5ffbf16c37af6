import { assertEquals } from "@std/assert";
import {
  DEFAULT_POLICY,
  readPolicy,
  writePolicy,
} from "../../src/providers/head_policy.ts";
import { readStateFile, StateFile } from "../../src/providers/state_file.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** Waits for a file operation, which tells nobody that it has ended. */
async function until(
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error("Cannot wait any longer");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("StateFile tells once that it cannot write, tries again and makes a folder that was deleted", async () => {
  const folder = await Deno.makeTempDir();
  const state = `${folder}/state`;
  const path = `${state}/kept.json`;
  await Deno.writeTextFile(state, "a file where the folder should be");
  const clock = new FakeClock();
  let errors = 0;
  const file = new StateFile({
    path,
    text: () => "kept",
    onError: () => errors++,
    clock,
  });
  file.changed();
  clock.advance(200);
  for (let tries = 0; tries < 3; tries++) {
    // It failed: the next try waits.
    await until(() => clock.pending === 1);
    clock.advance(5000);
  }
  await until(() => clock.pending === 1);
  assertEquals(errors, 1);
  await Deno.remove(state);
  clock.advance(5000);
  await until(async () => await readStateFile(path) === "kept");
  await Deno.remove(state, { recursive: true });
  file.changed();
  await file[Symbol.asyncDispose]();
  assertEquals(await readStateFile(path), "kept");
  assertEquals([errors, clock.pending], [1, 0]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("writePolicy() makes a folder that was deleted", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/state/policy.json`;
  const policy = { ...DEFAULT_POLICY, enabled: false };
  await writePolicy(path, policy);
  assertEquals(await readPolicy(path), policy);
  await Deno.remove(folder, { recursive: true });
});
