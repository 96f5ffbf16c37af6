/**
 * What translation costs beside the native path, in one run: CPU per streamed
 * event, and per small request with its whole answer.
 * `deno run -A --no-check tests/bench/translate.ts`
 *
 * @module
 */

import { translateStream } from "../../src/cli/translate_stream.ts";
import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import {
  translateAnswer,
  translateRequest,
} from "../../src/protocols/translate_document.ts";
import { NativePipe } from "../../src/relay/native_pipe.ts";
import type { StreamPipe } from "../../src/relay/stream_pipe.ts";
import { TranslatedPipe } from "../../src/relay/translated_pipe.ts";
import {
  chatAnswer,
  messagesAnswer,
  responsesAnswer,
} from "../conformance/answer_features.ts";
import {
  decodeContext,
  encodeContext,
  encodeStream,
  eventsOf,
  UNKNOWN_TARGET,
} from "../conformance/fixtures.ts";
import { GatewayUnderLoad } from "./translate_gateway.ts";

const EVENTS = 400;
const LIMITS = { maxEventBytes: 1 << 20, maxLineBytes: 1 << 20 };
const ROUNDS = 7;

/** A stream of text deltas in the words of a provider. */
function longStream(protocol: ProtocolName): Uint8Array[] {
  const text = encodeStream(protocol, [
    {
      type: "start",
      id: "x",
      model: "m",
      createdAt: 1,
      serviceTier: null,
      usage: null,
    },
    { type: "text-start", key: 0 },
    ...Array.from({ length: EVENTS }, (_, index) => ({
      type: "text-delta" as const,
      key: 0,
      text: ` word${index % 97}`,
    })),
    { type: "text-end", key: 0 },
    {
      type: "finish",
      finish: { kind: "stop", raw: null, stopSequence: null, details: null },
      usage: PROTOCOLS.chat.readUsage({
        prompt_tokens: 9,
        completion_tokens: EVENTS,
      }, {}),
      serviceTier: null,
    },
  ]);
  // As they come from a paced provider: one event to a read.
  return text.split(/(?<=\n\n)/).map((event) =>
    new TextEncoder().encode(event)
  );
}

function pipeFor(from: ProtocolName, to: ProtocolName): StreamPipe {
  return from === to
    ? new NativePipe({
      protocol: PROTOCOLS[to],
      requestId: "x",
      stripUsage: false,
      eofIsFinish: false,
      ...LIMITS,
    })
    : new TranslatedPipe(
      PROTOCOLS[from].streamDecoder(decodeContext()),
      PROTOCOLS[to].streamEncoder(encodeContext(to)),
      LIMITS,
    );
}

/** Least of some rounds, in microseconds a run. */
function measure(runs: number, work: () => void): number {
  for (let count = 0; count < runs; count++) work();
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    for (let count = 0; count < runs; count++) work();
    least = Math.min(least, (performance.now() - startedMs) * 1000 / runs);
  }
  return least;
}

const encoder = new TextEncoder();
let written = 0;

function streamCost(from: ProtocolName, to: ProtocolName): number {
  const pieces = longStream(from);
  const whole = measure(60, () => {
    const pipe = pipeFor(from, to);
    for (const piece of pieces) {
      const out = pipe.push(piece);
      // The socket takes bytes.
      if (typeof out === "string") written += encoder.encode(out).length;
      else written += out?.length ?? 0;
    }
    pipe.end();
  });
  return whole / pieces.length;
}

const ASKED: { readonly [P in ProtocolName]: string } = {
  chat: JSON.stringify({
    model: "alias",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "What is the capital of France?" },
    ],
    max_tokens: 100,
    temperature: 0.5,
  }),
  messages: JSON.stringify({
    model: "alias",
    max_tokens: 100,
    system: "Be brief.",
    messages: [{ role: "user", content: "What is the capital of France?" }],
    temperature: 0.5,
  }),
  responses: JSON.stringify({
    model: "alias",
    instructions: "Be brief.",
    input: [{ role: "user", content: "What is the capital of France?" }],
    max_output_tokens: 100,
    temperature: 0.5,
  }),
};

