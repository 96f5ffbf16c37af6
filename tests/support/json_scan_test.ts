import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type JsonScan, scanJson } from "../../src/support/json_scan.ts";

const LIMITS = { maxDepth: 128, maxTokens: 200_000 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function scan(text: string, watch: readonly string[] = []): JsonScan {
  return scanJson(encoder.encode(text), LIMITS, {
    fields: watch,
    prefix: "mark:",
  });
}

function refused(text: string): [string | null, number] {
  const result = scan(text);
  assert(!result.ok, text);
  return [result.errorKind, result.errorOffset];
}

Deno.test("scanJson() finds model and stream and where they stand", () => {
  const text = '{ "messages" : [{"model":"x"}], "model" : "größe",' +
    ' "stream":true , "n":1}';
  const bytes = encoder.encode(text);
  const result = scanJson(bytes, LIMITS, {
    fields: ["n", "messages", "absent"],
    prefix: "",
  });
  assert(result.ok);
  assertEquals(result.model, "größe");
  assertEquals(result.stream, true);
  const spans = [...result.fields].map(([name, field]) => [
    name,
    field.type,
    decoder.decode(bytes.subarray(field.start, field.end)),
  ]);
  assertEquals(spans, [
    ["messages", "array", '[{"model":"x"}]'],
    ["model", "string", '"größe"'],
    ["stream", "boolean", "true"],
    ["n", "number", "1"],
  ]);
});

Deno.test("scanJson() reads every kind of value", () => {
  const result = scan('{"a":null,"b":-1.5e+3,"c":{},"d":"","e":false}', [
    "a",
    "b",
    "c",
    "d",
    "e",
  ]);
  assertEquals([...result.fields.values()].map((field) => field.type), [
    "null",
    "number",
    "object",
    "string",
    "boolean",
  ]);
});

Deno.test("scanJson() gives no model or stream of another type", () => {
  const result = scan('{"model":{"a":1},"stream":"true"}');
  assertEquals([result.model, result.stream], [null, null]);
  assertEquals(result.fields.get("model")?.type, "object");
  assertEquals(result.fields.get("stream")?.type, "string");
});

Deno.test("scanJson() decodes escapes in the model's value", () => {
  assertEquals(scan('{"model":"a\\u0062\\"\\\\"}').model, 'ab"\\');
});

Deno.test("scanJson() names duplicates of watched keys", () => {
  const result = scan('{"model":"a","x":1,"x":2,"model":"b","model":"c"}');
  assertEquals(result.duplicates, ["model"]);
  assertEquals(result.model, "c");
});

Deno.test("scanJson() refuses escapes in top-level keys only", () => {
  assertEquals(refused('{"mod\\u0065l":"x"}'), ["key", 2]);
  assert(scan('{"a":{"mod\\u0065l":"x"}}').ok);
});

Deno.test("scanJson() refuses what is no object", () => {
  for (const text of ["[]", '"x"', "null", "12", "\ufeff{}"]) {
    assertEquals(refused(text)[0], "root", text);
  }
  assertEquals(refused(""), ["syntax", 0]);
  assertEquals(refused("  "), ["syntax", 2]);
});

Deno.test("scanJson() refuses broken grammar with the offset", () => {
  const cases: [string, number][] = [
    ['{"model":', 9],
    ['{"a":1', 6],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ["{,}", 1],
    ['{"a":[1,]}', 8],
    ['{"a":[1 2]}', 8],
    ['{"a":tru}', 5],
    ['{"a":01}', 6],
    ['{"a":1}x', 7],
    ['{"a":"x}', 8],
    ["{a:1}", 1],
    ['{"a":[}', 6],
    ['{"a":{]', 6],
    ['{"a":1:2}', 6],
    ["{1:2}", 1],
    ["{\"a\":'x'}", 5],
  ];
  for (const [text, offset] of cases) {
    assertEquals(refused(text), ["syntax", offset], text);
  }
});

Deno.test("scanJson() counts depth from the outermost object", () => {
  const nested = (levels: number) =>
    `{"a":${'{"b":'.repeat(levels - 1)}1${"}".repeat(levels)}`;
  assert(scan(nested(128)).ok);
  assertEquals(refused(nested(129))[0], "depth");
  assertEquals(refused(`{"a":${"[".repeat(1000)}`)[0], "depth");
});

Deno.test("scanJson() counts containers and commas", () => {
  const limits = { maxDepth: 10, maxTokens: 5 };
  const count = (text: string) => scanJson(encoder.encode(text), limits);
  assert(count('{"a":[0,0,0,0]}').ok);
  assertEquals(count('{"a":[0,0,0,0,0]}').errorKind, "tokens");
  assertEquals(count('{"a":[[],[],0]}').errorKind, "tokens");
});

Deno.test("scanJson() takes a limit of 0 as none", () => {
  const text = `{"a":${"[".repeat(500)}${"]".repeat(500)}}`;
  assert(scanJson(encoder.encode(text), { maxDepth: 0, maxTokens: 0 }).ok);
});

Deno.test("scanJson() refuses bytes that are not UTF-8 and says where", () => {
  const bytes = encoder.encode('{"a":"é\uFFFD??"}');
  bytes[11] = 0xc3;
  bytes[12] = 0x28;
  const result = scanJson(bytes, LIMITS);
  assertEquals([result.errorKind, result.errorOffset], ["utf8", 11]);
});

Deno.test("scanJson() passes lone surrogate escapes", () => {
  assert(scan('{"a":"\\ud83d"}').ok);
});

Deno.test("scanJson() agrees with JSON.parse on generated objects", () => {
  const key = fc.constantFrom("model", "stream", "n", "x", "", "größe");
  const body = fc.dictionary(key, fc.jsonValue({ maxDepth: 4 }));
  fc.assert(
    fc.property(body, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const bytes = encoder.encode(text);
      const result = scanJson(bytes, LIMITS, {
        fields: ["n", "x"],
        prefix: "",
      });
      assert(result.ok, text);
      assertEquals(result.empty, Object.keys(value).length === 0);
      for (const name of ["model", "stream", "n", "x"]) {
        const field = result.fields.get(name);
        assertEquals(field !== undefined, name in value);
        if (!field) continue;
        const own = decoder.decode(bytes.subarray(field.start, field.end));
        assertEquals(JSON.parse(own), JSON.parse(text)[name]);
      }
      const model = JSON.parse(text).model;
      assertEquals(result.model, typeof model === "string" ? model : null);
    }),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("scanJson() refuses nothing that JSON.parse takes, broken at any place", () => {
  const text = '{"model":"a\\"b","s":[1,-0.5e3,true,null,{"k":"\\\\"}],"o":{}}';
  const noise = fc.constantFrom(...'{}[],:"\\ 0-e.tn');
  fc.assert(
    fc.property(
      fc.nat(text.length),
      fc.nat(3),
      fc.array(noise, { maxLength: 3 }),
      (at, cut, inserted) => {
        const broken = text.slice(0, at) + inserted.join("") +
          text.slice(at + cut);
        const result = scan(broken);
        if (parses(broken)) {
          assert(result.ok || result.errorKind === "key", broken);
        } else if (result.ok) {
          // Only the inside of a string may be wrong unnoticed.
          assert(parses(broken.replace(/\\./g, "")), broken);
        }
      },
    ),
    { seed: 2, numRuns: 3000 },
  );
});

function parses(text: string): boolean {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

Deno.test("scanJson() reads on where its window ends, whatever stands there", () => {
  const tail =
    ',"model":"a\\\\\\"b","n":-12.5e3,"stream":true,"x":[null,{"k":"mark:1"}]}';
  for (let pad = 32_768 - tail.length - 10; pad < 32_768; pad++) {
    const text = `{"s":"${"p".repeat(pad)}"${tail}`;
    const result = scan(text, ["n", "x"]);
    assert(result.ok, `${pad}: ${result.errorKind}`);
    assert(result.prefixed);
    assertEquals([result.model, result.stream], ['a\\"b', true]);
    const { start, end } = result.fields.get("n") ?? { start: 0, end: 0 };
    assertEquals(text.slice(start, end), "-12.5e3");
    const cut = scan(text.slice(0, -2), []);
    assertEquals([cut.errorKind, cut.errorOffset], ["syntax", text.length - 2]);
  }
});

Deno.test("scanJson() takes numbers and strings longer than its window", () => {
  const digits = "1".repeat(100_000);
  const slashes = "\\\\".repeat(50_000);
  const text =
    `{"n":${digits},"s":"${slashes}","m":"${slashes}\\"","model":"x"}`;
  const result = scan(text, ["n"]);
  assert(result.ok);
  assertEquals(result.model, "x");
  assertEquals(result.fields.get("n")?.end, 5 + digits.length);
  assertEquals(scan(`{"n":${digits}x}`).errorOffset, 5 + digits.length);
});

Deno.test("scanJson() finds a prefix at the beginning of string values alone", () => {
  assert(scan('{"a":{"b":["x","mark:"]}}').prefixed);
  assert(!scan('{"mark:":"a mark: b","c":"mark"}').prefixed);
});
