import { assertEquals } from "@std/assert";
import { emptyLedger, type Ledger } from "../../src/exchange/usage.ts";
import { readForeignUsage } from "../../src/protocols/foreign_usage.ts";
import type { JsonObject } from "../../src/support/json.ts";

function ledgerOf(body: JsonObject): Ledger | null {
  return readForeignUsage(body)?.ledger ?? null;
}

function buckets(some: Partial<Ledger>): Ledger {
  return { ...emptyLedger(), ...some };
}

Deno.test("readForeignUsage() adds Gemini's thinking and tool prompts, and takes the cache out by modality", () => {
  assertEquals(
    ledgerOf({
      candidates: [{
        groundingMetadata: { webSearchQueries: ["one", "two"] },
      }],
      modelVersion: "gemini-3-pro",
      usageMetadata: {
        promptTokenCount: 1000,
        cachedContentTokenCount: 400,
        toolUsePromptTokenCount: 50,
        candidatesTokenCount: 200,
        thoughtsTokenCount: 300,
        promptTokensDetails: [
          { modality: "TEXT", tokenCount: 700 },
          { modality: "AUDIO", tokenCount: 300 },
        ],
        cacheTokensDetails: [
          { modality: "TEXT", tokenCount: 300 },
          { modality: "AUDIO", tokenCount: 100 },
        ],
        candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 150 }],
      },
    }),
    // 700 - 300 text and the 50 of tools; 300 - 100 audio; 200 - 150 text out.
    buckets({
      input: 450,
      cacheRead: 300,
      inputAudio: 200,
      cacheReadAudio: 100,
      output: 50,
      outputImage: 150,
      reasoning: 300,
      webSearch: 2,
    }),
  );
  const usage = readForeignUsage({
    modelVersion: "gemini-3-pro",
    usageMetadata: { promptTokenCount: 1, serviceTier: "PRIORITY" },
  });
  assertEquals([usage?.model, usage?.serviceTier], [
    "gemini-3-pro",
    "priority",
  ]);
});

Deno.test("readForeignUsage() takes Bedrock's cache as beside the input, by lifetime", () => {
  const usage = {
    inputTokens: 10,
    outputTokens: 20,
    cacheReadInputTokens: 300,
    cacheWriteInputTokens: 100,
    cacheDetails: [
      { ttl: "5m", inputTokens: 40 },
      { ttl: "1h", inputTokens: 60 },
    ],
  };
  const expected = buckets({
    input: 10,
    output: 20,
    cacheRead: 300,
    cacheWrite5m: 40,
    cacheWrite1h: 60,
  });
  assertEquals(ledgerOf({ usage }), expected);
  assertEquals(ledgerOf({ metadata: { usage } }), expected);
  assertEquals(ledgerOf(usage), expected);
});

Deno.test("readForeignUsage() takes what Cohere bills, not what it counts", () => {
  const usage = {
    billed_units: { input_tokens: 5, output_tokens: 7, search_units: 1 },
    tokens: { input_tokens: 71, output_tokens: 9 },
  };
  const expected = buckets({ input: 5, output: 7, webSearch: 1 });
  assertEquals(ledgerOf({ usage }), expected);
  assertEquals(ledgerOf({ meta: usage }), expected);
});

Deno.test("readForeignUsage() leaves the three protocols alone", () => {
  for (
    const usage of [
      { prompt_tokens: 1, completion_tokens: 1 },
      { input_tokens: 1, output_tokens: 1 },
    ]
  ) {
    assertEquals(readForeignUsage(usage), null);
    assertEquals(readForeignUsage({ usage }), null);
  }
});