const ANSWERED: { readonly [P in ProtocolName]: string } = {
  chat: JSON.stringify(chatAnswer({ content: "Paris." })),
  messages: JSON.stringify(messagesAnswer([{ type: "text", text: "Paris." }])),
  responses: JSON.stringify(responsesAnswer([{
    type: "message",
    id: "msg_1",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: "Paris.", annotations: [] }],
  }])),
};

/** A small request there and its answer back; the client speaks `client`. */
function smallCost(client: ProtocolName, provider: ProtocolName): number {
  const there = { from: PROTOCOLS[client], to: PROTOCOLS[provider] };
  const back = { from: PROTOCOLS[provider], to: PROTOCOLS[client] };
  const context = { decode: decodeContext(), encode: encodeContext(client) };
  return measure(1000, () => {
    const { text } = translateRequest(ASKED[client], there, UNKNOWN_TARGET);
    written += encoder.encode(text).length;
    const answer = translateAnswer(ANSWERED[provider], back, context);
    if (answer.kind === "answered") {
      written += encoder.encode(answer.text).length;
    }
  });
}

async function table(
  title: string,
  unit: string,
  cost: (
    client: ProtocolName,
    provider: ProtocolName,
  ) => number | Promise<number>,
): Promise<void> {
  console.log(`\n${title}`);
  console.log(
    ["client", "provider", unit, "of native"].map((cell) => cell.padEnd(12))
      .join(""),
  );
  for (const provider of PROTOCOL_NAMES) {
    // Native is what the same provider costs without translation.
    const native = await cost(provider, provider);
    for (const client of PROTOCOL_NAMES) {
      const found = client === provider ? native : await cost(client, provider);
      console.log(
        [client, provider, found.toFixed(2), `${(found / native).toFixed(2)}x`]
          .map((cell) => cell.padEnd(12)).join(""),
      );
    }
  }
}

/** The whole gateway's CPU: what an operator pays. */
async function overSockets(): Promise<void> {
  const decoder = new TextDecoder();
  const events = (name: ProtocolName) =>
    longStream(name).map((piece) => decoder.decode(piece));
  await using gateway = await GatewayUnderLoad.start({
    events: {
      chat: events("chat"),
      messages: events("messages"),
      responses: events("responses"),
    },
    answers: ANSWERED,
    requests: ASKED,
  });
  await table(
    `The gateway's CPU over sockets: paced streams of ${EVENTS} text events, 50 at a time, microseconds per event`,
    "us/event",
    async (client, provider) => {
      await gateway.cpuPerRequest(client, provider, true, 25, 25);
      const cost = await gateway.cpuPerRequest(client, provider, true, 100, 50);
      return cost / longStream(provider).length;
    },
  );
  await table(
    "The gateway's CPU over sockets: a small request and its whole answer, 16 at a time, microseconds",
    "us",
    async (client, provider) => {
      await gateway.cpuPerRequest(client, provider, false, 500, 16);
      return await gateway.cpuPerRequest(client, provider, false, 1500, 16);
    },
  );
}

if (import.meta.main) {
  const check = translateStream(
    new TextDecoder().decode(
      Uint8Array.from(longStream("chat").flatMap((piece) => [...piece])),
    ),
    { from: PROTOCOLS.chat, to: PROTOCOLS.messages },
    { decode: decodeContext(), encode: encodeContext("messages") },
  );
  if (eventsOf(check.text).length < EVENTS) {
    throw new Error("Cannot measure: the stream does not arrive");
  }
  await overSockets();
  await table(
    `Inside, without sockets: streams of ${EVENTS} text events, parse to bytes, microseconds per event`,
    "us/event",
    (client, provider) => streamCost(provider, client),
  );
  await table(
    "Inside, without sockets: a small request and its whole answer, microseconds",
    "us",
    smallCost,
  );
}
