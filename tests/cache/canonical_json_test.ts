import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { canonicalJson } from "../../src/cache/canonical_json.ts";

Deno.test("canonicalJson() gives one text for all spellings of a document", () => {
  const spellings = [
    '{"b":[1, {"y":null,"x":"a\\"b"}],"a":{"k":true}}',
    '{ "a" : {"k":true},\n"b":[1,{"x":"\\u0061\\u0022b","y":null}]}',
    '\t{"a":{"k":true},"b":[1,{"y":null,"x":"\\u0061\\"\\u0062"}]} ',
  ];
  assertEquals(spellings.map(canonicalJson), [
    '{"a":{"k":true},"b":[1,{"x":"a\\"b","y":null}]}',
    '{"a":{"k":true},"b":[1,{"x":"a\\"b","y":null}]}',
    '{"a":{"k":true},"b":[1,{"x":"a\\"b","y":null}]}',
  ]);
});

Deno.test("canonicalJson() tells apart what differs", () => {
  const pairs: readonly [string, string][] = [
    ['{"n":9007199254740992}', '{"n":9007199254740993}'],
    ['{"n":1}', '{"n":"1"}'],
    ['{"n":null}', '{"n":"null"}'],
    ['{"n":null}', "{}"],
    ['{"a":[1,2]}', '{"a":[2,1]}'],
    ['{"a":[[1],2]}', '{"a":[[1,2]]}'],
    ['{"a":{}}', '{"a":[]}'],
    ['{"a":1,"a":2}', '{"a":2,"a":1}'],
    ['{"a":"\\\\"}', '{"a":"\\""}'],
    ['{"a":"x,y"}', '{"a":"x","y":""}'],
    ['{"a":"\\ud800"}', '{"a":"\\ufffd"}'],
  ];
  for (const [left, right] of pairs) {
    assertNotEquals(canonicalJson(left), canonicalJson(right));
  }
});

Deno.test("canonicalJson() keeps the meaning of any document and is its own canonical form", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const canonical = canonicalJson(text);
      assertEquals(JSON.parse(canonical), JSON.parse(text));
      assertEquals(canonicalJson(canonical), canonical);
    }),
    { seed: 5, numRuns: 500 },
  );
});

Deno.test("canonicalJson() walks a document of any depth", () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  assertEquals(canonicalJson(deep), deep);
});
