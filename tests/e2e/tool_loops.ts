/** The tool loops of the official clients: two tools in parallel, results fed back, thinking kept. @module */

import { assert, assertEquals } from "@std/assert";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import type { PROTOCOLS } from "./chain.ts";

/** A protocol. */
export type Name = typeof PROTOCOLS[number];

const WEATHER = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
} as const;
const TIME = {
  type: "object",
  properties: { zone: { type: "string" } },
  required: ["zone"],
  additionalProperties: false,
} as const;
const ASK = "Please call get_weather and get_time, both of them.";
const RESULTS: Record<string, string> = {
  get_weather: "sunny-23-degrees",
  get_time: "noon-exactly",
};

/** What a tool loop came to. */
export interface Loop {
  /** Names of the tools that were called. */
  readonly called: string[];
  /** The last text. */
  readonly text: string;
}

async function chatLoop(
  url: string,
  model: string,
  streamed: boolean,
): Promise<Loop> {
  const client = new OpenAI({
    apiKey: "unused",
    baseURL: `${url}/v1`,
    maxRetries: 0,
  });
  const tools = [
    {
      type: "function" as const,
      function: { name: "get_weather", parameters: WEATHER },
    },
    {
      type: "function" as const,
      function: { name: "get_time", parameters: TIME },
    },
  ];
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "system", content: "Be brief." },
    { role: "user", content: ASK },
  ];
  const ask = async () => {
    const body = {
      model,
      messages,
      tools,
      max_tokens: 2000,
      reasoning_effort: "low" as const,
    };
    return streamed
      ? await client.chat.completions.stream(body).finalChatCompletion()
      : await client.chat.completions.create(body);
  };
  const first = (await ask()).choices[0]?.message;
  assert(first);
  const calls = first.tool_calls ?? [];
  messages.push(first);
  const called = calls.map((call) => {
    assert(call.type === "function");
    JSON.parse(call.function.arguments);
    messages.push({
      role: "tool",
      tool_call_id: call.id,
      content: RESULTS[call.function.name] ?? "",
    });
    return call.function.name;
  });
  const second = (await ask()).choices[0]?.message;
  return { called, text: second?.content ?? "" };
}

async function messagesLoop(
  url: string,
  model: string,
  streamed: boolean,
): Promise<Loop> {
  const client = new Anthropic({
    apiKey: "unused",
    baseURL: url,
    maxRetries: 0,
  });
  const tools = [
    { name: "get_weather", input_schema: WEATHER },
    { name: "get_time", input_schema: TIME },
  ] as unknown as Anthropic.Tool[];
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: ASK }];
  const ask = async () => {
    const body = {
      model,
      messages,
      tools,
      system: "Be brief.",
      max_tokens: 4000,
      thinking: { type: "enabled" as const, budget_tokens: 1024 },
    };
    return streamed
      ? await client.messages.stream(body).finalMessage()
      : await client.messages.create(body);
  };
  const first = await ask();
  messages.push({ role: "assistant", content: first.content });
  const calls = first.content.filter((block) => block.type === "tool_use");
  messages.push({
    role: "user",
    content: calls.map((call) => ({
      type: "tool_result" as const,
      tool_use_id: call.id,
      content: RESULTS[call.name] ?? "",
    })),
  });
  assertEquals(first.stop_reason, "tool_use");
  const second = await ask();
  return {
    called: calls.map((call) => call.name),
    text: second.content.map((block) => block.type === "text" ? block.text : "")
      .join(""),
  };
}

async function responsesLoop(
  url: string,
  model: string,
  streamed: boolean,
): Promise<Loop> {
  const client = new OpenAI({
    apiKey: "unused",
    baseURL: `${url}/v1`,
    maxRetries: 0,
  });
  const tools = [
    {
      type: "function" as const,
      name: "get_weather",
      parameters: { ...WEATHER },
      strict: true,
    },
    {
      type: "function" as const,
      name: "get_time",
      parameters: { ...TIME },
      strict: true,
    },
  ] as unknown as OpenAI.Responses.FunctionTool[];
  const input: OpenAI.Responses.ResponseInput = [{
    role: "user",
    content: ASK,
  }];
  const ask = async () => {
    const body = {
      model,
      input,
      tools,
      instructions: "Be brief.",
      store: false,
      max_output_tokens: 4000,
      reasoning: { effort: "low" as const, summary: "auto" as const },
      include: ["reasoning.encrypted_content" as const],
    };
    return streamed
      ? await client.responses.stream(body).finalResponse()
      : await client.responses.create(body);
  };
  const first = await ask();
  const called: string[] = [];
  input.push(...first.output as OpenAI.Responses.ResponseInput);
  for (const item of first.output) {
    if (item.type !== "function_call") continue;
    JSON.parse(item.arguments);
    called.push(item.name);
    input.push({
      type: "function_call_output",
      call_id: item.call_id,
      output: RESULTS[item.name] ?? "",
    });
  }
  const second = await ask();
  return { called, text: second.output_text };
}

/** The loops by the client's protocol. */
export const LOOPS: {
  readonly [P in Name]: (
    url: string,
    model: string,
    streamed: boolean,
  ) => Promise<Loop>;
} = {
  chat: chatLoop,
  messages: messagesLoop,
  responses: responsesLoop,
};
