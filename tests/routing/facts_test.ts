/** What requests say of themselves, in each protocol. @module */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RequestFacts } from "../../src/routing/facts.ts";
import type { JsonObject } from "../../src/support/json.ts";
import {
  estimateRequestTokens,
  mostRequestTokens,
} from "../../src/support/request_tokens.ts";
import { factsFor } from "./fixtures.ts";

const MESSAGES = "/v1/messages";
const RESPONSES = "/v1/responses";
const CHAT = "/v1/chat/completions";

/** Facts that count how often the body was parsed. */
function counted(
  body: JsonObject,
): { facts: RequestFacts; parsed: () => number } {
  let count = 0;
  const facts = new RequestFacts({
    model: "m",
    protocol: "chat",
    operation: "generate",
    stream: false,
    client: { name: "local", tier: "default" },
    body: new TextEncoder().encode(JSON.stringify(body)),
    header: () => null,
    field: (name) => body[name],
    json: () => {
      count++;
      return body;
    },
  });
  return { facts, parsed: () => count };
}

Deno.test("RequestFacts.endpoint names the route as rules do", () => {
  const names = [
    CHAT,
    MESSAGES,
    RESPONSES,
    "/v1/messages/count_tokens",
    "/v1/responses/input_tokens",
    "/v1/embeddings",
  ].map((endpoint) => factsFor({ endpoint }).endpoint);
  assertEquals(names, [
    "chat",
    "messages",
    "responses",
    "count_tokens",
    "count_tokens",
    "embeddings",
  ]);
});

Deno.test("RequestFacts.tools lists names and types of every protocol", () => {
  const cases: [string, JsonObject, string][] = [
    [CHAT, {
      tools: [
        { type: "function", function: { name: "read" } },
        { type: "custom", custom: { name: "patch" } },
      ],
      web_search_options: {},
    }, "read:function patch:custom web_search:web_search"],
    [CHAT, { functions: [{ name: "old" }] }, "old:function"],
    [MESSAGES, {
      tools: [
        { name: "Bash", input_schema: {} },
        { type: "web_search_20250305", name: "web_search" },
      ],
    }, "Bash:function web_search:web_search_20250305"],
    [RESPONSES, {
      tools: [
        { type: "function", name: "read" },
        { type: "mcp", server_label: "docs" },
        { type: "web_search" },
      ],
    }, "read:function docs:mcp :web_search"],
    [CHAT, { tools: "nonsense" }, ""],
    ["/v1/embeddings", { tools: [{ type: "web_search" }] }, ""],
  ];
  for (const [endpoint, body, wanted] of cases) {
    const tools = factsFor({ endpoint, body }).tools;
    assertEquals(
      tools.map(({ name, type }) => `${name}:${type}`).join(" "),
      wanted,
    );
  }
});

Deno.test("RequestFacts.forcesTool tells a choice that must be a call", () => {
  const cases: [unknown, boolean][] = [
    ["auto", false],
    ["none", false],
    ["required", true],
    ["any", true],
    [{ type: "auto" }, false],
    [{ type: "none" }, false],
    [{ type: "any" }, true],
    [{ type: "tool", name: "x" }, true],
    [{ type: "function", function: { name: "x" } }, true],
    [{ type: "allowed_tools", mode: "auto", tools: [] }, false],
    [{ type: "allowed_tools", allowed_tools: { mode: "required" } }, true],
    [null, false],
  ];
  for (const [choice, wanted] of cases) {
    const body = { tool_choice: choice } as JsonObject;
    assertEquals(factsFor({ body }).forcesTool, wanted, JSON.stringify(choice));
  }
});

