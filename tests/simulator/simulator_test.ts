import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { PROTOCOL_NAMES } from "../../src/exchange/names.ts";
import type { ProtocolName } from "../../src/exchange/names.ts";
import type { StartCall } from "../../src/exchange/upstream.ts";
import type { JsonObject, JsonValue } from "../../src/support/json.ts";
import { ask, askJson, simulator, upstreamRequest } from "./harness.ts";

const QUESTIONS: Record<ProtocolName, JsonObject> = {
  chat: { model: "any", messages: [{ role: "user", content: "hello" }] },
  messages: {
    model: "any",
    max_tokens: 4000,
    messages: [{ role: "user", content: "hello" }],
  },
  responses: { model: "any", input: "hello" },
};

// deno-lint-ignore no-explicit-any -- answers are read as loosely as clients read them
type Loose = any;

async function answer(
  protocol: ProtocolName,
  fields: JsonObject,
  start: StartCall = simulator(),
): Promise<Loose> {
  const body = { ...QUESTIONS[protocol], ...fields };
  const { status, body: reply } = await askJson(start, protocol, body);
  assertEquals(status, 200, JSON.stringify(reply));
  return reply;
}

function textOf(protocol: ProtocolName, reply: Loose): string {
  switch (protocol) {
    case "chat":
      return reply.choices[0].message.content;
    case "messages":
      return reply.content.at(-1).text;
    case "responses":
      return reply.output.at(-1).content[0].text;
  }
}

function tool(protocol: ProtocolName, name: string): JsonObject {
  const schema: JsonValue = { type: "object", properties: {} };
  switch (protocol) {
    case "chat":
      return { type: "function", function: { name, parameters: schema } };
    case "messages":
      return { name, input_schema: schema };
    case "responses":
      return { type: "function", name, parameters: schema };
  }
}

function calledTools(protocol: ProtocolName, reply: Loose): string[] {
  switch (protocol) {
    case "chat":
      return (reply.choices[0].message.tool_calls ?? []).map((call: Loose) =>
        call.function.name
      );
    case "messages":
      return reply.content.filter((block: Loose) => block.type === "tool_use")
        .map((block: Loose) => block.name);
    case "responses":
      return reply.output.filter((item: Loose) => item.type === "function_call")
        .map((item: Loose) => item.name);
  }
}

function said(protocol: ProtocolName, text: string): JsonObject {
  return protocol === "responses"
    ? { input: text }
    : { messages: [{ role: "user", content: text }] };
}

