/**
 * The first run: no config file, an emptied environment, the official clients.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { GatewayProcess } from "./process.ts";

const WEATHER = {
  type: "object" as const,
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const TRAIN = z.object({ line: z.string(), carriages: z.number().int() });
const user = (content: string) => [{ role: "user" as const, content }];

function openai(url: string): OpenAI {
  return new OpenAI({ apiKey: "unused", baseURL: `${url}/v1`, maxRetries: 0 });
}

function anthropic(url: string): Anthropic {
  return new Anthropic({ apiKey: "unused", baseURL: url, maxRetries: 0 });
}

Deno.test("with no config the openai client does chat, streamed and not, tools, schemas and reasoning", async (t) => {
  await using gateway = await GatewayProcess.start({ config: null });
  const client = openai(gateway.url);
  await t.step("the log says that the built-in default runs", () => {
    const loaded = gateway.lines.find((line) =>
      line["message"] === "config loaded"
    );
    assertEquals(loaded?.["source"], "built-in");
    assertEquals(gateway.lines[0]?.["source"], "built-in", "the first line");
  });
  await t.step("a whole answer says where it came from", async () => {
    const { data, response, request_id } = await client.chat.completions.create(
      {
        model: "echo",
        messages: user("one two three"),
      },
    ).withResponse();
    assertEquals(data.choices[0]?.message.content, "one two three");
    assertEquals(data.choices[0]?.finish_reason, "stop");
    assert((data.usage?.total_tokens ?? 0) > 3);
    assertEquals(response.headers.get("x-signalbox-target"), "sim/echo");
    assertEquals(request_id, response.headers.get("x-request-id"));
  });
  await t.step("raw stream and helper agree", async () => {
    const body = { model: "gpt-4.1-mini-echo", messages: user("a b c d") };
    let text = "";
    let usage = 0;
    const raw = await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of raw) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage += chunk.usage?.completion_tokens ?? 0;
    }
    assertEquals(text, "a b c d");
    assert(usage > 0);
    const seen: string[] = [];
    const runner = client.chat.completions.stream(body)
      .on("content", (delta) => seen.push(delta));
    assertEquals(await runner.finalContent(), "a b c d");
    assertEquals(seen.join(""), "a b c d");
  });
  await t.step("a tool runner calls the tool and ends in text", async () => {
    const asked: string[] = [];
    const body = {
      model: "any",
      messages: user("call get_weather please"),
      tools: [{
        type: "function" as const,
        function: {
          name: "get_weather",
          description: "Tells the weather",
          parameters: WEATHER,
          parse: JSON.parse,
          function: ({ city }: { city: string }) => {
            asked.push(city);
            return "sunny-23";
          },
        },
      }],
    };
    const whole = client.chat.completions.runTools({ ...body, stream: false });
    assertStringIncludes(await whole.finalContent() ?? "", "sunny-23");
    const streamed = client.chat.completions.runTools({
      ...body,
      stream: true,
    });
    assertStringIncludes(await streamed.finalContent() ?? "", "sunny-23");
    assertEquals(asked.length, 2);
  });
  await t.step("structured output satisfies its schema", async () => {
    const body = {
      model: "any",
      messages: user("a train"),
      response_format: zodResponseFormat(TRAIN, "train"),
    };
    const whole = await client.chat.completions.parse(body);
    TRAIN.parse(whole.choices[0]?.message.parsed);
    const streamed = await client.chat.completions.stream(body)
      .finalChatCompletion();
    TRAIN.parse(streamed.choices[0]?.message.parsed);
  });
  await t.step("reasoning tokens are counted", async () => {
    const { usage } = await client.chat.completions.create({
      model: "tokens-5",
      messages: user("think"),
      reasoning_effort: "low",
    });
    const reasoning = usage?.completion_tokens_details?.reasoning_tokens ?? 0;
    assert(reasoning > 0);
    assertEquals(usage?.completion_tokens, reasoning + 5);
  });
  await t.step("models and embeddings", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assertEquals(ids, ["sim/echo"]);
    const model = await client.models.retrieve("sim/echo");
    assertEquals([model.object, model.owned_by], ["model", "sim"]);
    const { data, usage } = await client.embeddings.create({
      model: "any-embedding",
      input: ["one", "two"],
      dimensions: 8,
    });
    assertEquals(data.map(({ embedding }) => embedding.length), [8, 8]);
    assert(usage.prompt_tokens > 0);
  });
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
});

Deno.test("with no config the openai client does responses, streamed and not, tools, schemas and reasoning", async (t) => {
  await using gateway = await GatewayProcess.start({ config: null });
  const client = openai(gateway.url);
  await t.step("whole, raw stream and helper agree", async () => {
    const body = { model: "gpt-5-echo", input: "one two three" };
    const whole = await client.responses.create(body);
    assertEquals(whole.output_text, "one two three");
    assertEquals(whole.status, "completed");
    let text = "";
    const raw = await client.responses.create({ ...body, stream: true });
    const types: string[] = [];
    for await (const event of raw) {
      types.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    assertEquals(text, whole.output_text);
    assertEquals(types[0], "response.created");
    assertEquals(types.at(-1), "response.completed");
    const final = await client.responses.stream(body).finalResponse();
    assertEquals(final.output_text, whole.output_text);
  });
  await t.step("a tool loop ends in text", async () => {
    const tools = [{
      type: "function" as const,
      name: "get_weather",
      parameters: { ...WEATHER },
      strict: true,
    }] as unknown as OpenAI.Responses.FunctionTool[];
    const input: OpenAI.Responses.ResponseInput = user("get_weather now");
    const first = await client.responses.stream({ model: "any", input, tools })
      .finalResponse();
    const call = first.output.find((item) => item.type === "function_call");
    assert(call);
    assertEquals(typeof JSON.parse(call.arguments).city, "string");
    input.push(...first.output as OpenAI.Responses.ResponseInput, {
      type: "function_call_output",
      call_id: call.call_id,
      output: "sunny-23",
    });
    const second = await client.responses.create({
      model: "any",
      input,
      tools,
    });
    assertStringIncludes(second.output_text, "sunny-23");
  });
  await t.step("structured output satisfies its schema", async () => {
    const body = {
      model: "any",
      input: "a train",
      text: { format: zodTextFormat(TRAIN, "train") },
    };
    TRAIN.parse((await client.responses.parse(body)).output_parsed);
    TRAIN.parse(
      (await client.responses.stream(body).finalResponse()).output_parsed,
    );
  });
  await t.step("reasoning comes with a summary and is counted", async () => {
    const { output, usage } = await client.responses.stream({
      model: "tokens-5",
      input: "think",
      reasoning: { effort: "low", summary: "auto" },
    }).finalResponse();
    const reasoning = output.find((item) => item.type === "reasoning");
    assert((reasoning?.summary.length ?? 0) > 0);
    assert((usage?.output_tokens_details.reasoning_tokens ?? 0) > 0);
  });
  await t.step("input tokens are counted", async () => {
    const counted = await client.responses.inputTokens.count({
      model: "any",
      input: "how many tokens are these?",
    });
    assertEquals(counted.object, "response.input_tokens");
    assert(counted.input_tokens > 5 && counted.input_tokens < 20);
  });
});

Deno.test("with no config the Anthropic client does messages, streamed and not, tools, schemas and thinking", async (t) => {
  await using gateway = await GatewayProcess.start({ config: null });
  const client = anthropic(gateway.url);
  const base = { model: "claude-sonnet-4-5-echo", max_tokens: 2000 };
  await t.step("whole, raw stream and helper agree", async () => {
    const body = { ...base, messages: user("one two three") };
    const whole = await client.messages.create(body);
    const [block] = whole.content;
    assert(block?.type === "text");
    assertEquals(block.text, "one two three");
    assertEquals(whole.stop_reason, "end_turn");
    assert(whole._request_id);
    let text = "";
    for await (
      const event of await client.messages.create({ ...body, stream: true })
    ) {
      if (
        event.type === "content_block_delta" &&
        event.delta.type === "text_delta"
      ) text += event.delta.text;
    }
    assertEquals(text, "one two three");
    const stream = client.messages.stream(body);
    const seen: string[] = [];
    stream.on("text", (delta) => seen.push(delta));
    assertEquals(await stream.finalText(), "one two three");
    assertEquals(seen.join(""), "one two three");
  });
  await t.step("a tool loop with thinking ends in text", async () => {
    const tools = [{ name: "get_weather", input_schema: WEATHER }];
    const body = {
      ...base,
      model: "any",
      tools,
      thinking: { type: "enabled" as const, budget_tokens: 1024 },
    };
    const messages: Anthropic.MessageParam[] = user("get_weather now");
    const first = await client.messages.stream({ ...body, messages })
      .finalMessage();
    assertEquals(first.stop_reason, "tool_use");
    const thinking = first.content.find((block) => block.type === "thinking");
    assert(thinking !== undefined && thinking.signature !== "");
    const call = first.content.find((block) => block.type === "tool_use");
    assert(call);
    messages.push({ role: "assistant", content: first.content }, {
      role: "user",
      content: [{
        type: "tool_result",
        tool_use_id: call.id,
        content: "sunny-23",
      }],
    });
    const second = await client.messages.create({ ...body, messages });
    const text = second.content.map((block) =>
      block.type === "text" ? block.text : ""
    ).join("");
    assertStringIncludes(text, "sunny-23");
  });
  await t.step("structured output satisfies its schema", async () => {
    const body: Anthropic.MessageCreateParamsNonStreaming = {
      ...base,
      model: "any",
      messages: user("a train"),
      output_config: {
        format: {
          type: "json_schema",
          schema: {
            type: "object",
            properties: {
              line: { type: "string" },
              carriages: { type: "integer" },
            },
            required: ["line", "carriages"],
            additionalProperties: false,
          },
        },
      },
    };
    const whole = await client.messages.create(body);
    const streamed = await client.messages.stream(body).finalMessage();
    for (const { content } of [whole, streamed]) {
      const [block] = content;
      assert(block?.type === "text");
      TRAIN.parse(JSON.parse(block.text));
    }
  });
  await t.step("models and token counts", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) {
      assertEquals(model.type, "model");
      ids.push(model.id);
    }
    assertEquals(ids, ["sim/echo"]);
    const model = await client.models.retrieve("sim/echo");
    assertEquals([model.type, model.id], ["model", "sim/echo"]);
    const { input_tokens } = await client.messages.countTokens({
      model: "any",
      messages: user("how many tokens are these?"),
    });
    assert(input_tokens > 5 && input_tokens < 20);
  });
});
