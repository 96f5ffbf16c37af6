import { assertEquals } from "@std/assert";
import { regionOfHost } from "../../src/accounting/provider_names.ts";
import { PriceBook, type PriceQuery } from "../../src/accounting/price_book.ts";
import { entryOf, tableOf } from "./prices.ts";

const P1 = { inputPer1M: 1, outputPer1M: 1 };
const P2 = { inputPer1M: 2, outputPer1M: 2 };

function query(
  provider: string,
  model: string,
  rest: Partial<PriceQuery> = {},
): PriceQuery {
  return { provider, model, host: null, responseModel: null, ...rest };
}

/** Key and rule of what is found, `null` for nothing. */
function found(book: PriceBook, asked: PriceQuery): string | null {
  const match = book.find(asked);
  return match === null ? null : `${match.key} ${match.rule}`;
}

Deno.test("find() tries spellings in their order and nothing else", () => {
  const book = new PriceBook([tableOf({
    "openai/gpt-4o": P1,
    "openai/gpt-4o-2024-05-13": P2,
    "openai/gpt-5.6": { ...P1, aliases: ["gpt-5.6-latest"] },
    "openai/ft:gpt-4o": P2,
    "anthropic/claude-opus-5": P1,
    "google/gemini-3-pro": P1,
    "vertex/claude-opus-5": P1,
    "bedrock/anthropic.claude-opus-5": P1,
    "bedrock/us.anthropic.claude-opus-5": P2,
    "openrouter/meta/llama": P1,
    "openrouter/meta/llama:free": P2,
    "fireworks/accounts/fireworks/models/kimi-k3": P1,
  })]);
  const cases: readonly (readonly [string, string, string | null])[] = [
    ["openai", "gpt-4o", "openai/gpt-4o exact"],
    ["openai", "GPT-4o", "openai/gpt-4o exact"],
    ["openai", "gpt-5.6-latest", "openai/gpt-5.6 alias"],
    ["openai", "openai/gpt-4o", "openai/gpt-4o prefix"],
    ["openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13 exact"],
    ["openai", "gpt-4o-2024-08-06", "openai/gpt-4o suffix"],
    ["openai", "ft:gpt-4o:acme::1", "openai/ft:gpt-4o fine-tune"],
    ["anthropic", "claude-opus-5[1m]", "anthropic/claude-opus-5 suffix"],
    ["anthropic", "claude-opus-5-20260724", "anthropic/claude-opus-5 suffix"],
    ["google", "models/gemini-3-pro", "google/gemini-3-pro prefix"],
    ["gemini", "gemini/gemini-3-pro", "google/gemini-3-pro prefix"],
    ["vertex_ai", "claude-opus-5@20260724", "vertex/claude-opus-5 suffix"],
    [
      "bedrock",
      "us.anthropic.claude-opus-5-20260724-v1:0",
      "bedrock/us.anthropic.claude-opus-5 suffix",
    ],
    [
      "amazon-bedrock",
      "global.anthropic.claude-opus-5-v1:0",
      "bedrock/anthropic.claude-opus-5 spelling",
    ],
    ["openrouter", "meta/llama:free", "openrouter/meta/llama:free exact"],
    [
      "fireworks_ai",
      "accounts/fireworks/models/kimi-k3",
      "fireworks/accounts/fireworks/models/kimi-k3 exact",
    ],
    // Another product at another price, never the base model's.
    ["openrouter", "meta/llama:nitro", null],
    ["openai", "gpt-4o-mini", null],
    ["openai", "gpt-4", null],
    ["openai", "gpt-5.6-mini", null],
    ["openai", "my-gpt-4o", null],
    ["openai", "ft:gpt-4o-mini:acme::1", null],
    // What another provider lists is no price of this one.
    ["groq", "gpt-4o", null],
    ["openai", "claude-opus-5", null],
  ];
  for (const [provider, model, expected] of cases) {
    assertEquals(found(book, query(provider, model)), expected, model);
  }
});

Deno.test("find() takes the host where the provider's id says nothing", () => {
  const book = new PriceBook([
    tableOf({ "azure/gpt-4o": P1, "openai/gpt-4o": P2 }),
  ]);
  const at = (provider: string, host: string | null) =>
    found(book, query(provider, "gpt-4o", { host }));
  assertEquals(
    at("corp", "x.openai.azure.com"),
    "azure/gpt-4o exact",
  );
  assertEquals(at("corp", "api.openai.com:443"), "openai/gpt-4o exact");
  assertEquals(at("azure-openai", "api.openai.com"), "azure/gpt-4o exact");
  // Neither id nor host is known, and those who list the name disagree.
  assertEquals(at("corp", "10.0.0.7"), null);
});

Deno.test("find() takes an unambiguous name where neither id nor host says anything", () => {
  const book = new PriceBook([tableOf({
    "azure/gpt-4o": P1,
    "openai/gpt-4o": { ...P1, cachedPer1M: 0.5 },
    "groq/gpt-oss-120b": P1,
    "cerebras/gpt-oss-120b": P2,
    "together/only-here": P1,
  })]);
  const of = (model: string) => found(book, query("corp", model));
  // All agree: the maker's entry, which says the most.
  assertEquals(of("gpt-4o"), "openai/gpt-4o unambiguous");
  assertEquals(of("gpt-4o-2024-08-06"), "openai/gpt-4o unambiguous");
  assertEquals(of("only-here"), "together/only-here unambiguous");
  assertEquals(of("gpt-oss-120b"), null);
  assertEquals(of("azure/gpt-4o"), "azure/gpt-4o unambiguous");
  // A name that a log states is not an id that a config chose.
  const stated = query("corp", "gpt-4o", { isStated: true });
  assertEquals(found(book, stated), null);
});

