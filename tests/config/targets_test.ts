/** Aliases in the form that the router works with. @module */

import { assertEquals } from "@std/assert";
import { configSchema } from "../../src/config/schema.ts";
import { aliasGroups, parseTarget } from "../../src/config/targets.ts";

Deno.test("parseTarget() splits at the first slash", () => {
  assertEquals(parseTarget("a/b/c:d"), {
    id: "a/b/c:d",
    provider: "a",
    model: "b/c:d",
  });
  for (const id of ["", "a", "/b", "a/"]) assertEquals(parseTarget(id), null);
});

Deno.test("aliasGroups() makes one group of an alias' own targets", () => {
  const config = configSchema.parse({
    models: {
      own: {
        selector: "weighted",
        targets: ["a/b", { target: "c/d", weight: 3 }],
      },
      grouped: { groups: [{ targets: ["a/b"] }, { heads: { region: "eu" } }] },
    },
  });
  const groups = [...config.models.values()].map((alias) =>
    aliasGroups(alias).map(({ selector, targets, heads }) => [
      selector,
      targets.map(({ target, weight }) => `${target.id} ${weight}`),
      heads?.region ?? null,
    ])
  );
  assertEquals(groups, [
    [["weighted", ["a/b 1", "c/d 3"], null]],
    [["in_order", ["a/b 1"], null], ["in_order", [], "eu"]],
  ]);
});