Deno.test("RequestFacts.thinking reads every protocol and its dialects", () => {
  const cases: [string, JsonObject, boolean][] = [
    [MESSAGES, { thinking: { type: "enabled", budget_tokens: 1024 } }, true],
    [MESSAGES, { thinking: { type: "adaptive" } }, true],
    [MESSAGES, { thinking: { type: "disabled" } }, false],
    [MESSAGES, {}, false],
    [CHAT, { reasoning_effort: "low" }, true],
    [CHAT, { reasoning_effort: "none" }, false],
    [CHAT, { reasoning: { effort: "high" } }, true],
    [CHAT, { reasoning: { max_tokens: 100 } }, true],
    [CHAT, { reasoning: { enabled: false, effort: "high" } }, false],
    [CHAT, { enable_thinking: true }, true],
    [CHAT, { enable_thinking: false }, false],
    [CHAT, { thinking_budget: 0 }, false],
    [RESPONSES, { reasoning: { effort: "medium" } }, true],
    [RESPONSES, { reasoning: { effort: "none" } }, false],
    [RESPONSES, { reasoning: { summary: "auto" } }, true],
    [RESPONSES, { reasoning: {} }, false],
  ];
  for (const [endpoint, body, wanted] of cases) {
    assertEquals(
      factsFor({ endpoint, body }).thinking,
      wanted,
      JSON.stringify(body),
    );
  }
});

Deno.test("RequestFacts.images finds pictures wherever a protocol puts them, and nowhere else", () => {
  const picture = { type: "image", source: { type: "url", url: "http://x/" } };
  const cases: [string, JsonObject, boolean][] = [
    [MESSAGES, { messages: [{ role: "user", content: [picture] }] }, true],
    [MESSAGES, {
      messages: [{
        role: "user",
        content: [{ type: "tool_result", content: [picture] }],
      }],
    }, true],
    [MESSAGES, {
      messages: [{
        role: "assistant",
        content: [{ type: "tool_use", input: { content: [picture] } }],
      }],
    }, false],
    [CHAT, {
      messages: [{
        role: "user",
        content: [{ type: "image_url", image_url: { url: "http://x/" } }],
      }],
    }, true],
    [CHAT, { messages: [{ role: "user", content: '"type":"image"' }] }, false],
    [RESPONSES, {
      input: [{ role: "user", content: [{ type: "input_image" }] }],
    }, true],
    [RESPONSES, {
      input: [{
        type: "function_call_output",
        output: [{ type: "input_image", image_url: "http://x/" }],
      }],
    }, true],
    [RESPONSES, {
      input: [{
        type: "computer_call_output",
        output: { type: "computer_screenshot" },
      }],
    }, true],
    [RESPONSES, { input: "an image" }, false],
  ];
  for (const [endpoint, body, wanted] of cases) {
    const given = endpoint === RESPONSES ? { messages: null, ...body } : body;
    assertEquals(
      factsFor({ endpoint, body: given }).images,
      wanted,
      JSON.stringify(body),
    );
  }
});

Deno.test("RequestFacts.maxOutputTokens reads the limit under each of its names", () => {
  assertEquals(factsFor({ body: { max_tokens: 5 } }).maxOutputTokens, 5);
  assertEquals(
    factsFor({ body: { max_completion_tokens: 7, max_tokens: 5 } })
      .maxOutputTokens,
    7,
  );
  assertEquals(
    factsFor({ endpoint: RESPONSES, body: { max_output_tokens: 9 } })
      .maxOutputTokens,
    9,
  );
  assertEquals(factsFor().maxOutputTokens, null);
  // A limit that the provider does not know is none, and of two it may take either.
  assertEquals(
    factsFor({ body: { max_output_tokens: 9 } }).maxOutputTokens,
    null,
  );
  assertEquals(
    factsFor({ endpoint: RESPONSES, body: { max_tokens: 9 } }).maxOutputTokens,
    null,
  );
  assertEquals(
    factsFor({ body: { max_completion_tokens: 7, max_tokens: 50 } })
      .maxOutputTokens,
    50,
  );
});

Deno.test("RequestFacts.sampling tells whether a knob is set", () => {
  assertEquals(factsFor({ body: { temperature: 0 } }).sampling, true);
  assertEquals(factsFor({ body: { top_p: 0.5 } }).sampling, true);
  assertEquals(factsFor({ body: { temperature: null } }).sampling, false);
});

