import { assert, assertEquals } from "@std/assert";
import type { OutputBlock } from "../../../src/protocols/canonical.ts";
import { collect } from "../../../src/protocols/collect.ts";
import type { SseEvent } from "../../../src/protocols/protocol.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import {
  isContent,
  type StreamPart,
} from "../../../src/protocols/stream_part.ts";
import { isJsonObject, type JsonObject } from "../../../src/support/json.ts";
import { checkFailed, checkFinished } from "../check_parts.ts";
import {
  decodeContext,
  decodeEvents,
  encodeParts,
  eventsOf,
  withoutWireDetails,
} from "./fixtures.ts";

const FOLDER = "../shared/data/transcripts";

function recordings(): { name: string; bytes: Uint8Array }[] {
  try {
    return [...Deno.readDirSync(FOLDER)]
      .filter(({ name }) => name.startsWith("responses--"))
      .sort((left, right) => left.name < right.name ? -1 : 1)
      .map(({ name }) => ({
        name,
        bytes: Deno.readFileSync(`${FOLDER}/${name}`),
      }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const RECORDINGS = recordings();
const ignore = RECORDINGS.length === 0;

/** Streams that end in an error of the upstream. */
const FAILING: ReadonlySet<string> = new Set([
  "responses--openai--aisdk-openai-error-1.sse",
]);

function terminalOf(events: readonly SseEvent[]): JsonObject | null {
  for (const { data } of events) {
    if (!data.startsWith("{")) continue;
    const body: unknown = JSON.parse(data);
    if (
      isJsonObject(body) && isJsonObject(body.response) &&
      /^response\.(completed|incomplete)$/.test(String(body.type))
    ) return body.response;
  }
  return null;
}

/** Ids and proofs rotate, and hosted items may be whole only at the end: compare what is said. */
function said(content: readonly OutputBlock[]): unknown[] {
  const hosted = content.filter((block) => block.type === "native");
  const others = content.filter((block) => block.type !== "native");
  return [...others, ...hosted].map((block) => {
    switch (block.type) {
      case "text":
        return ["text", block.text, block.citations.length];
      case "tool-call":
        return ["call", block.id, block.name, block.arguments, block.kind];
      case "native":
        return ["native", block.value.type];
      default:
        return [block.type, block.text];
    }
  });
}

Deno.test({
  name:
    "streamDecoder() reads every recording as the terminal event tells it (needs ../shared)",
  ignore,
  fn() {
    for (const { name, bytes } of RECORDINGS) {
      const events = eventsOf(bytes);
      const parts = decodeEvents(events);
      if (FAILING.has(name)) {
        checkFailed(parts);
        continue;
      }
      checkFinished(parts);
      const terminal = terminalOf(events);
      assert(terminal !== null, name);
      const whole = responses.decodeResponse(terminal, decodeContext());
      const streamed = collect(parts);
      assertEquals(streamed.usage, whole.usage, name);
      assertEquals(streamed.finish, whole.finish, name);
      assertEquals(said(streamed.content), said(whole.content), name);
    }
  },
});

Deno.test({
  name:
    "streamDecoder() gives the same parts wherever the bytes are split (needs ../shared)",
  ignore,
  fn() {
    for (const { name, bytes } of RECORDINGS) {
      if (bytes.length > 20_000) continue;
      const expected = decodeEvents(eventsOf(bytes));
      assertEquals(decodeEvents(eventsOf(bytes, 1)), expected, name);
      const crlf = new TextEncoder().encode(
        new TextDecoder().decode(bytes).replaceAll("\n", "\r\n"),
      );
      assertEquals(decodeEvents(eventsOf(crlf, 7)), expected, name);
    }
  },
});

Deno.test({
  name:
    "streamDecoder() ends every recording that is cut at any event in an error (needs ../shared)",
  ignore,
  fn() {
    for (const { name, bytes } of RECORDINGS) {
      const events = eventsOf(bytes);
      const terminal = events.findIndex(({ data }) =>
        /"type": ?"(response\.(completed|incomplete|failed)|error)"/.test(data)
      );
      assert(terminal > 0, name);
      for (let cut = 0; cut <= terminal; cut++) {
        checkFailed(decodeEvents(events.slice(0, cut)));
      }
    }
  },
});

Deno.test({
  name: "streamEncoder() says what every recording said (needs ../shared)",
  ignore,
  fn() {
    for (const { name, bytes } of RECORDINGS) {
      if (FAILING.has(name)) continue;
      const parts = decodeEvents(eventsOf(bytes));
      const again = decodeEvents(eventsOf(encodeParts(parts)));
      checkFinished(again);
      const [first, second] = [collect(parts), collect(again)]
        .map(withoutWireDetails);
      assertEquals(
        said(second?.content ?? []),
        said(first?.content ?? []),
        name,
      );
      assertEquals(second?.usage.ledger, {
        ...first?.usage.ledger,
      }, name);
      assertEquals(second?.finish.kind, first?.finish.kind, name);
    }
  },
});

Deno.test({
  name:
    "observer() agrees with the decoder on every recording (needs ../shared)",
  ignore,
  fn() {
    for (const { name, bytes } of RECORDINGS) {
      const events = eventsOf(bytes);
      const decoder = responses.streamDecoder(decodeContext());
      const observer = responses.observer();
      let content = false;
      let last: StreamPart | undefined;
      for (const event of events) {
        observer.event(event);
        for (const part of decoder.push(event)) {
          content ||= isContent(part);
          last = part;
        }
        if (last?.type !== "finish") {
          assertEquals(observer.sawContent, content, name);
        }
      }
      assert(observer.finished, name);
      assertEquals(observer.error !== null, FAILING.has(name), name);
      if (last?.type !== "finish") continue;
      assertEquals(observer.usage, last.usage, name);
      assertEquals(observer.finishReason, last.finish.raw, name);
      assertEquals(observer.contentChars > 0, content, name);
    }
  },
});