for (const protocol of PROTOCOL_NAMES) {
  const name = (criterion: string) =>
    `createSimulator() ${criterion} (${protocol})`;

  Deno.test(
    name(
      "answers equal bodies of one seed with equal bytes, whatever came before",
    ),
    async () => {
      const bytes = async (start: StartCall, text: string) => {
        const body = { ...QUESTIONS[protocol], ...said(protocol, text) };
        return (await ask(start, upstreamRequest(protocol, body))).text;
      };
      const one = simulator({ seed: 5 });
      const first = await bytes(one, "a");
      await bytes(one, "b");
      assertEquals(await bytes(one, "a"), first);
      assertEquals(await bytes(simulator({ seed: 5 }), "a"), first);
      assertNotEquals(await bytes(simulator({ seed: 6 }), "a"), first);
      assertNotEquals(await bytes(one, "b"), first);
    },
  );

  Deno.test(
    name("gives the configured number of tokens and counts them"),
    async () => {
      const start = simulator({ outputTokens: { mean: 33 } });
      const reply = await answer(protocol, {}, start);
      const { usage } = reply;
      assertEquals(usage.completion_tokens ?? usage.output_tokens, 33);
      assertEquals(textOf(protocol, reply).split(/\s+/).length, 33);
    },
  );

  Deno.test(
    name("varies lengths within min and max where a deviation is set"),
    async () => {
      const start = simulator({
        outputTokens: { mean: 30, stddev: 6, min: 20, max: 40 },
      });
      const seen = new Set<number>();
      for (let i = 0; i < 20; i++) {
        const { usage } = await answer(
          protocol,
          said(protocol, `q${i}`),
          start,
        );
        seen.add(usage.completion_tokens ?? usage.output_tokens);
      }
      assert(seen.size > 5);
      assert([...seen].every((count) => count >= 20 && count <= 40));
    },
  );

  Deno.test(
    name(
      "calls what the last user message names, all of it in one turn unless told not to",
    ),
    async () => {
      const tools = ["alpha", "beta", "gamma"].map((one) =>
        tool(protocol, one)
      );
      const ask = (text: string, more: JsonObject = {}) =>
        answer(protocol, { ...said(protocol, text), tools, ...more });
      const called = async (text: string, more: JsonObject = {}) =>
        calledTools(protocol, await ask(text, more));
      assertEquals(await called("hello alphabet"), []);
      assertEquals(await called("run BETA, then alpha!"), ["beta", "alpha"]);
      const serial: JsonObject = protocol === "messages"
        ? { tool_choice: { type: "auto", disable_parallel_tool_use: true } }
        : { parallel_tool_calls: false };
      assertEquals(await called("run beta, then alpha", serial), ["beta"]);
      const none = protocol === "messages" ? { type: "none" } : "none";
      assertEquals(await called("run beta", { tool_choice: none }), []);
      const forced = protocol === "messages" ? { type: "any" } : "required";
      const one = await called("hello", { tool_choice: forced });
      assertEquals(one.length, 1);
    },
  );

  Deno.test(name("calls always or never as the settings say"), async () => {
    const body = { tools: [tool(protocol, "alpha")] };
    const always = await answer(
      protocol,
      body,
      simulator({ toolCalls: "always" }),
    );
    assertEquals(calledTools(protocol, always), ["alpha"]);
    const never = await answer(
      protocol,
      { ...body, ...said(protocol, "alpha") },
      simulator({ toolCalls: "never" }),
    );
    assertEquals(calledTools(protocol, never), []);
  });

  Deno.test(
    name("fails the configured share of requests, by request id"),
    async () => {
      const count = async (start: StartCall, good: (o: Loose) => boolean) => {
        const body = { ...QUESTIONS[protocol], stream: true };
        const outcomes = await Promise.all(
          Array.from(
            { length: 200 },
            (_value, index) =>
              ask(
                start,
                upstreamRequest(protocol, body, { id: `id-${index}` }),
              ),
          ),
        );
        return outcomes.filter(good).length;
      };
      const errors = await count(
        simulator({ errorRate: 0.25 }),
        ({ status }) => status >= 400,
      );
      assert(errors > 30 && errors < 70, String(errors));
      const cuts = await count(
        simulator({ cutRate: 0.25 }),
        ({ failure }) => failure !== null,
      );
      assert(cuts > 30 && cuts < 70, String(cuts));
    },
  );

  Deno.test(name("refuses what is no JSON object"), async () => {
    for (const text of ["", "[]", "{", "[".repeat(1e5)]) {
      const { status, text: reply } = await ask(simulator(), {
        ...upstreamRequest(protocol, {}),
        body: new TextEncoder().encode(text),
      });
      assertEquals(status, 400);
      assertEquals(typeof JSON.parse(reply).error.message, "string");
    }
  });
}

Deno.test("createSimulator() ends at a stop sequence and says so", async () => {
  const messages = [{ role: "user", content: "one two STOP three" }];
  const chat = await answer("chat", { model: "echo", messages, stop: "STOP" });
  assertEquals(textOf("chat", chat), "one two ");
  assertEquals(chat.choices[0].finish_reason, "stop");
  const reply = await answer("messages", {
    model: "echo",
    messages,
    stop_sequences: ["nothing", "o ST"],
  });
  assertEquals(textOf("messages", reply), "one tw");
  assertEquals(reply.stop_reason, "stop_sequence");
  assertEquals(reply.stop_sequence, "o ST");
});

Deno.test("createSimulator() ends at the token limit and says so", async () => {
  const chat = await answer("chat", { max_tokens: 4 });
  assertEquals(chat.choices[0].finish_reason, "length");
  assertEquals(chat.usage.completion_tokens, 4);
  const reply = await answer("messages", { max_tokens: 4 });
  assertEquals([reply.stop_reason, reply.usage.output_tokens], [
    "max_tokens",
    4,
  ]);
  const response = await answer("responses", { max_output_tokens: 16 });
  assertEquals(response.status, "incomplete");
  assertEquals(response.incomplete_details, { reason: "max_output_tokens" });
  assertEquals(response.output[0].status, "incomplete");
});

