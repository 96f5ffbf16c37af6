/**
 * The `ai` package and its providers through the gateway: all nine pairs of
 * protocols, and the built-in default.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import {
  generateText,
  jsonSchema,
  Output,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import { PROTOCOLS, startChain } from "./chain.ts";
import { GatewayProcess } from "./process.ts";

type Name = typeof PROTOCOLS[number];

function modelOf(url: string, protocol: Name, model: string) {
  if (protocol === "messages") {
    return createAnthropic({ apiKey: "unused", baseURL: `${url}/v1` })(model);
  }
  const openai = createOpenAI({ apiKey: "unused", baseURL: `${url}/v1` });
  return protocol === "chat" ? openai.chat(model) : openai.responses(model);
}

function toolsInto(called: string[]) {
  const define = (name: string, field: string, result: string) =>
    tool({
      description: `Tells the ${name}`,
      inputSchema: jsonSchema<Record<string, string>>({
        type: "object",
        properties: { [field]: { type: "string" } },
        required: [field],
        additionalProperties: false,
      }),
      execute: (input: Record<string, string>) => {
        assertEquals(typeof input[field], "string");
        called.push(name);
        return result;
      },
    });
  return {
    get_weather: define("weather", "city", "sunny-23-degrees"),
    get_time: define("time", "zone", "noon-exactly"),
  };
}

async function toolLoop(
  url: string,
  protocol: Name,
  model: string,
  streamed: boolean,
): Promise<{ called: string[]; text: string; outputTokens: number }> {
  const called: string[] = [];
  const options = {
    model: modelOf(url, protocol, model),
    system: "Be brief.",
    prompt: "Please call get_weather and get_time, both of them.",
    tools: toolsInto(called),
    stopWhen: stepCountIs(4),
    maxRetries: 0,
    maxOutputTokens: 4000,
    // By default this package refers to items by id, which only a provider that stores them can follow.
    providerOptions: { openai: { store: false } },
  };
  if (!streamed) {
    const { text, totalUsage } = await generateText(options);
    return { called, text, outputTokens: totalUsage.outputTokens ?? 0 };
  }
  const errors: unknown[] = [];
  const result = streamText({
    ...options,
    onError: ({ error }) => {
      errors.push(error);
    },
  });
  let text = "";
  for await (const delta of result.textStream) text += delta;
  assertEquals(errors, []);
  const { outputTokens } = await result.totalUsage;
  return { called, text, outputTokens: outputTokens ?? 0 };
}

for (const from of PROTOCOLS) {
  for (const to of PROTOCOLS) {
    for (const streamed of [false, true]) {
      Deno.test(`ai, ${from} to ${to}: a tool loop with two tools, ${streamed ? "streamed" : "whole"}`, async () => {
        await using chain = await startChain();
        const { called, text, outputTokens } = await toolLoop(
          chain.url,
          from,
          `${to}-only/sim-model`,
          streamed,
        );
        assertEquals(called.sort(), ["time", "weather"]);
        assertStringIncludes(text, "sunny-23-degrees");
        assertStringIncludes(text, "noon-exactly");
        assert(outputTokens > 0);
      });
    }

    Deno.test(`ai, ${from} to ${to}: structured output, whole and streamed`, async () => {
      await using chain = await startChain();
      const options = {
        model: modelOf(chain.url, from, `${to}-only/gpt-sim`),
        prompt: "a train",
        maxRetries: 0,
        maxOutputTokens: 4000,
        output: Output.object({
          schema: jsonSchema<{ line: string; carriages: number }>({
            type: "object",
            properties: {
              line: { type: "string" },
              carriages: { type: "integer" },
            },
            required: ["line", "carriages"],
            additionalProperties: false,
          }),
        }),
      };
      const whole = await generateText(options);
      assertEquals(typeof whole.output.line, "string");
      assert(Number.isInteger(whole.output.carriages));
      const streamed = streamText(options);
      const output = await streamed.output;
      assertEquals(typeof output.line, "string");
      assert(Number.isInteger(output.carriages));
    });
  }
}

Deno.test("with no config the ai package does chat, messages and responses, streamed and not", async (t) => {
  await using gateway = await GatewayProcess.start({ config: null });
  for (const protocol of PROTOCOLS) {
    await t.step(protocol, async () => {
      for (const streamed of [false, true]) {
        const { called, text } = await toolLoop(
          gateway.url,
          protocol,
          "any-model",
          streamed,
        );
        assertEquals(called.sort(), ["time", "weather"]);
        assertStringIncludes(text, "sunny-23-degrees");
      }
      const { text } = await generateText({
        model: modelOf(gateway.url, protocol, "echo"),
        prompt: "one two three",
        maxRetries: 0,
      });
      assertEquals(text, "one two three");
    });
  }
});
