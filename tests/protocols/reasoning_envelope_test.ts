import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  modelFamily,
  PROOF_MARKER,
  sameOrigin,
  unwrapProof,
  wrapProof,
} from "../../src/protocols/reasoning_envelope.ts";

const ORIGIN = {
  protocol: "messages",
  provider: "anthropic",
  model: "claude-opus-4-5-20251101",
} as const;

Deno.test("unwrapProof() gives back what wrapProof() was given, with the model's family", () => {
  assertEquals(unwrapProof(wrapProof(ORIGIN, "EqQB:x==")), {
    origin: { ...ORIGIN, model: "claude-opus-4-5" },
    proof: "EqQB:x==",
    redacted: false,
    itemId: null,
  });
  assertEquals(unwrapProof(wrapProof(ORIGIN, "x", true, "rs_1")), {
    origin: { ...ORIGIN, model: "claude-opus-4-5" },
    proof: "x",
    redacted: true,
    itemId: "rs_1",
  });
});

Deno.test("unwrapProof() survives any text, and any proof survives the envelope", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "grapheme" }),
      fc.boolean(),
      (proof, provider, redacted) => {
        const wrapped = wrapProof({ ...ORIGIN, provider }, proof, redacted);
        const opened = unwrapProof(wrapped);
        assertEquals(opened?.proof, proof);
        assertEquals(opened?.origin.provider, provider);
        assertEquals(opened?.redacted, redacted);
        assertEquals(unwrapProof(proof), null);
      },
    ),
    { numRuns: 1000, seed: 1 },
  );
});

Deno.test("unwrapProof() takes nothing but a whole envelope", () => {
  for (
    const text of [
      "",
      PROOF_MARKER,
      `${PROOF_MARKER}:`,
      `${PROOF_MARKER}protocol=messages&provider=a&family=b`,
      `${PROOF_MARKER}protocol=messages&provider=a:x`,
      `${PROOF_MARKER}protocol=gopher&provider=a&family=b:x`,
      ` ${wrapProof(ORIGIN, "x")}`,
    ]
  ) assertEquals(unwrapProof(text), null);
});

Deno.test("modelFamily() drops dates, builds and tags and keeps versions", () => {
  for (
    const [model, family] of [
      ["claude-opus-4-5-20251101", "claude-opus-4-5"],
      ["claude-opus-4-5", "claude-opus-4-5"],
      ["claude-sonnet-4-6[1m]", "claude-sonnet-4-6"],
      ["Claude-3-7-Sonnet-Latest", "claude-3-7-sonnet"],
      ["claude-sonnet-4@20250514", "claude-sonnet-4"],
      ["anthropic.claude-sonnet-4-20250514-v1:0", "anthropic.claude-sonnet-4"],
      ["gpt-5-mini-2025-08-07", "gpt-5-mini"],
      ["gpt-4-0613", "gpt-4"],
      ["gemini-2.5-pro-preview-05-06", "gemini-2.5-pro"],
      ["gemini-2.0-flash-001", "gemini-2.0-flash"],
      ["deepseek/deepseek-r1:free", "deepseek/deepseek-r1"],
      ["o3", "o3"],
    ] as const
  ) assertEquals(modelFamily(model), family);
});

Deno.test("sameOrigin() wants the provider and the family", () => {
  const target = { provider: "anthropic", model: "claude-opus-4-5" };
  assert(sameOrigin(ORIGIN, target));
  assert(!sameOrigin(ORIGIN, { ...target, provider: "bedrock" }));
  assert(!sameOrigin(ORIGIN, { ...target, model: "claude-opus-4-6" }));
});
