// What the scan of a body costs beside the parse that it saves:
// deno bench --no-check tests/bench/json_scan.ts

import { scanJson } from "../../src/support/json_scan.ts";
import { spliceJson } from "../../src/support/json_splice.ts";

const LIMITS = { maxDepth: 128, maxTokens: 0 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const SMALL = { messages: [{ role: "user", content: "Hello there" }] };
const LONG = {
  messages: [{ role: "user", content: "lorem ipsum ".repeat(85_000) }],
};
const DENSE = {
  messages: Array.from({ length: 13_000 }, (_, index) => ({
    role: index % 2 === 0 ? "user" : "assistant",
    content: "How is it?",
    weight: index / 7,
  })),
};

for (
  const [group, body] of [
    ["185 bytes", SMALL],
    ["1 MB, one long string", LONG],
    ["1 MB, 39,000 short values", DENSE],
  ] as const
) {
  const bytes = encoder.encode(
    JSON.stringify({ ...body, model: "fast", stream: true }),
  );
  Deno.bench("scanJson", { group, baseline: true }, () => {
    scanJson(bytes, LIMITS);
  });
  Deno.bench("JSON.parse", { group }, () => {
    JSON.parse(decoder.decode(bytes));
  });
  Deno.bench("scanJson and spliceJson", { group }, () => {
    const model = scanJson(bytes, LIMITS).fields.get("model");
    if (model === undefined) throw new Error("Cannot find the model");
    spliceJson(bytes, [{ ...model, text: '"other"' }]);
  });
  Deno.bench("parse, set, stringify, encode", { group }, () => {
    const value = JSON.parse(decoder.decode(bytes));
    value.model = "other";
    encoder.encode(JSON.stringify(value));
  });
}
