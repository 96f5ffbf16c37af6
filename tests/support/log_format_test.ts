import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import {
  cutText,
  jsonLine,
  jsonText,
  textLine,
} from "../../src/support/log_format.ts";

const LIMITS = { maxLineBytes: 16384, maxFieldBytes: 2048 };
const TIME = "2026-11-20T09:55:49.123Z";

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

Deno.test("jsonLine() writes time, level, message and fields in order", () => {
  assertEquals(
    jsonLine(TIME, "info", "started", {
      port: 3456,
      host: "::1",
      ok: true,
      none: null,
      absent: undefined,
      bad: NaN,
    }, LIMITS),
    '{"time":"2026-11-20T09:55:49.123Z","level":"info","message":"started","port":3456,"host":"::1","ok":true,"none":null,"bad":null}',
  );
});

Deno.test("jsonLine() never lets a field replace time, level or message", () => {
  const line = jsonLine(TIME, "warn", "m", { level: "debug", time: 1 }, LIMITS);
  assertEquals(JSON.parse(line), {
    time: TIME,
    level: "warn",
    message: "m",
    level_: "debug",
    time_: 1,
  });
});

Deno.test("jsonText() escapes everything a terminal or a line reader acts on", () => {
  const hostile = '\x1b[2J\x9b31m\u2028\u202eevil\u200b\r\n\x00"\\\ud800\x7f';
  const written = jsonText(hostile, 2048);
  assertMatch(written, /^"[ -~]*"$/);
  assertEquals(JSON.parse(written), hostile);
});

Deno.test("jsonLine() is one valid JSON line of visible characters within its limit, whatever comes in", () => {
  const limits = { maxLineBytes: 512, maxFieldBytes: 100 };
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 400 }),
      fc.dictionary(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 400 }),
          fc.double(),
          fc.boolean(),
        ),
      ),
      (message, fields) => {
        const line = jsonLine(TIME, "info", message, fields, {
          ...limits,
          maxLineBytes: 2048,
        });
        assertEquals(JSON.parse(line).level, "info");
        assert(bytes(line) <= 2048, `${bytes(line)}`);
        // deno-lint-ignore no-control-regex -- control characters are what is looked for
        assert(!/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(line));
      },
    ),
    { numRuns: 300, seed: 7 },
  );
});

Deno.test("cutText() cuts at a character and says how many bytes it left out", () => {
  assertEquals(cutText("abc", 3), "abc");
  assertEquals(cutText("abcdef", 4), "abcd…(2)");
  assertEquals(cutText("ääää", 5), "ää…(4)");
  assertEquals(cutText("😀😀", 7), "😀…(4)");
});

Deno.test("jsonLine() cuts long values and leaves out and counts what does not fit the line", () => {
  const long = JSON.parse(
    jsonLine(TIME, "info", "m", { agent: "x".repeat(5000) }, LIMITS),
  );
  assertEquals(long.agent, `${"x".repeat(2048)}…(2952)`);
  const fields = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`f${index}`, "y".repeat(2000)]),
  );
  const line = jsonLine(TIME, "info", "m", fields, LIMITS);
  assert(bytes(line) <= LIMITS.maxLineBytes);
  assertEquals(JSON.parse(line).cut, "…(12)");
});

Deno.test("textLine() writes for people, with and without colour", () => {
  const fields = {
    model: "sim/echo",
    note: 'two "words"',
    ms: 4,
    evil: "\x1b",
  };
  assertEquals(
    textLine(TIME, "warn", "request", fields, LIMITS, false),
    '09:55:49.123 WARN  request model=sim/echo note="two \\"words\\"" ms=4 evil="\\u001b"',
  );
  assertEquals(
    textLine(TIME, "error", "broken", { a: 1 }, LIMITS, true),
    "\x1b[2m09:55:49.123\x1b[0m \x1b[31mERROR\x1b[0m broken \x1b[2ma=\x1b[0m1",
  );
});
