/** Counts of tokens and embeddings towards providers that have neither. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { startChain } from "./chain.ts";
import { startGateway } from "./gateway.ts";

const TEXT = "the quick brown fox jumps over the lazy dog ".repeat(20);

for (const to of ["chat", "responses", "messages"] as const) {
  Deno.test(`count_tokens towards a ${to} provider is ${to === "messages" ? "passed on" : "estimated and marked"}`, async () => {
    await using chain = await startChain();
    const client = new Anthropic({ apiKey: "x", baseURL: chain.url });
    const { data, response } = await client.messages.countTokens({
      model: `${to}-only/m`,
      messages: [{ role: "user", content: TEXT }],
    }).withResponse();
    assertEquals(
      response.headers.get("x-signalbox-estimated"),
      to === "messages" ? null : "true",
    );
    assert(data.input_tokens > 150 && data.input_tokens < 250);
  });

  Deno.test(`input_tokens towards a ${to} provider is ${to === "responses" ? "passed on" : "estimated and marked"}`, async () => {
    await using chain = await startChain();
    const client = new OpenAI({ apiKey: "x", baseURL: `${chain.url}/v1` });
    const { data, response } = await client.responses.inputTokens.count({
      model: `${to}-only/m`,
      input: TEXT,
    }).withResponse();
    assertEquals(
      response.headers.get("x-signalbox-estimated"),
      to === "responses" ? null : "true",
    );
    assertEquals(data.object, "response.input_tokens");
    assert(data.input_tokens > 150 && data.input_tokens < 250);
  });
}

for (const status of [404, 405, 501]) {
  Deno.test(`a provider of the same protocol that answers counting with ${status} is estimated for`, async () => {
    await using provider = await FakeProvider.start(
      answer(status, '{"type":"error","error":{"type":"x","message":"no"}}'),
    );
    await using gateway = await startGateway({
      providers: { up: { protocols: { messages: provider.url } } },
    });
    const client = new Anthropic({ apiKey: "x", baseURL: gateway.url });
    const { data, response } = await client.messages.countTokens({
      model: "up/m",
      messages: [{ role: "user", content: TEXT }],
    }).withResponse();
    assertEquals(response.headers.get("x-signalbox-estimated"), "true");
    assertEquals(response.headers.get("x-signalbox-target"), "up/m");
    assert(data.input_tokens > 150);
    assertEquals(
      provider.requests[0]?.target,
      "/v1/messages/count_tokens",
    );
  });
}

Deno.test("a provider that cannot count right now is an error, not an estimate", async () => {
  await using provider = await FakeProvider.start(
    answer(
      401,
      '{"type":"error","error":{"type":"authentication_error","message":"no"}}',
    ),
  );
  await using gateway = await startGateway({
    providers: { up: { protocols: { messages: provider.url } } },
    routing: { retry: { maxAttempts: 1 } },
  });
  const response = await fetch(`${gateway.url}/v1/messages/count_tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "up/m",
      messages: [{ role: "user", content: "x" }],
    }),
  });
  await response.body?.cancel();
  assertEquals(response.status, 502);
  assertEquals(response.headers.get("x-signalbox-estimated"), null);
});

Deno.test("embeddings towards a provider without the chat protocol are a clear 404", async () => {
  await using chain = await startChain();
  const response = await fetch(`${chain.url}/v1/embeddings`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "messages-only/m", input: "x" }),
  });
  const { error } = await response.json();
  assertEquals(response.status, 404);
  assertStringIncludes(error.message, "messages-only");
  assertStringIncludes(error.message, "embeddings");
});
