import { assert, assertEquals } from "@std/assert";
import { chat } from "../../../src/protocols/chat/chat.ts";
import { collect } from "../../../src/protocols/collect.ts";
import type { SseEvent } from "../../../src/protocols/protocol.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { checkFailed, checkFinished, checkParts } from "../check_parts.ts";
import {
  decodeContext,
  decodeEvents,
  encodeContext,
  encodeParts,
  events,
  eventsOf,
} from "./chat_support.ts";

const FOLDER = new URL(
  "../../../../shared/data/transcripts/",
  import.meta.url,
);

function recordings(): string[] {
  try {
    return [...Deno.readDirSync(FOLDER)].map((entry) => entry.name).filter(
      (name) => name.startsWith("chat--"),
    ).sort();
  } catch {
    return [];
  }
}

const NAMES = recordings();
const ignore = NAMES.length === 0;
const WITHOUT = "(needs the recordings)";

function bytesOf(name: string): Uint8Array {
  return Deno.readFileSync(new URL(name, FOLDER));
}

function recording(part: string): Uint8Array {
  const name = NAMES.find((candidate) => candidate.includes(part));
  assert(name !== undefined, part);
  return bytesOf(name);
}

/** Snowflake never says a finish reason: its provider entry carries the flag. */
function contextOf(name: string) {
  return decodeContext({ eofIsFinish: name.includes("snowflake") });
}

/** Recordings that end in an error on purpose. */
function isFailure(name: string): boolean {
  return name.includes("tool_use_failed_error_streaming--0") ||
    name.includes("with_text--0") || name.includes("stream_error");
}

Deno.test({
  name: `chat.streamDecoder() reads every recording ${WITHOUT}`,
  ignore,
  fn() {
    for (const name of NAMES) {
      const parts = decodeEvents(events(bytesOf(name)), contextOf(name));
      if (isFailure(name)) checkFailed(parts);
      else {
        checkFinished(parts);
        // One model spent its whole budget on thinking that it does not show.
        const silent = name.includes("detailed-usage");
        assertEquals(parts.length > 2, !silent, name);
      }
    }
  },
});

Deno.test({
  name:
    `chat.streamDecoder() turns a recording cut before any event into an error ${WITHOUT}`,
  ignore,
  fn() {
    for (const name of NAMES) {
      const all = events(bytesOf(name));
      const said = all.findIndex((event) =>
        /"finish_reason":\s*"/.test(event.data)
      );
      const step = Math.max(1, Math.floor(all.length / 60));
      for (let count = 0; count < all.length; count += step) {
        const parts = decodeEvents(all.slice(0, count));
        checkParts(parts);
        const whole = said >= 0 && count > said;
        const last = parts.at(-1);
        if (!whole) assertEquals(last?.type, "error", `${name} ${count}`);
      }
    }
  },
});

Deno.test({
  name: `chat.streamDecoder() does not care where bytes are cut ${WITHOUT}`,
  ignore,
  fn() {
    for (const part of ["alibaba-tool-call", "azure", "groq-tool-call"]) {
      const bytes = recording(part);
      const whole = events(bytes);
      const expected = JSON.stringify(whole);
      for (let at = 1; at < bytes.length; at++) {
        const list = events(bytes.subarray(0, at), bytes.subarray(at));
        assertEquals(JSON.stringify(list) === expected, true, `cut at ${at}`);
      }
      const single = [...bytes].map((byte) => Uint8Array.of(byte));
      assertEquals(decodeEvents(events(...single)), decodeEvents(whole));
    }
  },
});

function summary(parts: readonly StreamPart[]) {
  const response = collect(parts);
  return {
    finish: response.finish.kind,
    calls: response.content.flatMap((block) =>
      block.type === "tool-call" ? [[block.name, block.arguments]] : []
    ),
    kinds: response.content.map((block) => block.type),
    ledger: response.usage.ledger,
  };
}

