import { assertEquals } from "@std/assert";
import { configSchema } from "../../src/config/schema.ts";
import { knownLabels, lossField } from "../../src/metrics/known_labels.ts";

Deno.test("knownLabels() names the providers and targets of a config and nothing else", () => {
  const known = knownLabels(configSchema.parse({
    providers: {
      openai: {
        protocols: { chat: "https://api.openai.com/v1" },
        models: ["gpt-5-mini"],
      },
      sim: { simulator: {} },
    },
    models: {
      fast: { targets: ["sim/echo"] },
      smart: {
        groups: [
          { targets: [{ target: "openai/gpt-5-mini", weight: 3 }] },
          { targets: ["sim/a/b"] },
        ],
      },
    },
  }));
  assertEquals([...known.providers], ["openai", "sim"]);
  assertEquals([...known.targets].sort(), [
    "openai/gpt-5-mini",
    "sim/a/b",
    "sim/echo",
  ]);
});

Deno.test("lossField() keeps fields of the protocols and folds the rest into other", () => {
  const cases = [
    ["messages[3].content[0]: why", "messages"],
    ["tools: why", "tools"],
    ["made_up: why", "other"],
    ["", "other"],
    ["temperature_override: why", "other"],
  ] as const;
  for (const [loss, field] of cases) assertEquals(lossField(loss), field);
});
