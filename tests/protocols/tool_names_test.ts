import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { repairCallId, ToolNameMap } from "../../src/protocols/tool_names.ts";

const VALID = /^[a-zA-Z0-9_-]{1,64}$/;

Deno.test("ToolNameMap keeps valid names and maps the others both ways", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 100 })), (names) => {
      const map = new ToolNameMap(names);
      const seen = new Map<string, string>();
      for (const name of names) {
        const upstream = map.upstreamName(name);
        assert(VALID.test(upstream), upstream);
        assertEquals(map.clientName(upstream), name);
        assertEquals(seen.get(upstream) ?? name, name, "two names in one");
        seen.set(upstream, name);
        assertEquals(map.changed.has(upstream), upstream !== name);
        if (VALID.test(name)) assertEquals(upstream, name);
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("ToolNameMap gives a name the same spelling whatever stands beside it", () => {
  const alone = new ToolNameMap(["mcp.server/tool"]);
  const beside = new ToolNameMap(["mcp_server_tool", "x y", "mcp.server/tool"]);
  assertEquals(
    alone.upstreamName("mcp.server/tool"),
    beside.upstreamName("mcp.server/tool"),
  );
});

Deno.test("ToolNameMap steps aside when a repaired name is taken", () => {
  const first = new ToolNameMap(["a.b"]).upstreamName("a.b");
  const map = new ToolNameMap(["a.b", first]);
  assertEquals(map.upstreamName(first), first);
  assertNotEquals(map.upstreamName("a.b"), first);
  assertEquals(map.clientName(map.upstreamName("a.b")), "a.b");
});

Deno.test("ToolNameMap takes a longer limit and leaves unknown names alone", () => {
  const long = "a".repeat(100);
  assertEquals(new ToolNameMap([long], 128).upstreamName(long), long);
  assertEquals(new ToolNameMap([long]).upstreamName(long).length, 64);
  assertEquals(new ToolNameMap([]).clientName("other"), "other");
});

Deno.test("repairCallId() gives a legal id that depends on the id alone", () => {
  assertEquals(repairCallId("call_1"), "call_1");
  for (const id of ["functions.x:0", "call 1|fc_2", "", "ä".repeat(200)]) {
    assert(VALID.test(repairCallId(id)), id);
    assertEquals(repairCallId(id), repairCallId(id));
  }
  assertNotEquals(repairCallId("a.b"), repairCallId("a:b"));
  assert(repairCallId("a".repeat(64), 40).length <= 40);
});
