/** Real streams of providers, where the recordings are at hand. @module */

import { assert, assertEquals } from "@std/assert";
import { totalInput, totalOutput } from "../../../src/exchange/usage.ts";
import { collect } from "../../../src/protocols/collect.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import type {
  DecodeContext,
  SseEvent,
} from "../../../src/protocols/protocol.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { checkFailed, checkFinished } from "../check_parts.ts";
import { eventsOf } from "./sse_events.ts";

const FOLDER = new URL("../../../../shared/data/transcripts/", import.meta.url);

const CONTEXT: DecodeContext = {
  provider: "anthropic",
  model: "claude",
  toolNames: new Map(),
  eofIsFinish: false,
};

function recordings(): string[] {
  try {
    return [...Deno.readDirSync(FOLDER)]
      .map((entry) => entry.name)
      .filter((name) => name.startsWith("messages--") && name.endsWith(".sse"))
      .sort();
  } catch {
    return [];
  }
}

const NAMES = recordings();
// Both hold a second message_start, on purpose.
const BROKEN = "messages--anthropic-like--aisdk-spliced-message-start.sse";
const WHOLE = NAMES.filter((name) => name !== BROKEN);
const ignore = NAMES.length === 0;
const WHERE = "(needs the recordings beside the repository)";

function read(name: string): SseEvent[] {
  return eventsOf(Deno.readFileSync(new URL(name, FOLDER)));
}

function decode(events: readonly SseEvent[]): StreamPart[] {
  const decoder = messages.streamDecoder(CONTEXT);
  return [...events.flatMap((event) => decoder.push(event)), ...decoder.end()];
}

Deno.test({
  name: `streamDecoder() makes a valid sequence of every recording ${WHERE}`,
  ignore,
  fn() {
    assert(NAMES.length >= 20);
    for (const name of WHOLE) {
      const parts = decode(read(name));
      checkFinished(parts);
      const { usage, finish } = collect(parts);
      assertEquals(usage.source, "reported", name);
      assert(
        totalInput(usage.ledger) > 0 && totalOutput(usage.ledger) > 0,
        name,
      );
      assert(finish.raw !== null, name);
    }
  },
});

Deno.test({
  name: `streamDecoder() refuses a stream spliced of two answers ${WHERE}`,
  ignore,
  fn() {
    checkFailed(decode(read(BROKEN)));
  },
});

Deno.test({
  name: `streamDecoder() ends in an error wherever a recording is cut ${WHERE}`,
  ignore,
  fn() {
    for (const name of WHOLE) {
      const events = read(name);
      for (let cut = 0; cut < events.length; cut++) {
        const parts = decode(events.slice(0, cut));
        assertEquals(parts.at(-1)?.type, "error", `${name} cut at ${cut}`);
      }
    }
  },
});

Deno.test({
  name: `observer() agrees with the decoder on every recording ${WHERE}`,
  ignore,
  fn() {
    for (const name of WHOLE) {
      const events = read(name);
      const observer = messages.observer();
      for (const event of events) observer.event(event);
      const answer = collect(decode(events));
      assertEquals(observer.usage, answer.usage, name);
      assertEquals(observer.finishReason, answer.finish.raw, name);
      assert(observer.finished && observer.error === null, name);
      const says = answer.content.some((block) =>
        block.type === "tool-call" ||
        ((block.type === "text" || block.type === "reasoning") &&
          block.text !== "")
      );
      assertEquals(observer.sawContent, says, name);
      assertEquals(observer.contentChars > 0, says, name);
    }
  },
});

Deno.test({
  name: `streamDecoder() reads what the recordings are known for ${WHERE}`,
  ignore,
  fn() {
    const usageOf = (name: string) =>
      collect(decode(read(`messages--anthropic--${name}.sse`))).usage;
    assertEquals(
      usageOf("aisdk-anthropic-message-delta-input-tokens").ledger.input,
      61,
    );
    assertEquals(usageOf("aisdk-anthropic-fallback").model, "claude-opus-4-8");
    assertEquals(
      usageOf("anthropic_advisor_tool_stream--0").ledger.input,
      4954,
    );
    assertEquals(
      usageOf("anthropic_web_search_tool_stream--0").ledger.webSearch,
      2,
    );
    const refusal = collect(
      decode(read("messages--anthropic--aisdk-anthropic-refusal.sse")),
    );
    assertEquals(refusal.content, []);
    assertEquals(refusal.finish.kind, "refusal");
    const call = collect(
      decode(read("messages--anthropic--aisdk-anthropic-tool-no-args.sse")),
    );
    assertEquals(
      call.content.at(-1)?.type === "tool-call" ? call.content.at(-1) : null,
      {
        type: "tool-call",
        id: "toolu_01QE1WLsSVp5hy5Q3GmGTmjP",
        name: "updateIssueList",
        arguments: "{}",
        kind: "function",
        cache: null,
      },
    );
  },
});
