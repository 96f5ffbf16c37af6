/**
 * Errors of every origin (the gateway's own, a provider's, a broken stream)
 * arrive as the official clients' own error classes.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { APICallError, generateText } from "ai";
import OpenAI from "openai";
import { FAST_SIMULATOR, startGateway } from "./gateway.ts";

const CONFIG = {
  clients: { ci: { key: "${env:CI_KEY}" } },
  providers: { sim: { ...FAST_SIMULATOR } },
  models: { fast: { targets: ["sim/echo"] } },
  routing: { retry: { maxAttempts: 1 } },
};
const KEY = "key-of-the-ci-client";

function start() {
  return startGateway(CONFIG, { CI_KEY: KEY });
}

function openai(url: string, apiKey = KEY): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
}

function anthropic(url: string, apiKey = KEY): Anthropic {
  return new Anthropic({ apiKey, baseURL: url, maxRetries: 0 });
}

const user = (content: string) => [{ role: "user" as const, content }];

/** Every way in which the clients ask for an answer. */
function asking(
  url: string,
  model: string,
  apiKey = KEY,
): { [name: string]: () => Promise<unknown> } {
  const open = openai(url, apiKey);
  const anthro = anthropic(url, apiKey);
  const messages = { model, max_tokens: 99, messages: user("hi") };
  return {
    "chat whole": () =>
      open.chat.completions.create({ model, messages: user("hi") }),
    "chat streamed": () =>
      open.chat.completions.stream({ model, messages: user("hi") })
        .finalChatCompletion(),
    "responses whole": () => open.responses.create({ model, input: "hi" }),
    "responses streamed": () =>
      open.responses.stream({ model, input: "hi" }).finalResponse(),
    "messages whole": () => anthro.messages.create(messages),
    "messages streamed": () => anthro.messages.stream(messages).finalMessage(),
  };
}

type ErrorName =
  | "AuthenticationError"
  | "NotFoundError"
  | "RateLimitError"
  | "InternalServerError"
  | "APIError";

/** Asks, and demands an error of the client's own class. */
async function rejects(
  name: string,
  ask: () => Promise<unknown>,
  expected: ErrorName,
  message = name,
): Promise<Error & { headers?: Headers; status?: number; code?: unknown }> {
  const error = await assertRejects(ask, Error, "", message);
  const type = name.startsWith("messages")
    ? Anthropic[expected]
    : OpenAI[expected];
  assert(
    error instanceof type,
    `${message}: ${error.constructor.name} ${error.message}`,
  );
  return error;
}

Deno.test("a wrong key is the clients' AuthenticationError", async () => {
  await using gateway = await start();
  for (const [name, ask] of Object.entries(asking(gateway.url, "fast", "no"))) {
    const error = await rejects(name, ask, "AuthenticationError");
    assertEquals(error.status, 401, name);
    if (!name.startsWith("messages")) {
      assertEquals(error.code, "invalid_api_key", name);
    }
  }
});

Deno.test("an unknown model is the clients' NotFoundError", async () => {
  await using gateway = await start();
  for (const [name, ask] of Object.entries(asking(gateway.url, "slow"))) {
    const error = await rejects(name, ask, "NotFoundError");
    assertEquals(error.status, 404, name);
    if (!name.startsWith("messages")) {
      assertEquals(error.code, "model_not_found", name);
    }
  }
  const missing = await assertRejects(
    () => openai(gateway.url).models.retrieve("slow"),
    OpenAI.NotFoundError,
  );
  assertEquals(missing.code, "model_not_found");
  await assertRejects(
    () => anthropic(gateway.url).models.retrieve("slow"),
    Anthropic.NotFoundError,
  );
});

Deno.test("a provider's 429 is the clients' RateLimitError with retry-after", async () => {
  await using gateway = await start();
  const model = "sim/error-429-retry-7";
  for (const [name, ask] of Object.entries(asking(gateway.url, model))) {
    const error = await rejects(name, ask, "RateLimitError");
    assertEquals(error.headers?.get("retry-after"), "7", name);
  }
});

Deno.test("a provider's 529 and 500 are the clients' InternalServerError", async () => {
  await using gateway = await start();
  for (const model of ["sim/error-529", "sim/error-500"]) {
    for (const [name, ask] of Object.entries(asking(gateway.url, model))) {
      await rejects(name, ask, "InternalServerError");
    }
  }
});

Deno.test("a request that is wrong is the clients' BadRequestError and names the field", async () => {
  await using gateway = await start();
  const open = openai(gateway.url);
  const chat = await assertRejects(
    () =>
      open.chat.completions.create({
        model: "fast",
        messages: user("hi"),
        max_tokens: -1,
      }),
    OpenAI.BadRequestError,
  );
  assertEquals(chat.param, "max_tokens");
  const responses = await assertRejects(
    () =>
      open.responses.create({
        model: "fast",
        input: "hi",
        max_output_tokens: 1.5,
      }),
    OpenAI.BadRequestError,
  );
  assertEquals(responses.param, "max_output_tokens");
  const messages = await assertRejects(
    () =>
      anthropic(gateway.url).messages.create({
        model: "fast",
        max_tokens: -1,
        messages: user("hi"),
      }),
    Anthropic.BadRequestError,
  );
  assertEquals(messages.type, "invalid_request_error");
  // What the gateway passes on, the provider refuses.
  await assertRejects(
    () =>
      open.chat.completions.create({
        model: "fast",
        messages: [{ role: "hacker" as "user", content: "hi" }],
      }),
    OpenAI.BadRequestError,
  );
});

Deno.test("a stream that breaks after content throws in every client", async () => {
  await using gateway = await start();
  for (
    const model of [
      "sim/cut-after-3",
      "sim/eof-after-3",
      "sim/in-band-error-after-3",
    ]
  ) {
    for (const [name, ask] of Object.entries(asking(gateway.url, model))) {
      await rejects(name, ask, "APIError", `${model} ${name}`);
    }
  }
});

Deno.test("a last event that was cut in the middle never reaches a client", async () => {
  await using gateway = await start();
  const ways = asking(gateway.url, "sim/truncated-json");
  // The finish reason had come: what is torn is the usage behind it.
  const { "chat streamed": complete, ...torn } = ways;
  await complete?.();
  for (const [name, ask] of Object.entries(torn)) {
    await rejects(name, ask, "APIError");
  }
});

Deno.test("the ai package's APICallError says status and whether to try again", async () => {
  await using gateway = await start();
  const baseURL = `${gateway.url}/v1`;
  for (
    const [model, apiKey, status, retryable] of [
      ["fast", "wrong", 401, false],
      ["slow", KEY, 404, false],
      ["sim/error-429-retry-7", KEY, 429, true],
      ["sim/error-400", KEY, 400, false],
    ] as const
  ) {
    const openaiProvider = createOpenAI({ apiKey, baseURL });
    const anthropicProvider = createAnthropic({ apiKey, baseURL });
    for (
      const instance of [
        openaiProvider.chat(model),
        openaiProvider.responses(model),
        anthropicProvider(model),
      ]
    ) {
      const error = await assertRejects(
        () =>
          generateText({
            model: instance,
            prompt: "hi",
            maxRetries: 0,
            maxOutputTokens: 99,
          }),
        APICallError,
      );
      assertEquals(error.statusCode, status, instance.provider);
      assertEquals(error.isRetryable, retryable, instance.provider);
    }
  }
});
