import { assert, assertEquals, assertRejects } from "@std/assert";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { anthropicClient, openAiClient, simulator } from "./harness.ts";

const WEATHER = {
  type: "object" as const,
  properties: {
    city: { type: "string" },
    days: { type: "integer", minimum: 1, maximum: 7 },
  },
  required: ["city", "days"],
  additionalProperties: false,
};
const PLAIN = { type: "object" as const, properties: {} };

const CHAT_TOOLS = [
  { type: "function", function: { name: "get_weather", parameters: WEATHER } },
  { type: "function", function: { name: "get_time", parameters: PLAIN } },
] as const;
const MESSAGES_TOOLS = [
  { name: "get_weather", input_schema: WEATHER },
  { name: "get_time", input_schema: PLAIN },
];
const RESPONSES_TOOLS = [
  { type: "function", name: "get_weather", parameters: WEATHER, strict: true },
  { type: "function", name: "get_time", parameters: PLAIN, strict: false },
] as const;

type ChatBody = Omit<OpenAI.ChatCompletionCreateParamsStreaming, "stream">;
type MessagesBody = Omit<Anthropic.MessageCreateParamsNonStreaming, "stream">;
type ResponsesBody = Omit<OpenAI.Responses.ResponseCreateParams, "stream">;

const user = (content: string) => [{ role: "user" as const, content }];

const CHAT_VARIANTS: Record<string, ChatBody> = {
  text: { model: "any", messages: user("hello") },
  echo: { model: "echo", messages: user("one two  three") },
  "usage and reasoning": {
    model: "any",
    messages: user("think"),
    reasoning_effort: "high",
    stream_options: { include_usage: true },
  },
  "two calls": {
    model: "any",
    messages: user("Please get_time and then get_weather"),
    tools: [...CHAT_TOOLS],
  },
  "required call": {
    model: "any",
    messages: user("hello"),
    tools: [...CHAT_TOOLS],
    tool_choice: "required",
  },
  "named call": {
    model: "any",
    messages: user("hello"),
    tools: [...CHAT_TOOLS],
    tool_choice: { type: "function", function: { name: "get_weather" } },
  },
  structured: {
    model: "any",
    messages: user("hello"),
    response_format: {
      type: "json_schema",
      json_schema: { name: "w", schema: WEATHER, strict: true },
    },
  },
  limit: { model: "any", messages: user("hello"), max_completion_tokens: 3 },
  choices: { model: "any", messages: user("hello"), n: 3 },
  refusal: { model: "refusal", messages: user("hello") },
  empty: { model: "empty", messages: user("hello") },
  split: { model: "split", messages: user("hello") },
  "no usage": { model: "no-usage", messages: user("hello") },
};

for (const [name, body] of Object.entries(CHAT_VARIANTS)) {
  Deno.test(`createSimulator() streams chat as the official client expects and as the whole answer says: ${name}`, async () => {
    const client = openAiClient(simulator());
    const stream = client.chat.completions.stream(body);
    const final = await stream.finalChatCompletion();
    const whole = await client.chat.completions.create(
      { ...body, stream: false, stream_options: null },
    );
    assertEquals(final.choices.length, body.n ?? 1);
    for (const [index, choice] of whole.choices.entries()) {
      const streamed = final.choices[index];
      assertEquals(
        streamed?.message.content ?? "",
        choice.message.content ?? "",
      );
      assertEquals(streamed?.message.refusal ?? null, choice.message.refusal);
      assertEquals(streamed?.finish_reason, choice.finish_reason);
      const calls = choice.message.tool_calls?.map((call) =>
        call.type === "function" ? call.function.arguments : ""
      );
      const streamedCalls = streamed?.message.tool_calls?.map((call) =>
        call.type === "function" ? call.function.arguments : ""
      );
      assertEquals(streamedCalls, calls);
      for (const text of calls ?? []) JSON.parse(text);
    }
    if (body.stream_options?.include_usage) {
      assertEquals(final.usage, whole.usage);
    }
  });
}

