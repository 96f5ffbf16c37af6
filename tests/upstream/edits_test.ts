import { assertEquals, assertStrictEquals } from "@std/assert";
import type { EditConfig } from "../../src/config/schema.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { requestAdapter } from "../../src/upstream/configured_adapter.ts";
import type { AdaptedCall } from "../../src/providers/request_adapter.ts";

const CALL: AdaptedCall = {
  protocol: "messages",
  operation: "generate",
  model: "glm-4.6",
  stream: false,
};

function edited(
  body: JsonObject,
  edits: readonly unknown[],
  call: Partial<AdaptedCall> = {},
): JsonObject {
  const complete = edits.map((edit) => ({ models: [], ...edit as object }));
  const adapter = requestAdapter("p", {
    patches: [],
    edits: complete as unknown as EditConfig[],
  });
  return adapter.adapt(body, { ...CALL, ...call }).body;
}

const CASES: readonly [string, JsonObject, unknown, JsonObject][] = [
  ["cap lowers", { a: 9 }, { cap: "a", at: 5 }, { a: 5 }],
  ["cap leaves less", { a: 4 }, { cap: "a", at: 5 }, { a: 4 }],
  ["cap leaves a text", { a: "9" }, { cap: "a", at: 5 }, { a: "9" }],
  ["cap reaches in", { a: { b: 9 } }, { cap: "a.b", at: 5 }, { a: { b: 5 } }],
  ["rename moves", { a: 1, c: 2 }, { rename: "a", to: "b" }, { c: 2, b: 1 }],
  ["rename moves a null", { a: null }, { rename: "a", to: "b" }, { b: null }],
  ["rename yields", { a: 1, b: 2 }, { rename: "a", to: "b" }, { b: 2 }],
  ["rename goes deeper", { a: 1 }, { rename: "a", to: "a.b" }, { a: { b: 1 } }],
  ["rename keeps what is in the way", { a: 1, b: 2 }, {
    rename: "a",
    to: "b.c",
  }, { a: 1, b: 2 }],
  ["rename finds nothing", { c: 1 }, { rename: "a", to: "b" }, { c: 1 }],
  ["drop removes", { a: 1, b: 2 }, { drop: "a" }, { b: 2 }],
  ["drop reaches in", { a: { b: 1, c: 2 } }, { drop: "a.b" }, { a: { c: 2 } }],
  ["drop finds a text", { a: "x" }, { drop: "a.b" }, { a: "x" }],
  ["set makes the way", {}, { set: "a.b", value: [1] }, { a: { b: [1] } }],
  ["set replaces what is in the way", { a: 1 }, { set: "a.b", value: 2 }, {
    a: { b: 2 },
  }],
  ["default fills in", {}, { default: "a.b", value: 1 }, { a: { b: 1 } }],
  ["default yields", { a: null }, { default: "a", value: 1 }, { a: null }],
  ["default yields to what is in the way", { a: 1 }, {
    default: "a.b",
    value: 1,
  }, { a: 1 }],
];

for (const [name, body, edit, expected] of CASES) {
  Deno.test(`an edit: ${name}`, () => {
    assertEquals(edited(body, [edit]), expected);
  });
}

Deno.test("edits are applied in the order of the config", () => {
  assertEquals(
    edited({ max_tokens: 9000 }, [
      { cap: "max_tokens", at: 8192 },
      { rename: "max_tokens", to: "max_completion_tokens" },
    ]),
    { max_completion_tokens: 8192 },
  );
});

Deno.test("an edit is for the models that it names", () => {
  const edits = [{ drop: "a", models: ["glm-*", "x"] }];
  assertEquals(edited({ a: 1 }, edits), {});
  assertEquals(edited({ a: 1 }, edits, { model: "gpt-5" }), { a: 1 });
});

Deno.test("set and default act on generation alone, the others on every operation", () => {
  const edits = [{ set: "s", value: 1 }, { default: "d", value: 1 }, {
    drop: "encoding_format",
  }];
  assertEquals(
    edited({ encoding_format: "base64" }, edits, { operation: "embeddings" }),
    {},
  );
});

Deno.test("an edit with nothing to do gives the body itself, and a prototype is never reached", () => {
  const body: JsonObject = { a: 1 };
  assertStrictEquals(edited(body, [{ drop: "b" }, { cap: "a", at: 3 }]), body);
  const safe = edited(body, [{ set: "__proto__.polluted", value: true }]);
  assertEquals(Object.hasOwn(safe, "__proto__"), true);
  assertEquals(Reflect.get({}, "polluted"), undefined);
  assertStrictEquals(edited(body, [{ drop: "constructor.name" }]), body);
});
