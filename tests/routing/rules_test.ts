/** Rules: each condition by itself, their order, what they lead to. @module */

import { assertEquals } from "@std/assert";
import { Router } from "../../src/routing/router.ts";
import { configOf, factsFor, type Question } from "./fixtures.ts";

/** Where a request goes under one rule: `yes/yes` if it applies. */
function applies(when: Record<string, unknown>, question: Question): boolean {
  const config = configOf({
    providers: { yes: { simulator: {} }, no: { simulator: {} } },
    clients: {
      ci: { keySha256: "0".repeat(64), tier: "internal" },
      lap: { keySha256: "1".repeat(64) },
    },
    rules: [{ when, use: "yes/yes" }, { when: { model: "*" }, use: "no/no" }],
  });
  const { decision } = new Router(config).explain(factsFor(question, config));
  return decision.order[0]?.target.id === "yes/yes";
}

const LONG = { messages: [{ role: "user", content: "word ".repeat(2000) }] };

const CASES: readonly [
  string,
  Record<string, unknown>,
  Question,
  Question,
][] = [
  [
    "model, as a pattern",
    { model: "claude-*haiku*" },
    { body: { model: "claude-3-haiku-20240307" } },
    { body: { model: "claude-3-opus" } },
  ],
  [
    "model, as a list",
    { model: ["gpt-*", "o3"] },
    { body: { model: "o3" } },
    { body: { model: "o3-mini" } },
  ],
  [
    "inputTokensOver",
    { inputTokensOver: 1500 },
    { body: LONG },
    { body: { messages: [{ role: "user", content: "word" }] } },
  ],
  [
    "tools, by type with a pattern",
    { tools: ["web_search*"] },
    {
      endpoint: "/v1/messages",
      body: { tools: [{ type: "web_search_20250305", name: "search" }] },
    },
    { endpoint: "/v1/messages", body: { tools: [{ name: "read" }] } },
  ],
  [
    "tools, by name",
    { tools: ["read_file", "write_file"] },
    {
      body: { tools: [{ type: "function", function: { name: "write_file" } }] },
    },
    { body: { tools: [{ type: "function", function: { name: "other" } }] } },
  ],
  ["tier", { tier: ["internal"] }, { client: "ci" }, { client: "lap" }],
  ["client", { client: ["lap"] }, { client: "lap" }, { client: "ci" }],
  [
    "endpoint",
    { endpoint: ["messages", "count_tokens"] },
    { endpoint: "/v1/messages/count_tokens" },
    { endpoint: "/v1/chat/completions" },
  ],
  [
    "images",
    { images: true },
    {
      body: {
        messages: [{ role: "user", content: [{ type: "image_url" }] }],
      },
    },
    {},
  ],
  [
    "no images",
    { images: false },
    {},
    {
      body: {
        messages: [{ role: "user", content: [{ type: "image_url" }] }],
      },
    },
  ],
  [
    "thinking",
    { thinking: true },
    { body: { reasoning_effort: "high" } },
    {},
  ],
  [
    "no thinking",
    { thinking: false },
    { body: { reasoning_effort: "none" } },
    { body: { reasoning_effort: "high" } },
  ],
  [
    "headers",
    { headers: { "X-Team": "a*", "x-env": "prod" } },
    { headers: { "x-team": "alpha", "X-Env": "prod" } },
    { headers: { "x-team": "alpha" } },
  ],
  [
    "every condition at once",
    { model: "m", tier: ["internal"], thinking: true, inputTokensOver: 1500 },
    { client: "ci", body: { ...LONG, reasoning_effort: "low" } },
    { client: "ci", body: { ...LONG } },
  ],
];

for (const [name, when, yes, no] of CASES) {
  Deno.test(`a rule on ${name} applies where it should and nowhere else`, () => {
    assertEquals([applies(when, yes), applies(when, no)], [true, false]);
  });
}

Deno.test("the first rule that applies wins, and says so", () => {
  const config = configOf({
    models: { fast: { targets: ["a/x"] }, smart: { targets: ["b/y"] } },
    rules: [
      { when: { images: true }, use: "fast" },
      { when: { model: "m*" }, use: "smart" },
      { when: { model: "*" }, use: "fast" },
    ],
  });
  const router = new Router(config);
  const { decision, notes } = router.explain(factsFor({}, config));
  assertEquals(decision.alias, "smart");
  assertEquals(decision.resolvedBy, "rule");
  assertEquals(notes.rule, 1);
});

Deno.test("a rule leads to an alias, a target, or the asked model of a provider", () => {
  const config = configOf({
    models: { fast: { targets: ["a/x"] } },
    rules: [
      { when: { model: "one" }, use: "fast" },
      { when: { model: "two" }, use: "b/other" },
      { when: { model: "gpt-*" }, use: "b/*" },
    ],
  });
  const router = new Router(config);
  const chosen = (model: string) =>
    router.explain(factsFor({ body: { model } }, config)).decision.order[0]
      ?.target.id;
  assertEquals(
    ["one", "two", "gpt-9", "a/direct"].map(chosen),
    ["a/x", "b/other", "b/gpt-9", "a/direct"],
  );
});

Deno.test("explicit targets skip the rules", () => {
  const config = configOf({ rules: [{ when: { model: "*" }, use: "b/*" }] });
  const router = new Router(config);
  for (const model of ["a/x", "a,x"]) {
    const { decision } = router.explain(factsFor({ body: { model } }, config));
    assertEquals(decision.order[0]?.target.id, "a/x");
    assertEquals(decision.resolvedBy, "explicit");
  }
});