const MESSAGES_VARIANTS: Record<string, MessagesBody> = {
  text: { model: "any", max_tokens: 500, messages: user("hello") },
  echo: { model: "echo", max_tokens: 500, messages: user("one two  three") },
  thinking: {
    model: "any",
    max_tokens: 4000,
    messages: user("think"),
    thinking: { type: "enabled", budget_tokens: 1024 },
  },
  "omitted thinking": {
    model: "any",
    max_tokens: 4000,
    messages: user("think"),
    thinking: { type: "adaptive", display: "omitted" },
  },
  redacted: {
    model: "redacted",
    max_tokens: 4000,
    messages: user("think"),
    thinking: { type: "enabled", budget_tokens: 1024 },
  },
  "two calls": {
    model: "any",
    max_tokens: 500,
    messages: user("Please get_time and then get_weather"),
    tools: MESSAGES_TOOLS,
  },
  "forced call": {
    model: "any",
    max_tokens: 500,
    messages: user("hello"),
    tools: MESSAGES_TOOLS,
    tool_choice: { type: "any" },
  },
  "named call": {
    model: "any",
    max_tokens: 500,
    messages: user("hello"),
    tools: MESSAGES_TOOLS,
    tool_choice: { type: "tool", name: "get_weather" },
  },
  structured: {
    model: "any",
    max_tokens: 500,
    messages: user("hello"),
    output_config: { format: { type: "json_schema", schema: WEATHER } },
  },
  limit: { model: "any", max_tokens: 3, messages: user("hello") },
  "cache warming": { model: "any", max_tokens: 0, messages: user("hello") },
  cached: {
    model: "any",
    max_tokens: 30,
    messages: [{
      role: "user",
      content: [{
        type: "text",
        text: "a long prompt to be cached",
        cache_control: { type: "ephemeral", ttl: "1h" },
      }],
    }],
  },
  refusal: { model: "refusal", max_tokens: 500, messages: user("hello") },
  empty: { model: "empty", max_tokens: 500, messages: user("hello") },
  split: { model: "split", max_tokens: 500, messages: user("hello") },
};

for (const [name, body] of Object.entries(MESSAGES_VARIANTS)) {
  Deno.test(`createSimulator() streams messages as the official client expects and as the whole answer says: ${name}`, async () => {
    const client = anthropicClient(simulator());
    const final = await client.messages.stream(body).finalMessage();
    const whole = await client.messages.create({ ...body, stream: false });
    assertEquals(final.content, whole.content);
    assertEquals(final.stop_reason, whole.stop_reason);
    assertEquals(final.usage, whole.usage);
  });
}

const RESPONSES_VARIANTS: Record<string, ResponsesBody> = {
  text: { model: "any", input: "hello" },
  echo: { model: "echo", input: "one two  three" },
  "hidden reasoning": {
    model: "any",
    input: "think",
    reasoning: { effort: "high" },
  },
  "reasoning summary": {
    model: "any",
    input: "think",
    reasoning: { effort: "low", summary: "auto" },
    include: ["reasoning.encrypted_content"],
    store: false,
  },
  "two calls": {
    model: "any",
    input: "Please get_time and then get_weather",
    tools: [...RESPONSES_TOOLS],
  },
  "required call": {
    model: "any",
    input: "hello",
    tools: [...RESPONSES_TOOLS],
    tool_choice: "required",
  },
  "custom call": {
    model: "any",
    input: "hello",
    tools: [{ type: "custom", name: "apply_patch" }],
    tool_choice: { type: "custom", name: "apply_patch" },
  },
  structured: {
    model: "any",
    input: "hello",
    text: { format: { type: "json_schema", name: "w", schema: WEATHER } },
  },
  limit: { model: "any", input: "hello", max_output_tokens: 16 },
  refusal: { model: "refusal", input: "hello" },
  empty: { model: "empty", input: "hello" },
  split: { model: "split", input: "hello" },
  "no usage": { model: "no-usage", input: "hello" },
};

for (const [name, body] of Object.entries(RESPONSES_VARIANTS)) {
  Deno.test(`createSimulator() streams responses as the official client expects and as the whole answer says: ${name}`, async () => {
    const client = openAiClient(simulator());
    const stream = client.responses.stream(body);
    const numbers: number[] = [];
    stream.on("event", (event) => {
      numbers.push(event.sequence_number);
    });
    const final = await stream.finalResponse();
    const whole = await client.responses.create({ ...body, stream: false });
    const { output, ...rest } = whole;
    for (const [index, item] of output.entries()) {
      const streamed = JSON.parse(JSON.stringify(final.output[index]));
      const plain = JSON.parse(JSON.stringify(item));
      stripParsed(streamed);
      assertEquals(streamed, plain);
    }
    assertEquals(final.output.length, output.length);
    assertEquals(final.status, rest.status);
    assertEquals(final.usage, rest.usage);
    assertEquals(numbers, numbers.map((_number, index) => index));
  });
}

// The client adds what it parsed to items and parts.
function stripParsed(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if ("parsed" in value) delete value.parsed;
  if ("parsed_arguments" in value) delete value.parsed_arguments;
  for (const inner of Object.values(value)) stripParsed(inner);
}

