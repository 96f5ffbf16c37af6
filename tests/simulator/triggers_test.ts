import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { parseTriggers } from "../../src/simulator/triggers.ts";
import { isJsonObject, type JsonObject } from "../../src/support/json.ts";
import { ask, events, simulator, upstreamRequest } from "./harness.ts";

function question(
  protocol: ProtocolName,
  model: string,
  stream: boolean,
): JsonObject {
  const messages = [{ role: "user", content: "ask me anything" }];
  switch (protocol) {
    case "chat":
      return {
        model,
        stream,
        messages,
        ...(stream ? { stream_options: { include_usage: true } } : {}),
      };
    case "messages":
      return { model, stream, messages, max_tokens: 500 };
    case "responses":
      return { model, stream, input: "ask me anything" };
  }
}

function run(protocol: ProtocolName, model: string, stream: boolean) {
  const body = question(protocol, model, stream);
  return ask(simulator(), upstreamRequest(protocol, body));
}

/** Pieces of content that a stream showed. */
function pieces(text: string): string[] {
  return events(text).flatMap(({ data }) => {
    const choice = Array.isArray(data.choices) ? data.choices[0] : null;
    const delta = isJsonObject(choice) ? choice.delta : data.delta;
    if (data.type === "response.output_text.delta") return [String(delta)];
    const content = isJsonObject(delta) ? delta.content ?? delta.text : null;
    return typeof content === "string" && content !== "" ? [content] : [];
  });
}

const TERMINALS: Record<ProtocolName, string> = {
  chat: "[DONE]",
  messages: "message_stop",
  responses: "response.completed",
};

