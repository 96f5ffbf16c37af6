import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/support/json.ts";
import { rewriteJson } from "../../src/support/json_rewrite.ts";

const ODD =
  '{ "z":1.0,\n "big" : 18446744073709551615 , "bias":{"50256":-100,"7":1e0},\r\n' +
  ' "esc":"\\u00e9\\ud83d \\" , ]", "list":[ 1.50, {"n":9007199254740993,"x":true} ],"max":5e1}';

function change(edit: (body: JsonObject) => JsonObject): string {
  const before: JsonObject = JSON.parse(ODD);
  return rewriteJson(ODD, before, edit(before));
}

Deno.test("rewriteJson() gives the text itself when nothing differs, also for a copy", () => {
  assertEquals(change((body) => body), ODD);
  assertEquals(change((body) => structuredClone(body)), ODD);
});

Deno.test("rewriteJson() changes one value and no other character", () => {
  assertEquals(
    change((body) => ({ ...body, max: 20 })),
    ODD.replace("5e1", "20"),
  );
  assertEquals(
    change((body) => {
      const [first = null, second] = body.list as JsonValue[];
      return { ...body, list: [first, { ...second as JsonObject, x: false }] };
    }),
    ODD.replace("true", "false"),
  );
});

Deno.test("rewriteJson() removes, adds and moves members; a moved number keeps its spelling", () => {
  const text = '{"a":1.0, "big" : 18446744073709551615 ,"c":{"7":1,"x":2}}';
  const before: JsonObject = JSON.parse(text);
  const { a: _a, ...withoutA } = before;
  assertEquals(
    rewriteJson(text, before, withoutA),
    '{ "big" : 18446744073709551615 ,"c":{"7":1,"x":2}}',
  );
  assertEquals(
    rewriteJson(text, before, { ...before, extra: { a: [1] } }),
    `${text.slice(0, -1)},"extra":{"a":[1]}}`,
  );
  const { big = null, ...rest } = before;
  assertEquals(
    rewriteJson(text, before, { ...rest, huge: big }),
    '{"a":1.0,"c":{"7":1,"x":2},"huge":18446744073709551615}',
  );
  assertEquals(rewriteJson(text, before, {}), "{}");
});

Deno.test("rewriteJson() keeps the elements that stay when an array gets shorter", () => {
  const text = '{"tools":[ {"a":1.0}, {"b":2.0} ,{"c":3.0}]}';
  const before: JsonObject = JSON.parse(text);
  const tools = before.tools as JsonValue[];
  assertEquals(
    rewriteJson(text, before, { tools: [tools[0] ?? null, tools[2] ?? null] }),
    '{"tools":[ {"a":1.0},{"c":3.0}]}',
  );
});

Deno.test("rewriteJson() knows keys with escapes, keys given twice and empty containers", () => {
  const text = '{"a":1.0,"a":2.0,"b\\u0063":[ ],"d":{ },"__proto__":{"x":1.0}}';
  const before: JsonObject = JSON.parse(text);
  assertEquals(
    rewriteJson(text, before, { ...before, a: 3, bc: ["x"], d: { y: 1 } }),
    '{"a":3,"b\\u0063":["x"],"d":{"y":1},"__proto__":{"x":1.0}}',
  );
  const { a: _a, ...rest } = before;
  assertEquals(
    rewriteJson(text, before, rest),
    '{"b\\u0063":[ ],"d":{ },"__proto__":{"x":1.0}}',
  );
});

Deno.test("rewriteJson() parses to what was asked for, whatever the two versions are", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
  fc.assert(
    fc.property(
      object,
      object,
      fc.integer({ min: 0, max: 3 }),
      (from, to, indent) => {
        const text = JSON.stringify(from, null, indent);
        const before: JsonObject = JSON.parse(text);
        const mixed = { ...before, ...JSON.parse(JSON.stringify(to)) };
        for (const after of [mixed, JSON.parse(JSON.stringify(to))]) {
          assertEquals(
            JSON.parse(rewriteJson(text, before, after)),
            JSON.parse(JSON.stringify(after)),
          );
        }
      },
    ),
    { numRuns: 1000, seed: 7 },
  );
});
