/**
 * Carries a reasoning proof through a client of another protocol and back.
 * A signature or an encrypted payload means something to its maker alone, so
 * it travels in an envelope that names the maker and is opened only for it.
 *
 * @module
 */

import { PROTOCOL_NAMES } from "../exchange/names.ts";
import type { ReasoningOrigin } from "./canonical.ts";
import type { TargetProfile } from "./protocol.ts";

/** What every envelope begins with. No provider's own proof does. */
export const PROOF_MARKER = "signalbox1:";

/** An opened envelope. */
export interface UnwrappedProof {
  /** Who made the proof; `model` is the family ({@linkcode modelFamily}). */
  readonly origin: ReasoningOrigin;
  /** The proof as its maker gave it. */
  readonly proof: string;
  /** Whether it stands for redacted thinking, which has no text. */
  readonly redacted: boolean;
  /** The item id that the proof is bound to, `null` where there is none. */
  readonly itemId: string | null;
}

// One ending of a model name that says which build, not which model: a tag in
// brackets, `:free`, `@20250514`, `-20250514`, `-2025-05-14`, `-05-14`,
// `-0514`, `-v1`, `-001`, `-latest`, `-preview`.
const VERSION_ENDING_REGEXP =
  /(?:\[[^\]]*\]|:[a-z0-9.]+|@[a-z0-9-]+|-\d{8}|-\d{4}-\d{2}-\d{2}|-\d{2}-\d{2}|-\d{4}|-\d{3}|-v\d+|-latest|-preview)$/;

// More endings than this in one name is not a name but an attack on the loop.
const MAX_ENDINGS = 8;

/**
 * Names the family of a model: lower case, without date, build and tag endings
 * (`claude-opus-4-5-20251101` and `claude-opus-4-5` are one family,
 * `claude-opus-4-5` and `claude-opus-4-6` are two). A proof is valid within it.
 */
export function modelFamily(model: string): string {
  let family = model.toLowerCase();
  for (let count = 0; count < MAX_ENDINGS; count++) {
    const shorter = family.replace(VERSION_ENDING_REGEXP, "");
    if (shorter === family || shorter === "") break;
    family = shorter;
  }
  return family;
}

/** Tells whether a proof made by `origin` means something to `target`. */
export function sameOrigin(
  origin: ReasoningOrigin,
  target: Pick<TargetProfile, "provider" | "model">,
): boolean {
  return origin.provider === target.provider &&
    modelFamily(origin.model) === modelFamily(target.model);
}

/** Puts a proof into an envelope that any protocol can hold in a text field. */
export function wrapProof(
  origin: ReasoningOrigin,
  proof: string,
  redacted: boolean = false,
  itemId: string | null = null,
): string {
  const head = new URLSearchParams({
    protocol: origin.protocol,
    provider: origin.provider,
    family: modelFamily(origin.model),
  });
  if (redacted) head.set("redacted", "true");
  if (itemId !== null) head.set("itemId", itemId);
  // The form encoding has no colon, so the second one ends the head. The proof
  // stays as it is: encoding it would cost a third more of every later prompt.
  return `${PROOF_MARKER}${head}:${proof}`;
}

/** Opens an envelope; `null` for every other text, a provider's own proof included. */
export function unwrapProof(text: string): UnwrappedProof | null {
  if (!text.startsWith(PROOF_MARKER)) return null;
  const colon = text.indexOf(":", PROOF_MARKER.length);
  if (colon < 0) return null;
  const head = new URLSearchParams(text.slice(PROOF_MARKER.length, colon));
  const protocol = PROTOCOL_NAMES.find((name) => name === head.get("protocol"));
  const provider = head.get("provider");
  const family = head.get("family");
  if (protocol === undefined || provider === null || family === null) {
    return null;
  }
  return {
    origin: { protocol, provider, model: family },
    proof: text.slice(colon + 1),
    redacted: head.get("redacted") === "true",
    itemId: head.get("itemId"),
  };
}
