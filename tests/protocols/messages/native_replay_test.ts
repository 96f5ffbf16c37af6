import { assertEquals } from "@std/assert";
import { repairReplayedThinking } from "../../../src/protocols/messages/native_replay.ts";
import { wrapProof } from "../../../src/protocols/reasoning_envelope.ts";

const TARGET = { provider: "anthropic", model: "claude-opus-4-5-20251101" };
const OWN = {
  protocol: "messages",
  provider: "anthropic",
  model: "claude-opus-4-5",
} as const;
const OTHER = {
  protocol: "responses",
  provider: "openai",
  model: "gpt-5",
} as const;

Deno.test("repairReplayedThinking() drops foreign thinking, opens its own, leaves bare signatures", () => {
  const text = { type: "text", text: "so" };
  const bare = { type: "thinking", thinking: "a", signature: "Eq" };
  const { body, losses } = repairReplayedThinking({
    model: "x",
    messages: [
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: [
          bare,
          {
            type: "thinking",
            thinking: "b",
            signature: wrapProof(OTHER, "enc"),
          },
          { type: "thinking", thinking: "c", signature: wrapProof(OWN, "sig") },
          { type: "redacted_thinking", data: wrapProof(OTHER, "enc", true) },
          text,
        ],
      },
      {
        role: "assistant",
        content: [{
          type: "redacted_thinking",
          data: wrapProof(OTHER, "enc", true),
        }],
      },
    ],
  }, TARGET);
  assertEquals(body, {
    model: "x",
    messages: [
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: [
          bare,
          { type: "thinking", thinking: "c", signature: "sig" },
          text,
        ],
      },
    ],
  });
  assertEquals(losses.map((loss) => loss.field), [
    "messages[1].content[1]",
    "messages[1].content[3]",
    "messages[2].content[0]",
  ]);
});

Deno.test("repairReplayedThinking() leaves other bodies as they are", () => {
  for (
    const messages of [undefined, "hi", [5, { role: "user" }, {
      role: "user",
      content: [],
    }]]
  ) {
    const body = { messages } as never;
    assertEquals(repairReplayedThinking(body, TARGET), { body, losses: [] });
  }
});
