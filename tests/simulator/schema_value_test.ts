import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { SeededRandom } from "../../src/simulator/seeded_random.ts";
import { schemaValue } from "../../src/simulator/schema_value.ts";
import type { JsonObject, JsonValue } from "../../src/support/json.ts";

const ajv = new Ajv2020({
  strict: false,
  validateFormats: false,
  ownProperties: true,
});

function expectValid(schema: JsonObject, seeds = 20): void {
  const validate = ajv.compile(schema);
  for (let i = 0; i < seeds; i++) {
    const value = schemaValue(schema, new SeededRandom(`value-${i}`));
    assert(
      validate(value),
      `${JSON.stringify(value)} against ${JSON.stringify(schema)}: ${
        ajv.errorsText(validate.errors)
      }`,
    );
  }
}

/** Schemas that can be satisfied, of every keyword the generator knows. */
class SchemaMaker {
  readonly #random: SeededRandom;

  constructor(seed: string) {
    this.#random = new SeededRandom(seed);
  }

  make(depth: number): JsonObject {
    const simple = [
      () => this.#string(),
      () => this.#number(),
      () => this.#integer(),
      () => ({ type: "boolean" }),
      () => ({ enum: ["a", 1, null, { deep: [true] }] }),
      () => ({ const: { fixed: ["x", 2] } }),
      () => ({ type: ["string", "null"] }),
    ];
    const nested = [
      () => this.#object(depth),
      () => this.#object(depth),
      () => this.#array(depth),
      () => this.#combined(depth),
    ];
    return this.#random.pick(depth > 3 ? simple : [...simple, ...nested])();
  }

  #string(): JsonObject {
    const low = this.#random.integer(0, 12);
    return this.#random.pick<JsonObject>([
      { type: "string" },
      { type: "string", minLength: low, maxLength: low + 5 },
      { type: "string", pattern: "^[A-Z]{2}-\\d{3,5}(?:-(?:x|yz)+)?$" },
      { type: "string", pattern: "[0-9a-f]{8}" },
      { type: "string", pattern: "^\\w+@\\w+\\.(com|org)$", maxLength: 40 },
      { type: "string", format: "uuid" },
      { type: "string", pattern: "^[^\\s,;]+$", minLength: 6 },
    ]);
  }

  #number(): JsonObject {
    const low = this.#random.integer(-50, 50);
    return this.#random.pick<JsonObject>([
      { type: "number", minimum: low },
      { type: "number", exclusiveMaximum: low, exclusiveMinimum: low - 0.5 },
      { type: "number", multipleOf: 0.25, minimum: low, maximum: low + 3 },
      { type: "number", multipleOf: 0.01, minimum: 1, maximum: 2 },
      { type: "number", minimum: 0, maximum: 1 },
    ]);
  }

  #integer(): JsonObject {
    const low = this.#random.integer(-50, 50);
    return this.#random.pick<JsonObject>([
      { type: "integer", minimum: low, maximum: low },
      { type: "integer", exclusiveMinimum: low, maximum: low + 2 },
      { type: "integer", multipleOf: 7, minimum: low },
      { type: "integer", maximum: low },
    ]);
  }

  #object(depth: number): JsonObject {
    const properties: JsonObject = {};
    const required: string[] = [];
    const count = this.#random.integer(0, 4);
    for (let i = 0; i < count; i++) {
      const name = this.#random.pick([
        "id",
        "name",
        "größe",
        "constructor",
        "x",
      ]);
      Object.defineProperty(properties, name, {
        value: this.make(depth + 1),
        enumerable: true,
        configurable: true,
        writable: true,
      });
      if (this.#random.next() < 0.6 && !required.includes(name)) {
        required.push(name);
      }
    }
    return this.#random.pick<JsonObject>([
      { type: "object", properties, required, additionalProperties: false },
      { type: "object", properties, required, minProperties: 3 },
      {
        type: "object",
        properties,
        additionalProperties: this.make(depth + 1),
        minProperties: 2,
        maxProperties: 6,
      },
      {
        type: "object",
        patternProperties: { "^k_[a-z]+$": this.make(depth + 1) },
        additionalProperties: false,
        minProperties: 1,
      },
    ]);
  }

  #array(depth: number): JsonObject {
    return this.#random.pick<JsonObject>([
      { type: "array", items: this.make(depth + 1), minItems: 2, maxItems: 3 },
      { type: "array", items: { type: "integer" }, uniqueItems: true },
      {
        type: "array",
        prefixItems: [this.make(depth + 1), this.make(depth + 1)],
        items: false,
        minItems: 2,
      },
      { type: "array", contains: { const: "key" }, minItems: 2 },
    ]);
  }

  #combined(depth: number): JsonObject {
    return this.#random.pick<JsonObject>([
      { anyOf: [this.make(depth + 1), { type: "null" }] },
      {
        oneOf: [
          {
            type: "object",
            properties: { kind: { const: "a" } },
            required: ["kind"],
          },
          {
            type: "object",
            properties: { kind: { const: "b" }, more: this.make(depth + 1) },
            required: ["kind", "more"],
          },
        ],
      },
      {
        allOf: [
          { type: "object", properties: { p: this.make(depth + 1) } },
          { properties: { q: { type: "integer" } }, required: ["p", "q"] },
        ],
      },
      { type: "integer", minimum: 0, maximum: 20, not: { multipleOf: 2 } },
      {
        type: "object",
        properties: { a: { type: "boolean" }, b: { type: "integer" } },
        required: ["a"],
        if: { properties: { a: { const: true } } },
        then: { required: ["b"] },
        else: { not: { required: ["b"] } },
      },
    ]);
  }
}

