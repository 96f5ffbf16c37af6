import { assertEquals } from "@std/assert";
import { Attempt, Exchange } from "../../src/exchange/exchange.ts";
import { FeedbackBook } from "../../src/providers/feedback.ts";

const TARGET = { id: "up/model", provider: "up", model: "model" };

/** An exchange that was answered. */
function answered(id: string, finishReason: string): Exchange {
  const exchange = new Exchange({
    id,
    receivedAtMs: 0,
    startedMs: 0,
    endpoint: "/v1/messages",
    protocol: "messages",
    operation: "generate",
    client: { name: "ci", tier: "gold" },
    clientIp: "",
    clientRequestId: null,
  });
  const attempt = new Attempt(0, TARGET, "messages", true, 0);
  attempt.outcome = { kind: "answered" };
  attempt.finishReason = finishReason;
  exchange.attempts.push(attempt);
  return exchange;
}

Deno.test("FeedbackBook finds the last 10,000 answers and forgets the oldest", () => {
  const book = new FeedbackBook();
  for (let number = 0; number < 10_001; number++) {
    const exchange = answered(`id-${number}`, number === 1 ? "tool_use" : "");
    book.on({ type: "finished", exchange });
  }
  assertEquals(book.find("id-0"), null);
  assertEquals(book.find(""), null);
  assertEquals(book.find("id-1"), {
    target: TARGET,
    tier: "gold",
    contentType: "tool_call",
  });
  assertEquals(book.find("id-10000")?.contentType, "text");
});
