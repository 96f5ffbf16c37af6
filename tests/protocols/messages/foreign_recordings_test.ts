/** Real streams of the other protocols, as a messages client sees them. @module */

import Anthropic from "@anthropic-ai/sdk";
import { assert, assertEquals } from "@std/assert";
import { totalInput, totalOutput } from "../../../src/exchange/usage.ts";
import type { CanonicalRequest } from "../../../src/protocols/canonical.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import { Collector } from "../../../src/protocols/collect.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import type { Protocol } from "../../../src/protocols/protocol.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { eventsOf } from "./sse_events.ts";

const FOLDER = new URL("../../../../shared/data/transcripts/", import.meta.url);
const PROTOCOLS: readonly Protocol[] = [chat, responses];

function recordings(protocol: Protocol): string[] {
  try {
    return [...Deno.readDirSync(FOLDER)]
      .map((entry) => entry.name)
      .filter((name) =>
        name.startsWith(`${protocol.name}--`) && name.endsWith(".sse")
      )
      .sort();
  } catch {
    return [];
  }
}

function decode(protocol: Protocol, name: string): StreamPart[] {
  const decoder = protocol.streamDecoder({
    provider: "p",
    model: "m",
    toolNames: new Map(),
    eofIsFinish: name.includes("snowflake"),
  });
  const events = eventsOf(Deno.readFileSync(new URL(name, FOLDER)));
  return [...events.flatMap((event) => decoder.push(event)), ...decoder.end()];
}

function encode(parts: readonly StreamPart[]): string {
  const encoder = messages.streamEncoder({
    request: {} as CanonicalRequest,
    body: {},
    newId: (prefix) => `${prefix}01`,
    now: () => 0,
  });
  return parts.map((part) => encoder.push(part)).join("");
}

function clientFor(body: string): Anthropic {
  return new Anthropic({
    apiKey: "test",
    baseURL: "http://127.0.0.1:1",
    maxRetries: 0,
    fetch: () =>
      Promise.resolve(
        new Response(body, {
          headers: { "content-type": "text/event-stream" },
        }),
      ),
  });
}

async function checkRecording(
  parts: readonly StreamPart[],
  name: string,
): Promise<void> {
  const message = await clientFor(encode(parts)).messages.stream({
    model: "m",
    max_tokens: 10,
    messages: [{ role: "user", content: "hi" }],
  }).finalMessage();
  const collector = new Collector();
  for (const part of parts) collector.push(part);
  const answer = collector.response;
  const texts = answer.content.map((block) =>
    block.type === "text" || block.type === "refusal" ? block.text : ""
  );
  assertEquals(
    message.content.map((block) => block.type === "text" ? block.text : "")
      .join(""),
    texts.join(""),
    name,
  );
  const calls = answer.content.filter((block) => block.type === "tool-call");
  const uses = message.content.filter((block) => block.type === "tool_use");
  assertEquals(
    uses.map((use) => [use.id, use.name]),
    calls.map((call) => [call.id, call.name]),
    name,
  );
  calls.forEach((call, index) => {
    if (call.kind === "function") {
      assertEquals(
        uses[index]?.input,
        JSON.parse(call.arguments || "{}"),
        name,
      );
    }
  });
  const thoughts = answer.content.filter((block) =>
    block.type === "reasoning" && !block.redacted && block.text !== ""
  );
  assert(
    message.content.filter((block) => block.type === "thinking").length >=
      thoughts.length,
    name,
  );
  assert(
    message.content.every((block) =>
      block.type !== "text" || block.text !== ""
    ),
    name,
  );
  if (calls.length > 0 && answer.finish.kind !== "length") {
    assertEquals(message.stop_reason, "tool_use", name);
  }
  const { ledger } = answer.usage;
  const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens } =
    message.usage;
  assertEquals(
    input_tokens + (cache_read_input_tokens ?? 0) +
      (cache_creation_input_tokens ?? 0),
    totalInput(ledger),
    name,
  );
  assertEquals(message.usage.output_tokens, totalOutput(ledger), name);
}

for (const protocol of PROTOCOLS) {
  const names = recordings(protocol);
  Deno.test({
    name:
      `streamEncoder() makes of every ${protocol.name} recording what the official client takes (needs the recordings beside the repository)`,
    ignore: names.length === 0,
    async fn() {
      let whole = 0;
      for (const name of names) {
        const parts = decode(protocol, name);
        if (parts.at(-1)?.type !== "finish") continue;
        whole++;
        await checkRecording(parts, name);
      }
      assert(whole > names.length / 2, `${whole} of ${names.length} are whole`);
    },
  });
}
