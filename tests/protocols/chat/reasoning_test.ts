import { assert, assertEquals } from "@std/assert";
import { noUsage } from "../../../src/exchange/usage.ts";
import type {
  CanonicalResponse,
  ReasoningBlock,
} from "../../../src/protocols/canonical.ts";
import { textBlock } from "../../../src/protocols/canonical.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import { partsOf } from "../../../src/protocols/collect.ts";
import { PROOF_MARKER } from "../../../src/protocols/reasoning_envelope.ts";
import { isJsonObject, type JsonObject } from "../../../src/support/json.ts";
import { encodeContext, encodeParts, eventsOf } from "./chat_support.ts";

// The model of a proof is its family: that is what an envelope carries.
const ORIGIN = {
  protocol: "messages",
  provider: "a",
  model: "claude-x",
} as const;

function block(details: Partial<ReasoningBlock>): ReasoningBlock {
  return {
    type: "reasoning",
    text: "",
    proof: null,
    redacted: false,
    itemId: null,
    origin: ORIGIN,
    ...details,
  };
}

const BLOCKS = [
  block({ text: "first", proof: "signature" }),
  block({ proof: "blob", redacted: true }),
  block({
    text: "third",
    proof: "gAAA",
    itemId: "rs_1",
    origin: { ...ORIGIN, protocol: "responses" },
  }),
];

const ANSWER: CanonicalResponse = {
  id: "x",
  model: "claude-x",
  createdAt: 1,
  content: [...BLOCKS, textBlock("hi")],
  finish: { kind: "stop", raw: null, stopSequence: null, details: null },
  usage: noUsage(),
  serviceTier: null,
};

function messageOf(body: JsonObject): JsonObject {
  const [choice] = Array.isArray(body.choices) ? body.choices : [];
  assert(isJsonObject(choice) && isJsonObject(choice.message));
  return choice.message;
}

/** What a client that keeps every field of the deltas gives back. */
function accumulated(text: string): JsonObject {
  const message: JsonObject = { role: "assistant" };
  for (const event of eventsOf(text)) {
    if (event.data === "[DONE]") continue;
    const chunk = JSON.parse(event.data) as {
      choices: { delta: JsonObject }[];
    };
    for (const [name, value] of Object.entries(chunk.choices[0]?.delta ?? {})) {
      const before = message[name];
      if (
        typeof before === "string" && typeof value === "string" &&
        name !== "role"
      ) {
        message[name] = before + value;
      } else if (Array.isArray(before) && Array.isArray(value)) {
        message[name] = [...before, ...value];
      } else message[name] = value;
    }
  }
  return message;
}

function replayed(message: JsonObject): ReasoningBlock[] {
  const request = chat.decodeRequest({
    model: "m",
    messages: [{ role: "user", content: "hi" }, message],
  });
  const turn = request.turns[1];
  assert(turn?.role === "assistant");
  return turn.blocks.filter((item) => item.type === "reasoning");
}

Deno.test("thinking of another protocol comes back from a chat client as it was", () => {
  const message = messageOf(chat.encodeResponse(ANSWER, encodeContext()));
  assertEquals(message.reasoning_content, "first\n\nthird");
  assert(JSON.stringify(message.reasoning_details).includes(PROOF_MARKER));
  assertEquals(replayed(message), BLOCKS);
});

Deno.test("thinking of another protocol comes back from a streaming chat client as it was", () => {
  const message = accumulated(encodeParts(partsOf(ANSWER)));
  assertEquals(message.reasoning_content, "first\n\nthird");
  assertEquals(replayed(message), BLOCKS);
});

Deno.test("a chat client that keeps reasoning_content alone gives back the text without proof", () => {
  const { reasoning_details: _, ...message } = messageOf(
    chat.encodeResponse(ANSWER, encodeContext()),
  );
  assertEquals(
    replayed(message).map((item) => [item.text, item.proof]),
    [["first\n\nthird", null]],
  );
});

Deno.test("thinking without proof is shown as text alone", () => {
  const message = messageOf(
    chat.encodeResponse(
      { ...ANSWER, content: [block({ text: "t", origin: null })] },
      encodeContext(),
    ),
  );
  assertEquals(message.reasoning_content, "t");
  assertEquals("reasoning_details" in message, false);
});
