/** Drives a simulator without sockets: directly, or through the official clients. @module */

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import type { Failure } from "../../src/exchange/failure.ts";
import type { Operation, ProtocolName } from "../../src/exchange/names.ts";
import type {
  StartCall,
  UpstreamRequest,
} from "../../src/exchange/upstream.ts";
import type { SimulatorSettings } from "../../src/simulator/settings.ts";
import {
  createSimulator,
  type SimulatorDependencies,
} from "../../src/simulator/simulator.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { SILENT_LOGGER } from "../../src/support/logger.ts";

/** Real timers, a clock that stands still where it may. */
export const DEPENDENCIES: SimulatorDependencies = {
  now: () => 1_700_000_000_000,
  monotonicMs: () => 0,
  timers: { setTimeout, clearTimeout },
  logger: SILENT_LOGGER,
};

/** Settings without any wait. */
export const AT_ONCE: Partial<SimulatorSettings> = {
  firstTokenMs: { mean: 0 },
  tokenMs: { mean: 0 },
};

/** Makes a simulator without waits. */
export function simulator(
  settings: Partial<SimulatorSettings> = {},
): StartCall {
  return createSimulator({ ...AT_ONCE, ...settings }, DEPENDENCIES);
}

/** Builds what the relay would send. */
export function upstreamRequest(
  protocol: ProtocolName,
  body: JsonObject,
  more: Partial<UpstreamRequest> = {},
): UpstreamRequest {
  return {
    id: "01hx0000000000000000000000",
    protocol,
    operation: "generate",
    model: String(body.model),
    stream: body.stream === true,
    body: new TextEncoder().encode(JSON.stringify(body)),
    headers: [],
    query: "",
    ...more,
  };
}

/** What one call led to. */
export interface Outcome {
  status: number;
  headers: Map<string, string>;
  chunks: Uint8Array[];
  text: string;
  failure: Failure | null;
}

/** Runs a call to its end. */
export function ask(
  start: StartCall,
  request: UpstreamRequest,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const outcome: Outcome = {
    status: 0,
    headers: new Map(),
    chunks: [],
    text: "",
    failure: null,
  };
  const done = () => {
    outcome.text = new TextDecoder().decode(joined(outcome.chunks));
    resolve(outcome);
  };
  start(request, {
    onHead(status, headers) {
      outcome.status = status;
      for (let i = 0; i < headers.length; i += 2) {
        outcome.headers.set(headers[i] ?? "", headers[i + 1] ?? "");
      }
    },
    onChunk(bytes) {
      outcome.chunks.push(bytes);
      return true;
    },
    onEnd: done,
    onFailure(failure) {
      outcome.failure = failure;
      done();
    },
  });
  return promise;
}

/** Runs a call whose body is JSON. */
export async function askJson(
  start: StartCall,
  protocol: ProtocolName,
  body: JsonObject,
  more: Partial<UpstreamRequest> = {},
): Promise<{ status: number; body: JsonObject }> {
  const { status, text } = await ask(
    start,
    upstreamRequest(protocol, body, more),
  );
  return { status, body: JSON.parse(text) };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

const ROUTES: Readonly<Record<string, readonly [ProtocolName, Operation]>> = {
  "/v1/chat/completions": ["chat", "generate"],
  "/v1/messages": ["messages", "generate"],
  "/v1/responses": ["responses", "generate"],
  "/v1/messages/count_tokens": ["messages", "count-tokens"],
  "/v1/responses/input_tokens": ["responses", "count-tokens"],
  "/v1/embeddings": ["chat", "embeddings"],
};

/** A `fetch` that is answered by the simulator. */
export function simulatorFetch(start: StartCall): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const route = ROUTES[new URL(request.url).pathname];
    if (route === undefined) return new Response("no route", { status: 404 });
    const body = new Uint8Array(await request.arrayBuffer());
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    let pipe: ReadableStreamDefaultController<Uint8Array> | null = null;
    const call = start({
      ...upstreamRequest(route[0], JSON.parse(new TextDecoder().decode(body))),
      operation: route[1],
      body,
    }, {
      onHead(status, headers) {
        const pairs: [string, string][] = [];
        for (let i = 0; i < headers.length; i += 2) {
          pairs.push([headers[i] ?? "", headers[i + 1] ?? ""]);
        }
        const stream = new ReadableStream<Uint8Array>({
          start: (controller) => {
            pipe = controller;
          },
          pull: () => call.resume(),
          cancel: () => call.abort(),
        });
        resolve(new Response(stream, { status, headers: pairs }));
      },
      onChunk(bytes) {
        pipe?.enqueue(bytes);
        return (pipe?.desiredSize ?? 1) > 0;
      },
      onEnd: () => pipe?.close(),
      onFailure({ message }) {
        if (pipe === null) reject(new TypeError(message));
        else pipe.error(new TypeError(message));
      },
    });
    return await promise;
  };
}

/** The official OpenAI client on a simulator. */
export function openAiClient(start: StartCall): OpenAI {
  return new OpenAI({
    apiKey: "none",
    baseURL: "http://simulator.test/v1",
    fetch: simulatorFetch(start),
    maxRetries: 0,
  });
}

/** The official Anthropic client on a simulator. */
export function anthropicClient(start: StartCall): Anthropic {
  return new Anthropic({
    apiKey: "none",
    baseURL: "http://simulator.test",
    fetch: simulatorFetch(start),
    maxRetries: 0,
  });
}

/** Splits an event stream into its events. */
export function events(text: string): { event: string; data: JsonObject }[] {
  return text.split("\n\n").filter((block) => block !== "").map((block) => {
    const lines = block.split("\n");
    const read = (name: string) =>
      lines.find((line) => line.startsWith(name))?.slice(name.length) ?? "";
    const data = read("data: ");
    return {
      event: read("event: "),
      data: data === "[DONE]" ? { done: true } : JSON.parse(data),
    };
  });
}
