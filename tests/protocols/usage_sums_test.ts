/** Whatever convention a provider counts by, the ledger's buckets are disjoint and sum to its totals. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  emptyLedger,
  type Ledger,
  totalInput,
  totalOutput,
  type Usage,
} from "../../src/exchange/usage.ts";
import { readChatUsage } from "../../src/protocols/chat/usage.ts";
import { readMessagesUsage } from "../../src/protocols/messages/usage.ts";
import { readResponsesUsage } from "../../src/protocols/responses/usage.ts";
import type { JsonObject } from "../../src/support/json.ts";

const COUNT = fc.oneof(fc.constant(0), fc.nat(9), fc.nat(2_000_000));

/** How a provider tells what was consumed. */
interface Convention {
  readonly name: string;
  /** The buckets that it can tell apart. */
  readonly buckets: readonly (keyof Ledger)[];
  spell(ledger: Ledger): JsonObject;
  read(usage: JsonObject): Usage;
}

const CONVENTIONS: readonly Convention[] = [
  {
    name: "chat, everything inside (OpenAI)",
    buckets: [
      "input",
      "cacheRead",
      "cacheWrite5m",
      "inputAudio",
      "output",
      "reasoning",
      "outputAudio",
    ],
    spell: (ledger) => ({
      prompt_tokens: totalInput(ledger),
      completion_tokens: totalOutput(ledger),
      total_tokens: totalInput(ledger) + totalOutput(ledger),
      prompt_tokens_details: {
        cached_tokens: ledger.cacheRead,
        cache_write_tokens: ledger.cacheWrite5m,
        audio_tokens: ledger.inputAudio,
      },
      completion_tokens_details: {
        reasoning_tokens: ledger.reasoning,
        audio_tokens: ledger.outputAudio,
      },
    }),
    read: (usage) => readChatUsage(usage, {}),
  },
  {
    name: "chat, reasoning outside (xAI)",
    buckets: ["input", "cacheRead", "output", "reasoning"],
    spell: (ledger) => ({
      prompt_tokens: totalInput(ledger),
      completion_tokens: ledger.output,
      total_tokens: totalInput(ledger) + totalOutput(ledger),
      prompt_tokens_details: { cached_tokens: ledger.cacheRead },
      completion_tokens_details: { reasoning_tokens: ledger.reasoning },
    }),
    read: (usage) => readChatUsage(usage, {}),
  },
  {
    name: "messages, caches outside (Anthropic)",
    buckets: ["input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "output"],
    spell: (ledger) => ({
      input_tokens: ledger.input,
      cache_read_input_tokens: ledger.cacheRead,
      cache_creation_input_tokens: ledger.cacheWrite5m + ledger.cacheWrite1h,
      cache_creation: {
        ephemeral_5m_input_tokens: ledger.cacheWrite5m,
        ephemeral_1h_input_tokens: ledger.cacheWrite1h,
      },
      output_tokens: ledger.output,
    }),
    read: (usage) => readMessagesUsage(usage, {}),
  },
  {
    name: "responses, everything inside",
    buckets: ["input", "cacheRead", "output", "reasoning"],
    spell: (ledger) => ({
      input_tokens: totalInput(ledger),
      input_tokens_details: { cached_tokens: ledger.cacheRead },
      output_tokens: totalOutput(ledger),
      output_tokens_details: { reasoning_tokens: ledger.reasoning },
      total_tokens: totalInput(ledger) + totalOutput(ledger),
    }),
    read: (usage) => readResponsesUsage(usage, {}),
  },
];

for (const { name, buckets, spell, read } of CONVENTIONS) {
  Deno.test(`usage of ${name} is read back into the buckets it was made of`, () => {
    const counts = fc.record(
      Object.fromEntries(buckets.map((bucket) => [bucket, COUNT])),
    );
    fc.assert(
      fc.property(counts, (given) => {
        const ledger = { ...emptyLedger(), ...given };
        assertEquals(read(spell(ledger)).ledger, ledger);
      }),
      { numRuns: 1000 },
    );
  });

  Deno.test(`usage of ${name} with broken numbers gives whole buckets that are never negative`, () => {
    const broken = fc.oneof(
      fc.nat(1000),
      fc.constantFrom(null, -5, 0.5, -1e300, 1e300, NaN, "7", true, {}, []),
    );
    const keys = Object.entries(spell(emptyLedger()));
    const wire = fc.record(
      Object.fromEntries(keys.map(([key, value]) => [
        key,
        typeof value === "object" && value !== null
          ? fc.oneof(
            broken,
            fc.record(
              Object.fromEntries(
                Object.keys(value).map((inner) => [inner, broken]),
              ),
            ),
          )
          : broken,
      ])),
    );
    fc.assert(
      fc.property(wire, (usage) => {
        const { ledger } = read(usage as JsonObject);
        for (const [bucket, count] of Object.entries(ledger)) {
          assert(Number.isSafeInteger(count) && count >= 0, bucket);
        }
      }),
      { numRuns: 1000 },
    );
  });
}