Deno.test("createSimulator() lets an agent loop of the official Anthropic client end, thinking replayed", async () => {
  const client = anthropicClient(simulator());
  const messages: Anthropic.MessageParam[] = user("Use get_weather now");
  const body = {
    model: "any",
    max_tokens: 4000,
    tools: MESSAGES_TOOLS,
    thinking: { type: "enabled" as const, budget_tokens: 1024 },
  };
  const first = await client.messages.create({ ...body, messages });
  assertEquals(first.stop_reason, "tool_use");
  const call = first.content.find((block) => block.type === "tool_use");
  assert(call !== undefined);
  const second = await client.messages.create({
    ...body,
    messages: [...messages, { role: "assistant", content: first.content }, {
      role: "user",
      content: [{
        type: "tool_result",
        tool_use_id: call.id,
        content: "sunny, 21 degrees",
      }],
    }],
  });
  const text = second.content.find((block) => block.type === "text");
  assertEquals(text?.text, "get_weather returned: sunny, 21 degrees");
  assertEquals(second.stop_reason, "end_turn");
});

Deno.test("createSimulator() lets an agent loop of the official OpenAI client end, reasoning replayed", async () => {
  const client = openAiClient(simulator());
  const body = {
    model: "any",
    tools: [...RESPONSES_TOOLS],
    reasoning: { effort: "low" as const, summary: "auto" as const },
    include: ["reasoning.encrypted_content" as const],
    store: false,
  };
  const first = await client.responses.create({
    ...body,
    input: "get_time please",
  });
  const call = first.output.find((item) => item.type === "function_call");
  assert(call !== undefined);
  const input = [...user("get_time please"), ...first.output, {
    type: "function_call_output",
    call_id: call.call_id,
    output: "12:00",
  }] as OpenAI.Responses.ResponseInput;
  const second = await client.responses.create({ ...body, input });
  assertEquals(second.output_text, "get_time returned: 12:00");
});

Deno.test("createSimulator() ends a failing stream in a way that each official client notices", async () => {
  const openai = openAiClient(simulator());
  const anthropic = anthropicClient(simulator());
  for (const model of ["in-band-error-after-3", "cut-after-3"]) {
    await assertRejects(() =>
      openai.chat.completions.stream({ model, messages: user("x") })
        .finalChatCompletion()
    );
    await assertRejects(() =>
      anthropic.messages.stream({ model, max_tokens: 99, messages: user("x") })
        .finalMessage()
    );
    await assertRejects(() =>
      openai.responses.stream({ model, input: "x" }).finalResponse()
    );
  }
});

Deno.test("createSimulator() answers errors that the official clients map to their own classes", async () => {
  const openai = openAiClient(simulator());
  const anthropic = anthropicClient(simulator());
  const limited = await assertRejects(
    () => openai.responses.create({ model: "error-429", input: "x" }),
    OpenAI.RateLimitError,
  );
  assertEquals(limited.headers?.get("retry-after"), "1");
  await assertRejects(
    () =>
      anthropic.messages.create({
        model: "error-529",
        max_tokens: 9,
        messages: user("x"),
      }),
    Anthropic.InternalServerError,
  );
  const refused = await assertRejects(
    () =>
      openai.chat.completions.create({
        model: "error-401",
        messages: user("x"),
      }),
    OpenAI.AuthenticationError,
  );
  assertEquals(refused.code, "invalid_api_key");
});

Deno.test("createSimulator() counts tokens and embeds for the official clients", async () => {
  const openai = openAiClient(simulator());
  const anthropic = anthropicClient(simulator());
  const counted = await anthropic.messages.countTokens({
    model: "any",
    messages: user("how many tokens are these?"),
  });
  assert(counted.input_tokens > 5 && counted.input_tokens < 20);
  const input = await openai.responses.inputTokens.count({
    model: "any",
    input: "how many tokens are these?",
  });
  assertEquals(input.object, "response.input_tokens");
  assert(input.input_tokens > 5 && input.input_tokens < 20);
  const floats = await openai.embeddings.create({
    model: "e",
    input: ["one", "two", "one"],
    dimensions: 8,
    encoding_format: "float",
  });
  // Without a format the client asks for base64 and decodes it.
  const decoded = await openai.embeddings.create({
    model: "e",
    input: "one",
    dimensions: 8,
  });
  assertEquals(floats.data[0]?.embedding, floats.data[2]?.embedding);
  assertEquals(decoded.data[0]?.embedding, floats.data[0]?.embedding);
  const vector = floats.data[1]?.embedding ?? [];
  const length = Math.hypot(...vector);
  assert(Math.abs(length - 1) < 1e-6);
});
