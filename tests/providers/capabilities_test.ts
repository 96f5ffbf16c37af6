/** Model settings over the embedded table. @module */

import { assertEquals, assertStrictEquals } from "@std/assert";
import { configSchema } from "../../src/config/schema.ts";
import { UNKNOWN_CAPABILITIES } from "../../src/exchange/capabilities.ts";
import { CapabilityTable } from "../../src/providers/capabilities.ts";
import { providerProfile } from "../../src/providers/profile.ts";

function sectionOf(section: Record<string, unknown>) {
  const config = configSchema.parse({ providers: { up: section } });
  const parsed = config.providers.get("up");
  if (parsed === undefined) throw new Error("Cannot test: no provider");
  return parsed;
}

Deno.test("CapabilityTable.of() lays the first matching settings over the embedded table", () => {
  const { modelSettings } = sectionOf({
    protocols: { chat: "http://up.example" },
    modelSettings: {
      "gpt-5-mini": { images: false },
      "gpt-5*": { contextTokens: 1000, images: true },
    },
  });
  const table = new CapabilityTable(modelSettings);
  const mini = table.of("gpt-5-mini");
  assertEquals([mini.images, mini.contextTokens], [false, 400_000]);
  const other = table.of("gpt-5");
  assertEquals([other.images, other.contextTokens], [true, 1000]);
  assertEquals(other.maxOutputTokens, 128_000);
  assertEquals(table.of("nobody-knows-it"), UNKNOWN_CAPABILITIES);
});

Deno.test("CapabilityTable.of() drops the efforts of another way to think", () => {
  const { modelSettings } = sectionOf({
    protocols: { chat: "http://up.example" },
    modelSettings: { "*": { thinking: "none" } },
  });
  const found = new CapabilityTable(modelSettings).of("gpt-5");
  assertEquals([found.thinking, found.efforts], ["none", null]);
});

Deno.test("CapabilityTable.of() forgets what clients made up, and answers the same afterwards", () => {
  const table = new CapabilityTable(new Map());
  const before = table.of("gpt-5");
  for (let index = 0; index < 3000; index++) table.of(`made-up-${index}`);
  assertEquals(table.of("gpt-5"), before);
  assertStrictEquals(table.of("gpt-5"), table.of("gpt-5"));
});

Deno.test("providerProfile() knows which models' output limit is capped by an edit", () => {
  const profile = providerProfile(
    "up",
    sectionOf({
      protocols: { chat: "http://up.example" },
      edits: [{ cap: "max_tokens", at: 100, models: ["glm-*"] }, {
        cap: "top_k",
        at: 5,
      }],
    }),
  );
  assertEquals(profile.protocols, ["chat"]);
  assertEquals(
    [profile.capsOutput("glm-5"), profile.capsOutput("gpt-5")],
    [true, false],
  );
});
