import { assert, assertEquals } from "@std/assert";
import { MASK, Redactor } from "../../src/support/redact.ts";
import type { JsonValue } from "../../src/support/json.ts";

// Cut in two, so that no tracked file looks as if it held a key.
const PEM = "PRIVATE" + " KEY-----";

const redactor = new Redactor(["hunter2-of-the-config", "short"]);

Deno.test("Redactor masks the config's own secrets wherever they stand", () => {
  assertEquals(
    redactor.text("got hunter2-of-the-config, again hunter2-of-the-config"),
    `got ${MASK}, again ${MASK}`,
  );
  assertEquals(redactor.text("a short text"), "a short text");
});

Deno.test("Redactor masks what has the shape of a credential", () => {
  const jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", "c2lnbmF0dXJl"];
  const samples: readonly (readonly [string, string])[] = [
    ["key sk-proj-exampleexample1234 is bad", `key ${MASK} is bad`],
    ["sk-ant-api03-AAAAAAAAAAAAAAAA", MASK],
    ["(gsk_abcdefghijklmnopqrst)", `(${MASK})`],
    ["AIzaSyA1234567890abcdefghijklmnopq", MASK],
    ["AKIAIOSFODNN7EXAMPLE", MASK],
    [jwt.join("."), MASK],
    [
      "authorization is Bearer abc.def-12345",
      `authorization is Bearer ${MASK}`,
    ],
    ["http://user:pass@host/x", `http://user:${MASK}@host/x`],
    ["api_key=abc123&x=1", `api_key=${MASK}&x=1`],
    ['{"api_key": "abc\\"def"}', `{"api_key": "${MASK}"}`],
    [
      `-----BEGIN RSA ${PEM}\nMIIabc+/=\n-----END RSA ${PEM}!`,
      `${MASK}!`,
    ],
  ];
  for (const [text, expected] of samples) {
    assertEquals(redactor.text(text), expected);
  }
});

Deno.test("Redactor leaves ordinary text as it is", () => {
  const texts = [
    "Use max_tokens: 100 and stream: true",
    "the sky-is-blue-and-wide-open task-force-one-two",
    "model claude-opus-4-5-20251101 at https://api.anthropic.com:443/v1",
    "basic idea: the token count is 12345",
  ];
  for (const text of texts) assertEquals(redactor.text(text), text);
});

Deno.test("Redactor masks fields by name, but not a schema that speaks of them", () => {
  const document: JsonValue = {
    model: "m",
    max_tokens: 5,
    logprobs: [{ token: "Hello" }],
    headers: { Authorization: "abc", "x-api-key": ["a", { b: "c" }] },
    clientSecret: 12,
    tools: [{ properties: { password: { type: "string" } } }],
    thinking: { signature: "EqQBCkYIBxgCKkB" },
  };
  assertEquals(JSON.parse(JSON.stringify(redactor.json(document))), {
    ...document,
    headers: { Authorization: MASK, "x-api-key": [MASK, { b: MASK }] },
    clientSecret: MASK,
  });
  assertEquals(
    redactor.headers(["X-Api-Key", "abc", "accept", "*/*"]),
    ["X-Api-Key", MASK, "accept", "*/*"],
  );
});

Deno.test("Redactor copies documents of any depth and with any key", () => {
  let deep: JsonValue = "sk-abcdefghijklmnop";
  for (let level = 0; level < 50_000; level++) deep = [deep];
  let copy: JsonValue = redactor.json(deep);
  while (Array.isArray(copy)) copy = copy[0] ?? null;
  assertEquals(copy, MASK);
  const odd = JSON.parse('{"__proto__": {"password": "x"}}') as JsonValue;
  assertEquals(
    JSON.stringify(redactor.json(odd)),
    `{"__proto__":{"password":"${MASK}"}}`,
  );
});

Deno.test("Redactor takes linear time for texts that were made to stall it", () => {
  const size = 200_000;
  const texts = [
    "sk-".repeat(size / 3),
    "eyJ".repeat(size / 3),
    "eyJaaaaaaaaaaaa-".repeat(size / 16),
    `-----BEGIN ${PEM}`.repeat(size / 27),
    "://a:".repeat(size / 5),
    'password="\\'.repeat(size / 11),
    "api_key=".repeat(size / 8),
    "bearer ".repeat(size / 7),
    "a".repeat(size),
  ];
  // A quadratic pattern takes minutes for these; the sum is far below a second.
  for (const text of texts) {
    assert(redactor.text(text).length <= text.length * 2);
  }
});
