/** Asserts the grammar of stream_part.ts. @module */

import { assert, assertEquals } from "@std/assert";
import type { StreamPart } from "../../src/protocols/stream_part.ts";

const STARTS: ReadonlyMap<string, string> = new Map([
  ["text-start", "text"],
  ["refusal-start", "refusal"],
  ["reasoning-start", "reasoning"],
  ["tool-call-start", "tool-call"],
]);

const WITHIN: ReadonlyMap<string, string> = new Map([
  ["text-delta", "text"],
  ["text-citation", "text"],
  ["refusal-delta", "refusal"],
  ["reasoning-delta", "reasoning"],
  ["tool-call-delta", "tool-call"],
]);

const ENDS: ReadonlyMap<string, string> = new Map([
  ["text-end", "text"],
  ["refusal-end", "refusal"],
  ["reasoning-end", "reasoning"],
  ["tool-call-end", "tool-call"],
]);

/**
 * Asserts that `parts` is a valid sequence: one start, blocks with keys from 0
 * in order of appearance, exactly one terminal. A finish needs every block
 * closed; an error may come at any point, also before the start.
 */
export function checkParts(parts: readonly StreamPart[]): void {
  const open = new Map<number, string>();
  let nextKey = 0;
  let started = false;
  let ended = false;
  parts.forEach((part, index) => {
    const at = `part ${index} (${JSON.stringify(part)})`;
    assert(!ended, `${at} comes after the terminal`);
    if (part.type === "error") {
      ended = true;
      assert(part.error.message !== "", `${at} has no message`);
      return;
    }
    if (part.type === "start") {
      assert(!started, `${at} is a second start`);
      started = true;
      return;
    }
    assert(started, `${at} comes before the start`);
    if (part.type === "finish") {
      assertEquals([...open], [], `${at} leaves blocks open`);
      ended = true;
      return;
    }
    if (part.type === "native") return;
    const startOf = STARTS.get(part.type);
    if (startOf !== undefined) {
      assertEquals(part.key, nextKey, `${at} has the wrong key`);
      nextKey++;
      open.set(part.key, startOf);
      if (part.type === "tool-call-start") {
        assert(part.id !== "" && part.name !== "", `${at} has no id or name`);
      }
      return;
    }
    const block = WITHIN.get(part.type) ?? ENDS.get(part.type);
    assertEquals(open.get(part.key), block, `${at} is outside its block`);
    if (ENDS.has(part.type)) open.delete(part.key);
  });
  assert(ended, "the sequence has no terminal");
}

/** Asserts a valid sequence that ends in `finish`. */
export function checkFinished(parts: readonly StreamPart[]): void {
  checkParts(parts);
  assertEquals(parts.at(-1)?.type, "finish");
}

/** Asserts a valid sequence that ends in `error`. */
export function checkFailed(parts: readonly StreamPart[]): void {
  checkParts(parts);
  assertEquals(parts.at(-1)?.type, "error");
}