Deno.test("find() takes the price of a region where the table lists it with the model", () => {
  const book = new PriceBook([tableOf({
    "azure/gpt-4o": P1,
    "azure/eu/gpt-4o": P2,
    "bedrock/anthropic.claude-opus-5": P1,
    "bedrock/eu.anthropic.claude-opus-5": P2,
  })]);
  const at = (provider: string, model: string, region: string | null) =>
    found(book, query(provider, model, { region }));
  assertEquals(at("azure", "gpt-4o", "eu"), "azure/eu/gpt-4o exact");
  assertEquals(at("azure", "gpt-4o", "us"), "azure/gpt-4o exact");
  assertEquals(at("azure", "gpt-4o", null), "azure/gpt-4o exact");
  assertEquals(
    at("bedrock", "anthropic.claude-opus-5", "eu"),
    "bedrock/eu.anthropic.claude-opus-5 exact",
  );
  assertEquals(
    at("bedrock", "anthropic.claude-opus-5", "eu-west-1"),
    "bedrock/anthropic.claude-opus-5 exact",
  );
});

Deno.test("find() asks a table's own patterns last, before a region is dropped", () => {
  const book = new PriceBook([tableOf({
    "bedrock/regional.claude-v1:0": {
      ...P2,
      aliases: ["anthropic.claude"],
      match: { contains: "anthropic.claude" },
    },
    "bedrock/global.claude-v1:0": {
      ...P1,
      match: { or: [{ starts_with: "global.anthropic.claude" }] },
    },
    "bedrock/exact.claude": P1,
    "google/gemini-pro": {
      ...P1,
      match: {
        and: [{ starts_with: "gemini-pro" }, { regex: "^(?!.*-tts$)" }],
      },
    },
  })]);
  const of = (provider: string, model: string) =>
    found(book, query(provider, model));
  assertEquals(
    of("bedrock", "eu.anthropic.claude-x"),
    "bedrock/regional.claude-v1:0 pattern",
  );
  assertEquals(of("bedrock", "exact.claude"), "bedrock/exact.claude exact");
  assertEquals(of("google", "Gemini-Pro-001"), "google/gemini-pro pattern");
  assertEquals(
    of("google", "models/gemini-pro-001"),
    "google/gemini-pro pattern",
  );
  assertEquals(of("google", "gemini-pro-tts"), null);
  assertEquals(of("openai", "gemini-pro-001"), null);
});

Deno.test("find() prefers the model that answered, where it has a price", () => {
  const book = new PriceBook([
    tableOf({ "openai/gpt-4o": P1, "openai/gpt-5": P2 }),
  ]);
  const of = (model: string, responseModel: string) =>
    found(book, query("openai", model, { responseModel }));
  assertEquals(of("gpt-4o", "gpt-5-2025-08-07"), "openai/gpt-5 suffix");
  assertEquals(of("gpt-4o", "internal-name"), "openai/gpt-4o exact");
  const match = book.find(
    query("openai", "gpt-4o", { responseModel: "gpt-5" }),
  );
  assertEquals(match?.of, "response");
});

Deno.test("find() asks the tables in their order, provider/model before model", () => {
  const ids = (name: string) => ["openai", "edge"].includes(name);
  const user = tableOf(
    { "up-model": P1, "edge/up-model": P2, "gpt-4o": P2, "org/model": P1 },
    "config",
    ids,
  );
  const book = new PriceBook([
    user,
    tableOf({ "openai/gpt-4o-2024-08-06": P1, "openai/up-model": P2 }),
  ]);
  assertEquals(found(book, query("edge", "up-model")), "edge/up-model exact");
  assertEquals(found(book, query("openai", "up-model")), "up-model exact");
  assertEquals(found(book, query("corp", "org/model")), "org/model exact");
  // The user's price also holds for the dated name in the answer.
  const dated = query("openai", "gpt-4o", {
    responseModel: "gpt-4o-2024-08-06",
  });
  assertEquals(found(book, dated), "gpt-4o suffix");
  assertEquals(book.find(dated)?.source, "config");
});

Deno.test("find() falls back last and says so", () => {
  const book = new PriceBook([tableOf({ "openai/m": P1 })], entryOf(P2));
  assertEquals(found(book, query("openai", "m")), "openai/m exact");
  assertEquals(found(book, query("openai", "n")), "fallback fallback");
  assertEquals(book.find(query("openai", "n"))?.source, "estimated");
});

Deno.test("find() remembers a bounded number of searches", () => {
  const book = new PriceBook([tableOf({ "openai/m": P1 })]);
  for (let index = 0; index < 10_000; index++) {
    book.find(query("openai", `name-${index}`));
  }
  assertEquals(found(book, query("openai", "m")), "openai/m exact");
});

Deno.test("regionOfHost() knows the hosts that stand for a region", () => {
  const hosts: readonly (readonly [string, string | null])[] = [
    ["eu.api.openai.com", "eu"],
    ["eu.api.openai.com:443", "eu"],
    ["api.openai.com", null],
    ["eu-west-1.api.x.ai", null],
    ["us-east5-aiplatform.googleapis.com", "us-east5"],
    ["us-aiplatform.googleapis.com", "us"],
    ["aiplatform.eu.rep.googleapis.com", "eu"],
    ["aiplatform.googleapis.com", null],
    ["bedrock-runtime.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
    ["bedrock-runtime-fips.us-east-1.amazonaws.com", "us-east-1"],
    ["127.0.0.1:8080", null],
  ];
  for (const [host, region] of hosts) {
    assertEquals(regionOfHost(host), region, host);
  }
});
