import { assert, assertEquals, assertThrows } from "@std/assert";
import { scanJson } from "../../src/support/json_scan.ts";
import { insertMember, spliceJson } from "../../src/support/json_splice.ts";

const LIMITS = { maxDepth: 128, maxTokens: 200_000 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("spliceJson() replaces and inserts by byte offsets", () => {
  const bytes = encoder.encode('{"ü":"ß","model":"old","z":1}');
  const result = scanJson(bytes, LIMITS);
  const model = result.fields.get("model");
  assert(model);
  const spliced = spliceJson(bytes, [
    { start: model.start, end: model.end, text: '"neü"' },
    insertMember(result, '"stream_options":{"include_usage":true}'),
  ]);
  assertEquals(
    decoder.decode(spliced),
    '{"stream_options":{"include_usage":true},"ü":"ß","model":"neü","z":1}',
  );
});

Deno.test("insertMember() adds no comma to an empty object", () => {
  const bytes = encoder.encode("{ }");
  const spliced = spliceJson(bytes, [
    insertMember(scanJson(bytes, LIMITS), '"a":1'),
  ]);
  assertEquals(decoder.decode(spliced), '{"a":1 }');
});

Deno.test("spliceJson() refuses overlapping edits", () => {
  assertThrows(
    () =>
      spliceJson(encoder.encode("{}"), [
        { start: 0, end: 2, text: "" },
        { start: 1, end: 2, text: "" },
      ]),
    RangeError,
    "overlaps",
  );
});
