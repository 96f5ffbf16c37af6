import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { UNKNOWN_CAPABILITIES } from "../../src/exchange/capabilities.ts";
import { capabilitiesOf } from "../../src/providers/model_table.ts";

Deno.test("capabilitiesOf() knows output limits by family, not by prefix alone", () => {
  for (
    const [model, limit] of [
      ["claude-3-haiku-20240307", 4_096],
      ["claude-3-5-haiku-20241022", 8_192],
      ["claude-3-7-sonnet-latest", 64_000],
      ["claude-opus-4-20250514", 32_000],
      ["claude-opus-4-1-20250805", 32_000],
      ["claude-opus-4-1", 32_000],
      ["claude-sonnet-4-20250514", 64_000],
      ["claude-sonnet-4@20250514", 64_000],
      ["claude-opus-4-5-20251101", 64_000],
      ["claude-sonnet-4-6", 128_000],
      ["claude-opus-5-5", 128_000],
      ["claude-opus-9", null],
      ["gpt-4", 8_192],
      ["gpt-4-turbo-2024-04-09", 4_096],
      ["gpt-4o-mini", 16_384],
      ["gpt-4.1-nano", 32_768],
      ["gpt-5-mini-2025-08-07", 128_000],
      ["gpt-5-chat-latest", 16_384],
      ["gpt-6-sol", 128_000],
      ["o4-mini", 100_000],
      ["gemini-2.0-flash-001", 8_192],
      ["gemini-2.5-pro", 65_536],
      ["deepseek-chat", 8_192],
      ["grok-4.5", 500_000],
    ] as const
  ) assertStrictEquals(capabilitiesOf(model).maxOutputTokens, limit, model);
});

Deno.test("capabilitiesOf() looks through vendor paths, cloud prefixes and case", () => {
  const plain = capabilitiesOf("claude-sonnet-4-5");
  for (
    const model of [
      "anthropic/claude-sonnet-4-5",
      "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "Claude-Sonnet-4-5",
      "openrouter/anthropic/claude-sonnet-4-5:beta",
      "claude-sonnet-4-5[1m]",
    ]
  ) assertStrictEquals(capabilitiesOf(model), plain, model);
});

Deno.test("capabilitiesOf() holds the constraints of the 2026 Claude models", () => {
  for (
    const model of ["claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-2"]
  ) {
    const known = capabilitiesOf(model);
    assertEquals(known.forcedToolChoice, false, model);
    assertEquals(known.sampling, false, model);
    assertEquals(known.thinking, "adaptive", model);
    assertEquals(known.systemTurns, true, model);
    assert(!known.efforts?.includes("none"), model);
  }
  assertEquals(capabilitiesOf("claude-opus-4-7").sampling, false);
  assertEquals(capabilitiesOf("claude-opus-4-6").sampling, true);
  assert(!capabilitiesOf("claude-sonnet-4-6").efforts?.includes("xhigh"));
  assert(capabilitiesOf("claude-opus-4-7").efforts?.includes("xhigh"));
  assertEquals(capabilitiesOf("claude-sonnet-4-5").efforts, ["none"]);
  assertEquals(capabilitiesOf("claude-haiku-4-5").thinking, "budget");
  assertEquals(capabilitiesOf("claude-sonnet-5").systemTurns, false);
});

Deno.test("capabilitiesOf() knows who refuses a forced tool choice", () => {
  for (
    const model of ["qwen3-max", "kimi-k2.6", "glm-4.7", "qwen-unheard-of"]
  ) {
    assertEquals(capabilitiesOf(model).forcedToolChoice, false, model);
  }
  for (const model of ["gpt-4o", "o3", "claude-opus-4-6", "gemini-2.5-pro"]) {
    assertEquals(capabilitiesOf(model).forcedToolChoice, true, model);
  }
});

Deno.test("capabilitiesOf() claims nothing of models it has not heard of", () => {
  for (
    const model of ["", "echo", "gpt-5.9", "gpt-50", "o9", "my/finetune", "/"]
  ) assertStrictEquals(capabilitiesOf(model), UNKNOWN_CAPABILITIES, model);
});
