/**
 * The parts of a streamed answer, between a decoder and an encoder. A valid
 * sequence is: one `start`, then blocks (`*-start`, deltas, `*-end`, which may
 * interleave by `key`), then exactly one terminal: `finish` or `error`.
 *
 * @module
 */

import type { GatewayError } from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Usage } from "../exchange/usage.ts";
import type { JsonObject } from "../support/json.ts";
import type { Citation, Finish, ReasoningOrigin } from "./canonical.ts";

/** Names a block within one answer; unique, in order of appearance, 0 first. */
export type BlockKey = number;

/** One part of a streamed answer. */
export type StreamPart =
  | {
    readonly type: "start";
    readonly id: string;
    readonly model: string;
    readonly createdAt: number | null;
    readonly serviceTier: string | null;
    /** Usage known at the start (messages), else `null`. */
    readonly usage: Usage | null;
  }
  | { readonly type: "text-start"; readonly key: BlockKey }
  | {
    readonly type: "text-delta";
    readonly key: BlockKey;
    readonly text: string;
  }
  | {
    readonly type: "text-citation";
    readonly key: BlockKey;
    readonly citation: Citation;
  }
  | { readonly type: "text-end"; readonly key: BlockKey }
  | { readonly type: "refusal-start"; readonly key: BlockKey }
  | {
    readonly type: "refusal-delta";
    readonly key: BlockKey;
    readonly text: string;
  }
  | { readonly type: "refusal-end"; readonly key: BlockKey }
  | { readonly type: "reasoning-start"; readonly key: BlockKey }
  | {
    readonly type: "reasoning-delta";
    readonly key: BlockKey;
    readonly text: string;
  }
  | {
    readonly type: "reasoning-end";
    readonly key: BlockKey;
    readonly proof: string | null;
    readonly redacted: boolean;
    readonly itemId: string | null;
    readonly origin: ReasoningOrigin | null;
  }
  | {
    readonly type: "tool-call-start";
    readonly key: BlockKey;
    readonly id: string;
    readonly name: string;
    readonly kind: "function" | "custom";
  }
  | {
    readonly type: "tool-call-delta";
    readonly key: BlockKey;
    readonly arguments: string;
  }
  | { readonly type: "tool-call-end"; readonly key: BlockKey }
  | {
    readonly type: "native";
    readonly protocol: ProtocolName;
    readonly value: JsonObject;
  }
  | {
    readonly type: "finish";
    readonly finish: Finish;
    readonly usage: Usage;
    readonly serviceTier: string | null;
  }
  | {
    readonly type: "error";
    readonly error: GatewayError;
    /** What was consumed until then, as far as it was said. */
    readonly usage: Usage;
  };

/** A part that a client sees as content: the commit point. */
export function isContent(part: StreamPart): boolean {
  switch (part.type) {
    case "text-delta":
    case "refusal-delta":
    case "reasoning-delta":
      return part.text !== "";
    case "tool-call-start":
    case "tool-call-delta":
      return true;
    default:
      return false;
  }
}
