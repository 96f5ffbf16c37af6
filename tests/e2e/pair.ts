/** A gateway in front of one fake provider that speaks every protocol. @module */

import {
  type Behaviour,
  FakeProvider,
} from "../fake_provider/fake_provider.ts";
import { startGateway, type TestGateway } from "./gateway.ts";

/** The provider's key, as its requests must show it. */
export const UPSTREAM_KEY = "key-of-the-provider-0123456789";

/** A running pair. */
export interface Pair extends AsyncDisposable {
  /** The provider. */
  readonly provider: FakeProvider;
  /** The gateway. */
  readonly gateway: TestGateway;
  /** The gateway's base URL. */
  readonly url: string;
  /** The gateway's port on 127.0.0.1. */
  readonly port: number;
}

/** Sections of {@linkcode pairConfig} that a test adds or replaces. */
export type Overrides = Record<string, unknown>;

/**
 * A config with the provider as `up` (native), and as `chat-only`,
 * `messages-only` and `responses-only` (translated). Alias `fast` is `up/up-model`.
 */
export function pairConfig(
  providerUrl: string,
  overrides: Overrides = {},
  provider: Overrides = {},
): Record<string, unknown> {
  const v1 = `${providerUrl}/v1`;
  const of = (protocols: Record<string, string>) => ({
    protocols,
    keys: ["${env:UP_KEY}"],
    ...provider,
  });
  return {
    providers: {
      up: of({ chat: v1, messages: providerUrl, responses: v1 }),
      "chat-only": of({ chat: v1 }),
      "messages-only": of({ messages: providerUrl }),
      "responses-only": of({ responses: v1 }),
    },
    models: { fast: { targets: ["up/up-model"] } },
    routing: { retry: { maxAttempts: 1 }, breaker: { enabled: false } },
    ...overrides,
  };
}

/** Starts both. */
export async function startPair(
  behaviour: Behaviour,
  overrides: Overrides = {},
  provider: Overrides = {},
  environment: Record<string, string> = {},
): Promise<Pair> {
  const upstream = await FakeProvider.start(behaviour);
  const gateway = await startGateway(
    pairConfig(upstream.url, overrides, provider),
    { UP_KEY: UPSTREAM_KEY, ...environment },
  );
  return {
    provider: upstream,
    gateway,
    url: gateway.url,
    port: Number(new URL(gateway.url).port),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** Whole answers of each protocol that say `text`, by the path that was asked. */
export function wholeAnswer(path: string, text: string): string {
  if (path.endsWith("/chat/completions")) {
    return JSON.stringify({
      id: "c1",
      object: "chat.completion",
      created: 1,
      model: "up-model",
      choices: [{
        index: 0,
        message: { role: "assistant", content: text },
        finish_reason: "stop",
      }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    });
  }
  if (path.includes("/messages")) {
    return JSON.stringify({
      id: "m1",
      type: "message",
      role: "assistant",
      model: "up-model",
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    });
  }
  return JSON.stringify({
    id: "r1",
    object: "response",
    created_at: 1,
    status: "completed",
    model: "up-model",
    output: [{
      id: "i1",
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text, annotations: [] }],
    }],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  });
}

/** The events of a chat stream that says `text` and ends properly. */
export function chatEvents(text: string): string[] {
  const chunk = (delta: unknown, finish: string | null) =>
    `data: ${
      JSON.stringify({
        id: "c1",
        object: "chat.completion.chunk",
        created: 1,
        model: "up-model",
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
    }\n\n`;
  return [
    chunk({ role: "assistant", content: text }, null),
    chunk({}, "stop"),
    "data: [DONE]\n\n",
  ];
}

/** The events of a messages stream that says `text` and ends properly. */
export function messagesEvents(text: string): string[] {
  const event = (type: string, fields: Record<string, unknown>) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  return [
    event("message_start", {
      message: {
        id: "m1",
        type: "message",
        role: "assistant",
        model: "up-model",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    }),
    event("content_block_start", {
      index: 0,
      content_block: { type: "text", text: "" },
    }),
    event("content_block_delta", {
      index: 0,
      delta: { type: "text_delta", text },
    }),
    event("content_block_stop", { index: 0 }),
    event("message_delta", {
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 1 },
    }),
    event("message_stop", {}),
  ];
}

/** The events of a responses stream that says `text` and ends properly. */
export function responsesEvents(text: string): string[] {
  const item = {
    id: "i1",
    type: "message",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [] }],
  };
  const shell = {
    id: "r1",
    object: "response",
    created_at: 1,
    model: "up-model",
    status: "in_progress",
    output: [] as unknown[],
  };
  let number = 0;
  const event = (type: string, fields: Record<string, unknown>) =>
    `event: ${type}\ndata: ${
      JSON.stringify({ type, sequence_number: number++, ...fields })
    }\n\n`;
  const at = { item_id: "i1", output_index: 0, content_index: 0 };
  return [
    event("response.created", { response: shell }),
    event("response.output_item.added", {
      output_index: 0,
      item: { ...item, status: "in_progress", content: [] },
    }),
    event("response.content_part.added", {
      ...at,
      part: { type: "output_text", text: "", annotations: [] },
    }),
    event("response.output_text.delta", { ...at, delta: text }),
    event("response.output_text.done", { ...at, text }),
    event("response.content_part.done", { ...at, part: item.content[0] }),
    event("response.output_item.done", { output_index: 0, item }),
    event("response.completed", {
      response: {
        ...shell,
        status: "completed",
        output: [item],
        usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      },
    }),
  ];
}

/** The events of a stream in the protocol of an upstream path. */
export function eventsFor(path: string, text: string): string[] {
  if (path.endsWith("/chat/completions")) return chatEvents(text);
  return path.includes("/messages")
    ? messagesEvents(text)
    : responsesEvents(text);
}

/** A small request body of each protocol, by the gateway's path. */
export function bodyFor(
  path: string,
  model: string,
  text: string,
  stream = false,
): Record<string, unknown> {
  const base = { model, ...(stream ? { stream } : {}) };
  if (path === "/v1/responses") return { ...base, input: text };
  const messages = [{ role: "user", content: text }];
  return path === "/v1/messages"
    ? { ...base, max_tokens: 50, messages }
    : { ...base, messages };
}

/** The three paths that generate. */
export const PATHS = [
  "/v1/chat/completions",
  "/v1/messages",
  "/v1/responses",
] as const;

/** Posts JSON with `fetch`; `headers` replace the usual ones. */
export function postJson(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
