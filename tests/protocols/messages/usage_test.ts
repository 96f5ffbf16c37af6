import { assertEquals } from "@std/assert";
import { emptyLedger, noUsage } from "../../../src/exchange/usage.ts";
import {
  encodeMessagesUsage,
  mergeUsage,
  partialUsage,
  readMessagesUsage,
} from "../../../src/protocols/messages/usage.ts";
import type { JsonObject } from "../../../src/support/json.ts";

function ledgerOf(usage: JsonObject) {
  return readMessagesUsage(usage, {}).ledger;
}

Deno.test("readMessagesUsage() keeps cached tokens apart from input", () => {
  assertEquals(
    ledgerOf({
      input_tokens: 13,
      cache_read_input_tokens: 22000,
      cache_creation_input_tokens: 31,
      output_tokens: 4,
    }),
    {
      ...emptyLedger(),
      input: 13,
      cacheRead: 22000,
      cacheWrite5m: 31,
      output: 4,
    },
  );
});

Deno.test("readMessagesUsage() splits cache writes by lifetime and trusts the total", () => {
  const cache_creation = {
    ephemeral_5m_input_tokens: 10,
    ephemeral_1h_input_tokens: 20,
  };
  assertEquals(
    ledgerOf({ cache_creation, cache_creation_input_tokens: 30 }),
    { ...emptyLedger(), cacheWrite5m: 10, cacheWrite1h: 20 },
  );
  assertEquals(ledgerOf({ cache_creation }).cacheWrite5m, 10);
  assertEquals(
    ledgerOf({ cache_creation, cache_creation_input_tokens: 100 }),
    { ...emptyLedger(), cacheWrite5m: 80, cacheWrite1h: 20 },
  );
});

Deno.test("readMessagesUsage() takes thinking out of output and counts searches", () => {
  assertEquals(
    ledgerOf({
      output_tokens: 145,
      output_tokens_details: { thinking_tokens: 47 },
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
    }),
    { ...emptyLedger(), output: 98, reasoning: 47, webSearch: 2 },
  );
  assertEquals(
    ledgerOf({
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 9 },
    }),
    { ...emptyLedger(), reasoning: 5 },
  );
});

Deno.test("readMessagesUsage() sums iterations, which the top level leaves out in part", () => {
  const usage = readMessagesUsage({
    input_tokens: 2411,
    output_tokens: 145,
    output_tokens_details: { thinking_tokens: 47 },
    iterations: [
      { type: "message", input_tokens: 1128, output_tokens: 135 },
      {
        type: "advisor_message",
        model: "claude-opus-4-8",
        input_tokens: 2543,
        output_tokens: 18,
        cache_creation_input_tokens: 7,
      },
      { type: "message", input_tokens: 1283, output_tokens: 10 },
    ],
  }, { model: "claude-sonnet-4-6" });
  assertEquals(usage.ledger, {
    ...emptyLedger(),
    input: 4954,
    output: 116,
    reasoning: 47,
    cacheWrite5m: 7,
  });
  assertEquals(usage.model, "claude-sonnet-4-6");
});

Deno.test("readMessagesUsage() names the model that a fallback served", () => {
  const usage = readMessagesUsage({
    input_tokens: 412,
    output_tokens: 264,
    iterations: [
      { type: "message", model: "claude-fable-5", input_tokens: 408 },
      {
        type: "fallback_message",
        model: "claude-opus-4-8",
        input_tokens: 412,
        output_tokens: 264,
      },
    ],
  }, { model: "claude-fable-5" });
  assertEquals(usage.model, "claude-opus-4-8");
  assertEquals(usage.ledger.input, 820);
});

Deno.test("readMessagesUsage() tells zero from missing and never goes negative", () => {
  assertEquals(
    readMessagesUsage({ input_tokens: 0, output_tokens: 0 }, {}).source,
    "reported",
  );
  assertEquals(readMessagesUsage({}, {}).source, "none");
  assertEquals(readMessagesUsage({ input_tokens: null }, {}).source, "none");
  assertEquals(
    ledgerOf({ input_tokens: -5, output_tokens: "7" }),
    emptyLedger(),
  );
});

Deno.test("mergeUsage() replaces field by field, as the counts are cumulative", () => {
  assertEquals(
    mergeUsage(
      {
        input_tokens: 702,
        output_tokens: 1,
        service_tier: "standard",
        cache_read_input_tokens: 9,
      },
      { input_tokens: 1591, output_tokens: 175, cache_read_input_tokens: null },
    ),
    {
      input_tokens: 1591,
      output_tokens: 175,
      service_tier: "standard",
      cache_read_input_tokens: 9,
    },
  );
});

Deno.test("partialUsage() says that the final counts never came", () => {
  assertEquals(
    partialUsage({ input_tokens: 5, output_tokens: 1 }, {}).source,
    "partial",
  );
  assertEquals(partialUsage({}, {}), noUsage());
});

Deno.test("encodeMessagesUsage() and readMessagesUsage() agree", () => {
  const ledger = {
    ...emptyLedger(),
    input: 1,
    cacheRead: 2,
    cacheWrite5m: 3,
    cacheWrite1h: 4,
    output: 5,
    reasoning: 6,
    webSearch: 7,
  };
  const encoded = encodeMessagesUsage({
    ...noUsage(),
    ledger,
    serviceTier: "priority",
  });
  assertEquals(readMessagesUsage(encoded, {}).ledger, ledger);
  assertEquals(encoded.output_tokens, 11);
  assertEquals(encoded.service_tier, "priority");
});