Deno.test("createSimulator() reasons only when asked and counts it within the output", async () => {
  const start = simulator({ reasoningTokens: { mean: 12 } });
  const silent = await answer("chat", {}, start);
  assertEquals(silent.usage.completion_tokens_details.reasoning_tokens, 0);
  const chat = await answer("chat", { reasoning_effort: "low" }, start);
  assertEquals(chat.usage.completion_tokens_details.reasoning_tokens, 12);
  assertEquals(chat.usage.completion_tokens, 92);
  assertEquals(
    chat.choices[0].message.reasoning_content.split(/\s+/).length,
    12,
  );
  const none = await answer("chat", { reasoning_effort: "none" }, start);
  assertEquals(none.choices[0].message.reasoning_content, undefined);
  const explicit = await answer("responses", { reasoning: { effort: "high" } });
  assert(explicit.usage.output_tokens_details.reasoning_tokens > 0);
  assertEquals(explicit.output[0].summary, []);
});

Deno.test("createSimulator() serves a fixed share from the cache where the request points at one", async () => {
  const chat = await answer("chat", { prompt_cache_key: "k" });
  const { prompt_tokens, prompt_tokens_details } = chat.usage;
  assertEquals(
    prompt_tokens_details.cached_tokens,
    Math.floor(prompt_tokens / 2),
  );
  const content = [{
    type: "text",
    text: "a prompt that is long enough to be cached",
    cache_control: { type: "ephemeral" },
  }];
  const { usage } = await answer("messages", {
    messages: [{ role: "user", content }],
  });
  assert(usage.cache_read_input_tokens > 0);
  assert(usage.cache_creation.ephemeral_5m_input_tokens > 0);
  const plain = await answer("messages", {
    messages: [{ role: "user", content: "a prompt" }],
  });
  assertEquals(plain.usage.cache_read_input_tokens, 0);
});

Deno.test("createSimulator() quotes tool results, errors marked", async () => {
  const chat = await answer("chat", {
    tools: [tool("chat", "alpha")],
    messages: [
      { role: "user", content: "alpha" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{
          id: "c1",
          type: "function",
          function: { name: "alpha", arguments: "{}" },
        }],
      },
      { role: "tool", tool_call_id: "c1", content: "42" },
    ],
  });
  assertEquals(textOf("chat", chat), "alpha returned: 42");
  const reply = await answer("messages", {
    tools: [tool("messages", "alpha")],
    messages: [
      { role: "user", content: "alpha" },
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "t1", name: "alpha", input: {} }],
      },
      {
        role: "user",
        content: [{
          type: "tool_result",
          tool_use_id: "t1",
          is_error: true,
          content: [{ type: "text", text: "boom" }],
        }],
      },
    ],
  });
  assertEquals(textOf("messages", reply), "alpha failed with: boom");
});

Deno.test("createSimulator() gives JSON where JSON is asked for", async () => {
  const schema = {
    type: "object",
    properties: { rating: { type: "integer", minimum: 1, maximum: 5 } },
    required: ["rating"],
    additionalProperties: false,
  };
  const rating = (text: string) => JSON.parse(text).rating;
  const chat = await answer("chat", {
    response_format: {
      type: "json_schema",
      json_schema: { name: "r", schema },
    },
  });
  assert(rating(textOf("chat", chat)) >= 1);
  const reply = await answer("messages", {
    output_config: { format: { type: "json_schema", schema } },
  });
  assert(rating(textOf("messages", reply)) >= 1);
  const response = await answer("responses", {
    text: { format: { type: "json_schema", name: "r", schema } },
  });
  assert(rating(textOf("responses", response)) >= 1);
  const object = await answer("chat", {
    response_format: { type: "json_object" },
  });
  assertEquals(typeof JSON.parse(textOf("chat", object)), "object");
});

Deno.test("createSimulator() echoes the request's fields in a response and has every field that clients read", async () => {
  const response = await answer("responses", {
    instructions: "be brief",
    temperature: 0.5,
    metadata: { team: "a" },
    store: false,
  });
  assertEquals(response.instructions, "be brief");
  assertEquals(response.temperature, 0.5);
  assertEquals(response.metadata, { team: "a" });
  assertEquals(response.store, false);
  const keys =
    "background completed_at created_at error frequency_penalty id incomplete_details instructions max_output_tokens max_tool_calls metadata model object output parallel_tool_calls presence_penalty previous_response_id prompt_cache_key reasoning safety_identifier service_tier status store temperature text tool_choice tools top_logprobs top_p truncation usage user";
  assertEquals(Object.keys(response).sort(), keys.split(" "));
});

Deno.test("createSimulator() has no token count on chat", async () => {
  const { status } = await askJson(simulator(), "chat", QUESTIONS.chat, {
    operation: "count-tokens",
  });
  assertEquals(status, 404);
});
