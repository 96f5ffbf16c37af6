import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { RequestError } from "../../../src/exchange/gateway_error.ts";
import {
  type CanonicalRequest,
  NO_SAMPLING,
  type ReasoningRequest,
} from "../../../src/protocols/canonical.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import { requestWith, targetOf, UNKNOWN_TARGET } from "./support.ts";

const NONE: ReasoningRequest = {
  effort: null,
  budgetTokens: null,
  mode: null,
  summary: null,
};

function encode(
  reasoning: Partial<ReasoningRequest>,
  model: string | null,
  fields: Partial<CanonicalRequest> = {},
) {
  const { body, losses } = messages.encodeRequest(
    requestWith({ reasoning: { ...NONE, ...reasoning }, ...fields }),
    model === null ? UNKNOWN_TARGET : targetOf(model),
  );
  return {
    thinking: body.thinking,
    config: body.output_config,
    max: body.max_tokens,
    temperature: body.temperature,
    lost: losses.map((loss) => loss.field),
  };
}

Deno.test("encodeRequest() turns an effort into a budget below the limit", () => {
  assertEquals(
    encode({ effort: "medium" }, "claude-sonnet-4-5", {
      maxOutputTokens: 20_000,
    }),
    {
      thinking: { type: "enabled", budget_tokens: 8192 },
      config: undefined,
      max: 20_000,
      temperature: undefined,
      lost: [],
    },
  );
  assertEquals(
    encode({ effort: "high" }, "claude-sonnet-4-5", { maxOutputTokens: 5000 })
      .thinking,
    { type: "enabled", budget_tokens: 4000 },
  );
  assertEquals(encode({ effort: "minimal" }, "claude-sonnet-4-5").thinking, {
    type: "enabled",
    budget_tokens: 1024,
  });
});

Deno.test("encodeRequest() raises a limit that the client did not set", () => {
  assertEquals(encode({ effort: "high" }, null).max, 8192 + 24_576);
  assertEquals(encode({ effort: "high" }, "claude-sonnet-4-5").max, 64_000);
});

Deno.test("encodeRequest() clamps a budget as a loss and gives up where none fits", () => {
  const clamped = encode({ budgetTokens: 9000 }, "claude-sonnet-4-5", {
    maxOutputTokens: 4096,
  });
  assertEquals(clamped.thinking, { type: "enabled", budget_tokens: 4095 });
  assertEquals(clamped.lost, ["reasoning.max_tokens"]);
  const none = encode({ budgetTokens: 9000 }, "claude-sonnet-4-5", {
    maxOutputTokens: 1000,
  });
  assertEquals(none.thinking, undefined);
  assertEquals(none.lost, ["reasoning"]);
});

Deno.test("encodeRequest() sends effort to models that think as they see fit", () => {
  assertEquals(encode({ effort: "high", summary: "auto" }, "claude-opus-4-6"), {
    thinking: { type: "adaptive", display: "summarized" },
    config: { effort: "high" },
    max: 128_000,
    temperature: undefined,
    lost: [],
  });
  assertEquals(encode({ budgetTokens: 20_000 }, "claude-opus-5").config, {
    effort: "high",
  });
  assertEquals(encode({ effort: "minimal" }, "claude-opus-5").lost, [
    "reasoning_effort",
  ]);
});

Deno.test("encodeRequest() refuses an effort that the model does not take", () => {
  for (
    const [effort, model] of [
      ["xhigh", "claude-sonnet-4-6"],
      ["none", "claude-opus-5-5"],
      ["huge", "claude-sonnet-4-5"],
    ] as const
  ) {
    const { error } = assertThrows(
      () => encode({ effort }, model),
      RequestError,
    );
    assertEquals(error.param, "reasoning_effort");
    assertStringIncludes(error.message, "use one of");
    assertStringIncludes(error.message, model);
  }
});

Deno.test("encodeRequest() switches thinking off where that can be said", () => {
  assertEquals(encode({ effort: "none" }, "claude-sonnet-4-6").thinking, {
    type: "disabled",
  });
  assertEquals(
    encode({ effort: "none" }, "claude-3-5-haiku-20241022").thinking,
    undefined,
  );
  assertEquals(encode({ effort: "high" }, "claude-3-5-haiku-20241022").lost, [
    "reasoning",
  ]);
});

Deno.test("encodeRequest() lets a forced call win over thinking", () => {
  const fields: Partial<CanonicalRequest> = {
    tools: [{
      kind: "function",
      name: "f",
      description: null,
      parameters: null,
      strict: null,
      cache: null,
    }],
    toolChoice: { kind: "required" },
  };
  const budget = encode({ effort: "high" }, "claude-sonnet-4-5", fields);
  assertEquals([budget.thinking, budget.lost], [undefined, ["reasoning"]]);
  const adaptive = encode({ effort: "high" }, "claude-opus-4-6", fields);
  assertEquals([adaptive.thinking, adaptive.config], [undefined, {
    effort: "high",
  }]);
});

Deno.test("encodeRequest() drops sampling that thinking forbids", () => {
  const sampling = { ...NO_SAMPLING, temperature: 0.2, topP: 0.5, topK: 5 };
  const { temperature, lost } = encode({ effort: "low" }, "claude-sonnet-4-5", {
    sampling,
  });
  assertEquals(temperature, undefined);
  assertEquals(lost, ["temperature", "top_p", "top_k"]);
  assertEquals(
    encode({ effort: "low" }, "claude-sonnet-4-5", {
      sampling: { ...NO_SAMPLING, temperature: 1 },
    }).lost,
    [],
  );
});