for (const protocol of PROTOCOL_NAMES) {
  const name = (trigger: string) => `parseTriggers() ${trigger} on ${protocol}`;

  Deno.test(name("echo streams the last user text word by word"), async () => {
    const { text } = await run(protocol, "gpt-x-echo", true);
    assertEquals(pieces(text), ["ask", " me", " anything"]);
    assertStringIncludes(text, TERMINALS[protocol]);
  });

  Deno.test(name("tokens-N gives exactly N pieces"), async () => {
    const { text } = await run(protocol, "tokens-17", true);
    assertEquals(pieces(text).length, 17);
  });

  Deno.test(
    name("error-S answers with the status in the protocol's shape"),
    async () => {
      for (const status of [400, 401, 403, 404, 418, 429, 500, 502, 503, 529]) {
        const outcome = await run(protocol, `error-${status}`, true);
        assertEquals(outcome.status, status);
        const { error, type } = JSON.parse(outcome.text);
        assertEquals(typeof error.message, "string");
        assertEquals(typeof error.type, "string");
        assertEquals(type, protocol === "messages" ? "error" : undefined);
        const waits = [429, 503, 529].includes(status) ? "1" : undefined;
        assertEquals(outcome.headers.get("retry-after"), waits);
      }
      const later = await run(protocol, "error-429-retry-30", false);
      assertEquals(later.headers.get("retry-after"), "30");
    },
  );

  Deno.test(
    name(
      "error-quota, error-context and error-html answer as their providers do",
    ),
    async () => {
      const quota = await run(protocol, "error-quota", false);
      assertEquals(quota.status, protocol === "messages" ? 402 : 429);
      const context = await run(protocol, "error-context", false);
      assertEquals(context.status, 400);
      const { error } = JSON.parse(context.text);
      if (protocol === "messages") {
        assertStringIncludes(error.message, "prompt is too long");
      } else assertEquals(error.code, "context_length_exceeded");
      const html = await run(protocol, "error-html", true);
      assertEquals([html.status, html.headers.get("content-type")], [
        502,
        "text/html",
      ]);
    },
  );

  Deno.test(
    name("in-band-error fails within a 200, before or after content"),
    async () => {
      for (
        const [model, count] of [
          ["in-band-error", 0],
          ["in-band-error-after-3", 3],
        ] as const
      ) {
        const { status, text } = await run(protocol, model, true);
        assertEquals([status, pieces(text).length], [200, count]);
        assert(!text.includes(TERMINALS[protocol]));
        const last = events(text).at(-1)?.data ?? {};
        const failed = protocol === "responses"
          ? last.type === "response.failed"
          : isJsonObject(last.error);
        assert(failed, JSON.stringify(last));
      }
      const whole = await run(protocol, "in-band-error", false);
      assertEquals(whole.status, 200);
      assert(isJsonObject(JSON.parse(whole.text).error));
    },
  );

  Deno.test(
    name("cut-after-N breaks the connection after N pieces"),
    async () => {
      const { status, text, failure } = await run(
        protocol,
        "cut-after-3",
        true,
      );
      assertEquals([status, pieces(text).length], [200, 3]);
      assertEquals(failure?.kind, "stream_broken");
      assertEquals(failure?.upstreamStatus, 200);
      const whole = await run(protocol, "cut-after-3", false);
      assertEquals(whole.failure?.kind, "stream_broken");
      assert(whole.text.length > 0);
    },
  );

  Deno.test(name("cut breaks the connection before the head"), async () => {
    const { status, failure } = await run(protocol, "cut", true);
    assertEquals([status, failure?.kind], [0, "reset"]);
  });

  Deno.test(
    name("eof-after-N ends cleanly without a terminal event"),
    async () => {
      const { text, failure } = await run(protocol, "eof-after-3", true);
      assertEquals([pieces(text).length, failure], [3, null]);
      assert(!text.includes(TERMINALS[protocol]));
      const beyond = await run(protocol, "echo+eof-after-999", true);
      assertEquals(pieces(beyond.text).length, 3);
      assert(!beyond.text.includes(TERMINALS[protocol]));
    },
  );

  Deno.test(
    name("truncated-json cuts the body or the last event"),
    async () => {
      for (const stream of [true, false]) {
        const { text, failure } = await run(protocol, "truncated-json", stream);
        assertEquals(failure, null);
        const json = text.slice(text.lastIndexOf("data: ") + 6);
        let parsed = true;
        try {
          JSON.parse(stream ? json : text);
        } catch {
          parsed = false;
        }
        assertEquals(parsed, false);
      }
    },
  );

  Deno.test(name("no-usage reports none"), async () => {
    for (const stream of [true, false]) {
      const { text } = await run(protocol, "no-usage", stream);
      assert(!/"usage":\{/.test(text));
    }
  });

  Deno.test(
    name("split sends slices of seven bytes that make up the same body"),
    async () => {
      const { chunks, text } = await run(protocol, "echo+split", true);
      assertEquals(pieces(text).join(""), "ask me anything");
      assert(chunks.every((chunk) => chunk.length <= 7));
    },
  );

  Deno.test(name("refusal and empty answer without text"), async () => {
    const refusal = await run(protocol, "refusal", false);
    assertStringIncludes(refusal.text, "I cannot help with that request.");
    const reason: Record<ProtocolName, string> = {
      chat: '"refusal":"I cannot',
      messages: '"stop_reason":"refusal"',
      responses: '"type":"refusal"',
    };
    assertStringIncludes(refusal.text, reason[protocol]);
    const empty = await run(protocol, "empty", true);
    assertEquals(pieces(empty.text), []);
    assertStringIncludes(empty.text, TERMINALS[protocol]);
  });
}

Deno.test("parseTriggers() redacted hides thinking on messages", async () => {
  const body: JsonObject = {
    ...question("messages", "redacted", true),
    max_tokens: 4000,
    thinking: { type: "enabled", budget_tokens: 1024 },
  };
  const { text } = await ask(simulator(), upstreamRequest("messages", body));
  assertStringIncludes(text, '"type":"redacted_thinking","data":"');
  assert(!text.includes("thinking_delta"));
});

Deno.test("parseTriggers() reads triggers at the end of a name and joined by plus, and nothing else", () => {
  assertEquals(parseTriggers("sim:echo").echo, true);
  assertEquals(parseTriggers("a/b-echo+slow").slow, true);
  assertEquals(parseTriggers("gpt-5+stall-after-0").fault, {
    kind: "stall",
    after: 0,
  });
  for (
    const model of ["claude-opus", "echoes", "xecho", "error-999", "slowly"]
  ) {
    assertEquals(parseTriggers(model), parseTriggers("gpt-5"));
  }
});