Deno.test("RequestFacts parses no body until something asks for what is in it", () => {
  const { facts, parsed } = counted({
    messages: [{ role: "user", content: "hello" }],
    tools: [{ type: "function", function: { name: "read" } }],
    max_tokens: 10,
  });
  assertEquals(facts.images, false);
  assertEquals(facts.hasMoreInputTokensThan(1000), false);
  assertEquals(facts.tools.length, 1);
  assertEquals(facts.maxOutputTokens, 10);
  assertEquals(facts.thinking, false);
  assertEquals(parsed(), 0);
  assert(facts.inputTokens > 0);
  assertEquals(facts.hasMoreInputTokensThan(0), true);
  assertEquals(parsed(), 1);
});

Deno.test("RequestFacts.hasMoreInputTokensThan() agrees with the estimate for every body and limit", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("a1".repeat(40), "A1b2-".repeat(30), "\n\n \n", "{}[]"),
  );
  const block = fc.oneof(
    fc.record({ type: fc.constant("text"), text }),
    fc.constant({ type: "image", source: { type: "url", url: "u" } }),
    fc.constant({ type: "file", file: { file_id: "f" } }),
    fc.constant({ type: "input_audio", input_audio: { data: "AAAA" } }),
  );
  const turn = fc.record({
    role: fc.constantFrom("user", "assistant"),
    content: fc.oneof(text, fc.array(block, { maxLength: 4 })),
  });
  const bodies = fc.record({
    system: text,
    messages: fc.array(turn, { maxLength: 5 }),
    tools: fc.array(fc.record({ name: text, description: text }), {
      maxLength: 3,
    }),
  });
  fc.assert(
    fc.property(bodies, fc.integer({ min: 0, max: 4000 }), (body, limit) => {
      const { facts } = counted(body as JsonObject);
      const exceeded = facts.hasMoreInputTokensThan(limit);
      assertEquals(
        exceeded,
        counted(body as JsonObject).facts.inputTokens > limit,
      );
    }),
    { numRuns: 2000, seed: 11 },
  );
});

Deno.test("estimateRequestTokens() counts text, not the bytes of pictures", () => {
  const words = "several words of plain text ".repeat(50);
  const plain = estimateRequestTokens({
    messages: [{ role: "user", content: words }],
  });
  assert(plain > 200 && plain < 350, `${plain}`);
  const source = { type: "base64", data: "A".repeat(100_000) };
  const pictured = estimateRequestTokens({
    messages: [{
      role: "user",
      content: [{ type: "text", text: words }, { type: "image", source }],
    }],
  });
  assert(Math.abs(pictured - plain - 1000) < 20, `${pictured} for ${plain}`);
  assertEquals(mostRequestTokens(10), 15);
});

Deno.test("estimateRequestTokens() reads bodies of any depth", () => {
  let content: JsonObject = { text: "deep" };
  for (let depth = 0; depth < 20_000; depth++) content = { content };
  assert(estimateRequestTokens({ messages: [content] }) > 0);
});

Deno.test("RequestFacts.conversationPrefix() is that of the conversation, whatever follows its first turn", () => {
  const system = { role: "system", content: "be brief" };
  const first = { role: "user", content: "hello" };
  const prefix = (messages: JsonObject[], more: JsonObject = {}) =>
    factsFor({ body: { messages, ...more } }).conversationPrefix();
  const begun = prefix([system, first]);
  const goneOn = prefix([system, first, { role: "assistant", content: "hi" }, {
    role: "user",
    content: "bye",
  }], { temperature: 1, max_tokens: 9 });
  assertEquals(goneOn, begun);
  assert(prefix([system, { role: "user", content: "other" }]) !== begun);
  assert(prefix([first]) !== begun);
  assert(prefix([system, first], { tools: [] }) !== begun);
  const input = factsFor({
    endpoint: RESPONSES,
    body: { messages: null, input: "hello" },
  });
  assert(input.conversationPrefix() !== null);
  const empty = factsFor({ body: { messages: [] } });
  assertEquals(empty.conversationPrefix(), null);
});
