/**
 * Reasoning items, both ways. A proof of another maker travels inside
 * `encrypted_content` in an envelope and is opened on its way back.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { ReasoningBlock, ReasoningOrigin } from "../canonical.ts";
import { unwrapProof, wrapProof } from "../reasoning_envelope.ts";

/** Between two summary parts of one item: they become one run of thinking. */
export const SUMMARY_SEPARATOR = "\n\n";

/** Reads the thinking text of an item: its summary, else its raw chain of thought. */
export function reasoningText(item: JsonObject): string {
  return joined(item.summary) || joined(item.content);
}

function joined(parts: JsonValue | undefined): string {
  if (!Array.isArray(parts)) return "";
  return parts.filter(isJsonObject)
    .map((part) => typeof part.text === "string" ? part.text : "")
    .filter((text) => text !== "").join(SUMMARY_SEPARATOR);
}

function textOrNull(value: JsonValue | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The fields of a reasoning block beside its text. */
export type ReasoningProof = Omit<ReasoningBlock, "type" | "text">;

/** Reads the proof of an item that an upstream made: opaque, and bound to that upstream. */
export function upstreamProof(
  item: JsonObject,
  origin: ReasoningOrigin,
): ReasoningProof {
  const proof = textOrNull(item.encrypted_content);
  return {
    proof,
    redacted: false,
    itemId: textOrNull(item.id),
    origin: proof === null ? null : origin,
  };
}

/** Reads the proof of an item that a client sends back, opening our envelope. */
export function clientProof(item: JsonObject): ReasoningProof {
  const sent = textOrNull(item.encrypted_content);
  const opened = sent === null ? null : unwrapProof(sent);
  if (opened !== null) return opened;
  return {
    proof: sent,
    redacted: false,
    itemId: textOrNull(item.id),
    origin: null,
  };
}

/** Builds what `encrypted_content` says to a client, `null` where there is no proof. */
export function encryptedContent(block: ReasoningProof): string | null {
  if (block.proof === null || block.origin === null) return block.proof;
  return wrapProof(block.origin, block.proof, block.redacted, block.itemId);
}

/** Builds the summary of an item. */
export function summaryOf(text: string): JsonObject[] {
  return text === "" ? [] : [{ type: "summary_text", text }];
}
