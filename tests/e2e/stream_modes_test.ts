/**
 * Providers that can only stream or only answer whole, asked for the other by
 * the official clients, through all nine pairs of protocols.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { PROTOCOLS, startChain } from "./chain.ts";
import { LOOPS, type Name } from "./tool_loops.ts";

for (const from of PROTOCOLS) {
  for (const to of PROTOCOLS) {
    for (const streamed of [true, false]) {
      const mode = streamed ? "never" : "always";
      Deno.test(`${from} to ${to}, stream: ${mode}: a tool loop, ${streamed ? "streamed" : "whole"} to the client`, async () => {
        await using chain = await startChain({ stream: mode });
        const loop = await LOOPS[from](
          chain.url,
          `${to}-only/sim-model`,
          streamed,
        );
        assertEquals(loop.called.sort(), ["get_time", "get_weather"]);
        assertStringIncludes(loop.text, "sunny-23-degrees");
        assertStringIncludes(loop.text, "noon-exactly");
      });
    }
  }
}

/** The tokens that the client is told of: input and output. */
const USAGE: {
  readonly [P in Name]: (
    url: string,
    model: string,
    streamed: boolean,
  ) => Promise<[number, number]>;
} = {
  chat: async (url, model, streamed) => {
    const client = new OpenAI({ apiKey: "x", baseURL: `${url}/v1` });
    const body = {
      model,
      messages: [{ role: "user" as const, content: "count me in" }],
      max_tokens: 50,
    };
    const answer = streamed
      ? await client.chat.completions.stream({
        ...body,
        stream_options: { include_usage: true },
      }).finalChatCompletion()
      : await client.chat.completions.create(body);
    assert(answer.usage);
    return [answer.usage.prompt_tokens, answer.usage.completion_tokens];
  },
  messages: async (url, model, streamed) => {
    const client = new Anthropic({ apiKey: "x", baseURL: url });
    const body = {
      model,
      messages: [{ role: "user" as const, content: "count me in" }],
      max_tokens: 50,
    };
    const { usage } = streamed
      ? await client.messages.stream(body).finalMessage()
      : await client.messages.create(body);
    return [usage.input_tokens, usage.output_tokens];
  },
  responses: async (url, model, streamed) => {
    const client = new OpenAI({ apiKey: "x", baseURL: `${url}/v1` });
    const body = {
      model,
      input: "count me in",
      max_output_tokens: 50,
      store: false,
    };
    const answer = streamed
      ? await client.responses.stream(body).finalResponse()
      : await client.responses.create(body);
    assert(answer.usage);
    return [answer.usage.input_tokens, answer.usage.output_tokens];
  },
};

for (const protocol of PROTOCOLS) {
  Deno.test(`${protocol}: the usage is the same in every framing of the same protocol`, async () => {
    const told: [number, number][] = [];
    for (const mode of ["any", "never", "always"]) {
      await using chain = await startChain({ stream: mode });
      for (const streamed of [true, false]) {
        told.push(
          await USAGE[protocol](
            chain.url,
            `${protocol}-only/sim-model`,
            streamed,
          ),
        );
      }
    }
    assert(told.every(([input, output]) => input > 0 && output > 0));
    for (const usage of told) assertEquals(usage, told[0]);
  });
}
