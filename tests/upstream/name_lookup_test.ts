import { assertEquals } from "@std/assert";
import type { LookupFunction } from "node:net";
import { sharedLookup } from "../../src/upstream/name_lookup.ts";

const OPTIONS = { all: true } as const;
const FOUND = [{ address: "192.0.2.7", family: 4 }];

type Answer = Parameters<Parameters<LookupFunction>[2]>;

/** A name server that answers when it is told to, and its clients. */
function rig() {
  const calls: { name: string; answer: (...answer: Answer) => void }[] = [];
  const heard: string[] = [];
  let nowMs = 0;
  const lookup = sharedLookup(
    (name, _options, answer) => void calls.push({ name, answer }),
    () => nowMs,
  );
  return {
    calls,
    heard,
    pass: (ms: number) => nowMs += ms,
    ask: (name: string, options: Parameters<LookupFunction>[1] = OPTIONS) =>
      lookup(name, options, (error, addresses) => {
        heard.push(
          `${name} ${error === null ? JSON.stringify(addresses) : error.code}`,
        );
      }),
  };
}

function failed(code: string): Answer {
  return [Object.assign(new Error(code), { code }), []];
}

Deno.test("sharedLookup() asks once for all who want the same name at the same time", () => {
  const { calls, heard, ask } = rig();
  for (let count = 0; count < 50; count++) ask("a.example");
  ask("b.example");
  ask("a.example", { family: 6 });
  assertEquals(calls.map(({ name }) => name), [
    "a.example",
    "b.example",
    "a.example",
  ]);
  calls[0]?.answer(null, FOUND);
  assertEquals(heard.length, 50);
  assertEquals(new Set(heard), new Set([`a.example ${JSON.stringify(FOUND)}`]));
  ask("a.example");
  assertEquals(calls.length, 4, "an answer is not kept");
});

Deno.test("sharedLookup() asks again where an answer is late, twice at most", () => {
  const { calls, heard, ask, pass } = rig();
  for (let second = 0; second < 10; second++) {
    ask("a.example");
    ask("a.example");
    pass(1000);
  }
  assertEquals(calls.length, 2);
  calls[0]?.answer(...failed("EAI_AGAIN"));
  assertEquals(heard, [], "another may still bring it");
  calls[1]?.answer(null, FOUND);
  assertEquals(heard.length, 20);
  ask("a.example");
  ask("a.example");
  assertEquals(calls.length, 3);
  calls[2]?.answer(null, FOUND);
  assertEquals(heard.length, 22, "each hears one answer");
});

Deno.test("sharedLookup() tells all when nobody knows the name", () => {
  const { calls, heard, ask, pass } = rig();
  ask("a.example");
  pass(1000);
  ask("a.example");
  for (const { answer } of calls) answer(...failed("ENOTFOUND"));
  assertEquals(heard, ["a.example ENOTFOUND", "a.example ENOTFOUND"]);
  ask("a.example");
  assertEquals(calls.length, 3);
});