Deno.test("schemaValue() satisfies 600 random schemas of every keyword", () => {
  for (let i = 0; i < 600; i++) {
    expectValid(new SchemaMaker(`schema-${i}`).make(0), 3);
  }
});

Deno.test("schemaValue() makes a property called __proto__ an own one", () => {
  const schema = JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"integer"}},"required":["__proto__"]}',
  );
  const value = schemaValue(schema, new SeededRandom("proto"));
  assert(Object.hasOwn(value as JsonObject, "__proto__"));
});

Deno.test("schemaValue() ends on recursive schemas and satisfies them", () => {
  expectValid({
    $defs: {
      node: {
        type: "object",
        properties: {
          label: { type: "string" },
          children: { type: "array", items: { $ref: "#/$defs/node" } },
          next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
        },
        required: ["label", "children", "next"],
        additionalProperties: false,
      },
    },
    $ref: "#/$defs/node",
  });
  expectValid({
    type: "object",
    properties: { self: { $ref: "#" }, leaf: { type: "boolean" } },
    required: ["leaf"],
  });
});

Deno.test("schemaValue() follows references through escaped names and keeps keywords beside them", () => {
  expectValid({
    definitions: { "a/b~c d": { type: "integer", minimum: 5 } },
    type: "object",
    properties: { v: { $ref: "#/definitions/a~1b~0c%20d", maximum: 6 } },
    required: ["v"],
  });
});

Deno.test("schemaValue() makes the formats that clients parse", () => {
  const random = new SeededRandom("formats");
  const draw = (format: string) =>
    String(schemaValue({ type: "string", format }, random));
  assert(!Number.isNaN(Date.parse(draw("date-time"))));
  assert(/^\d{4}-\d\d-\d\d$/.test(draw("date")));
  assert(/^\d\d:\d\d:\d\dZ$/.test(draw("time")));
  assert(/^[a-z0-9]+@example\.com$/.test(draw("email")));
  assert(URL.canParse(draw("uri")));
  assert(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
      .test(draw("uuid")),
  );
  assert(/^192\.0\.2\.\d+$/.test(draw("ipv4")));
});

Deno.test("schemaValue() is decided by the random stream alone", () => {
  const schema: JsonValue = {
    type: "object",
    properties: { a: { type: "string" }, b: { type: "number" } },
    required: ["a", "b"],
  };
  const draw = (seed: string) => schemaValue(schema, new SeededRandom(seed));
  assertEquals(draw("one"), draw("one"));
  assertNotEquals(draw("one"), draw("two"));
});

Deno.test("schemaValue() gives its best try where nothing can satisfy the schema", () => {
  const random = new SeededRandom("impossible");
  assertEquals(
    typeof schemaValue({ type: "string", not: {} }, random),
    "string",
  );
  assertEquals(schemaValue(false, random) !== undefined, true);
  const huge = schemaValue(
    { type: "array", items: { type: "integer" }, minItems: 1e9 },
    random,
  );
  assert(Array.isArray(huge) && huge.length < 100_000);
});

Deno.test("schemaValue() ends within bounds on schemas that are built to grow", () => {
  const self = { $ref: "#" };
  const hostile: JsonObject[] = [
    { anyOf: [self, self] },
    { oneOf: [self, self, { not: self }] },
    { allOf: [self, { allOf: [self, self] }] },
    { type: "object", properties: { a: self, b: self }, required: ["a", "b"] },
    { type: "array", items: self, minItems: 3 },
    {
      type: "array",
      items: { type: "boolean" },
      minItems: 1e6,
      uniqueItems: true,
    },
    { type: "string", minLength: 1e9 },
    { type: "string", pattern: "^(((a{1000}){1000}){1000}){1000}$" },
    { type: "string", pattern: "^((((){1000}){1000}){1000}){100000}$" },
    { type: "object", minProperties: 1e9 },
    {
      $defs: {
        a: { allOf: [{ $ref: "#/$defs/b" }, { $ref: "#/$defs/c" }] },
        b: {
          allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/c" }],
          minimum: 1,
        },
        c: {
          anyOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/b" }],
          maximum: 5,
        },
      },
      $ref: "#/$defs/a",
    },
  ];
  for (const schema of hostile) {
    const text = JSON.stringify(schemaValue(schema, new SeededRandom("h")));
    assert(text.length < 2_000_000, JSON.stringify(schema));
  }
});