Deno.test({
  name:
    `chat.streamDecoder() understands what each provider does its own way ${WITHOUT}`,
  ignore,
  fn() {
    const qwen = summary(decodeEvents(events(recording("alibaba-tool-call"))));
    assertEquals(qwen.calls, [[
      "weather",
      '{"location": "San Francisco"}',
    ]]);
    const xai = summary(decodeEvents(events(recording("xai-tool-call"))));
    assertEquals(xai.calls, [["weather", '{"location":"San Francisco"}']]);
    assertEquals(xai.ledger.reasoning, 227);
    assertEquals(xai.ledger.output, 26);
    assertEquals(xai.ledger.cacheRead, 306);
    assertEquals(xai.ledger.input, 1);
    const anthropic = summary(
      decodeEvents(events(recording("anthropic-fallback"))),
    );
    assertEquals(anthropic.kinds, ["text", "tool-call"]);
    const deepseek = summary(decodeEvents(events(recording("deepseek-tool"))));
    assertEquals(deepseek.kinds, ["reasoning", "tool-call"]);
    assertEquals(deepseek.ledger.cacheRead, 320);
    assertEquals(deepseek.ledger.input, 19);
    const snowflake = summary(
      decodeEvents(
        events(recording("snowflake_thinking")),
        decodeContext({ eofIsFinish: true }),
      ),
    );
    assertEquals(snowflake.kinds, ["reasoning", "text"]);
    const parallel = summary(
      decodeEvents(events(recording("complex_agent_run--0"))),
    );
    assertEquals(parallel.calls.length, 2);
    assertEquals(parallel.finish, "tool-calls");
  },
});

Deno.test({
  name:
    `chat.streamDecoder() keeps OpenRouter's proofs and citations ${WITHOUT}`,
  ignore,
  fn() {
    const signed = collect(
      decodeEvents(events(recording("openrouter_streaming_reasoning"))),
    ).content[0];
    assert(signed?.type === "reasoning" && signed.text !== "");
    assert(signed.proof?.includes('"signature":"Et0B'));
    assertEquals(signed.origin?.protocol, "chat");
    const encrypted = collect(
      decodeEvents(events(recording("openrouter_stream_with_reasoning"))),
    ).content[0];
    assert(encrypted?.type === "reasoning");
    assertEquals([encrypted.redacted, encrypted.text], [true, ""]);
    assert(encrypted.proof?.includes("gAAAAABpCCSIBx"));
    const cited = collect(
      decodeEvents(events(recording("web_search_annotations"))),
    );
    const text = cited.content.find((block) => block.type === "text");
    assert(text !== undefined && text.citations.length > 0);
    assertEquals(
      text.citations[0]?.url,
      "https://github.com/pydantic/pydantic-ai",
    );
    assertEquals(cited.usage.ledger.webSearch, 1);
  },
});

Deno.test({
  name:
    `chat.streamDecoder() says errors inside a stream with their usage ${WITHOUT}`,
  ignore,
  fn() {
    const openrouter = decodeEvents(
      events(recording("openrouter_stream_error")),
    )
      .at(-1);
    assert(openrouter?.type === "error");
    assertEquals(openrouter.error.message, "Token limit reached");
    assertEquals(openrouter.usage.ledger.input, 43);
    const groq = decodeEvents(events(recording("error_streaming--0"))).at(-1);
    assert(groq?.type === "error");
    assertEquals(groq.error.code, "tool_use_failed");
  },
});

Deno.test({
  name:
    `chat.streamEncoder() writes every recording so that it reads the same ${WITHOUT}`,
  ignore,
  fn() {
    for (const name of NAMES.filter((candidate) => !isFailure(candidate))) {
      const parts = decodeEvents(events(bytesOf(name)), contextOf(name));
      const again = decodeEvents(eventsOf(encodeParts(parts, encodeContext())));
      const shape = ({ finish, calls, kinds }: ReturnType<typeof summary>) => ({
        finish,
        calls,
        kinds,
      });
      assertEquals(shape(summary(again)), shape(summary(parts)), name);
    }
  },
});

function observe(list: readonly SseEvent[]) {
  const observer = chat.observer();
  for (const event of list) observer.event(event);
  return observer;
}

Deno.test({
  name:
    `chat.observer() learns from every recording what the decoder learns ${WITHOUT}`,
  ignore,
  fn() {
    for (const name of NAMES) {
      const list = events(bytesOf(name));
      const observer = observe(list);
      const last = decodeEvents(list, contextOf(name)).at(-1);
      assert(last?.type === "finish" || last?.type === "error");
      assertEquals(observer.usage.ledger, last.usage.ledger, name);
      assertEquals(observer.error !== null, last.type === "error", name);
      if (last.type === "finish") {
        assertEquals(observer.finishReason, last.finish.raw, name);
        assertEquals(observer.finished, true, name);
      }
      const silent = name.includes("detailed-usage");
      assertEquals(observer.sawContent, !silent, name);
      assertEquals(observer.contentChars > 0, !silent, name);
    }
  },
});
