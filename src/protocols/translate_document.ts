/**
 * Translates whole request bodies and answers from one protocol to another:
 * the functions that stand between the codecs and whoever has a document.
 *
 * @module
 */

import {
  type GatewayError,
  gatewayError,
  RequestError,
} from "../exchange/gateway_error.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import { scanJson } from "../support/json_scan.ts";
import {
  insertMember,
  type JsonEdit,
  spliceJson,
} from "../support/json_splice.ts";
import type { Loss } from "./canonical.ts";
import { encodeForClient } from "./client_fields.ts";
import type {
  DecodeContext,
  EncodeContext,
  Protocol,
  TargetProfile,
} from "./protocol.ts";
import { decodeUtf8, encodeUtf8 } from "../support/utf8.ts";

// What the listener allows (RFC 8259 section 9 leaves the depth to us).
const LIMITS = { maxDepth: 128, maxTokens: 0 } as const;
const NO_NAMES: ReadonlyMap<string, string> = new Map();

/** Who said a document, and who is to understand it. */
export interface Direction {
  /** The protocol the document is written in. */
  readonly from: Protocol;
  /** The protocol it is wanted in. */
  readonly to: Protocol;
}

/** A request body for a provider. */
export interface TranslatedRequest {
  /** The body. Between equal protocols these are the client's own bytes with another model name. */
  readonly text: string;
  /** What could not be expressed. */
  readonly losses: readonly Loss[];
  /** Upstream tool name to client tool name, only where they differ. */
  readonly toolNames: ReadonlyMap<string, string>;
}

/**
 * Reads a document of JSON.
 * @throws {RequestError} where it is no object, or nested too deep
 */
export function parseDocument(text: string): JsonObject {
  const scan = scanJson(encodeUtf8(text), LIMITS);
  if (scan.ok) {
    try {
      const value: unknown = JSON.parse(text);
      if (isJsonObject(value)) return value;
    } catch {
      // The parser's own words would quote the input.
    }
  }
  throw new RequestError(gatewayError(
    "invalid_request",
    scan.errorKind === "depth"
      ? `Cannot read the document: it is nested deeper than ${LIMITS.maxDepth}`
      : "Cannot read the document: it is not a JSON object",
  ));
}

/**
 * Makes the body for a provider out of a client's.
 * @throws {RequestError} for what is wrong, or cannot be expressed and may not be dropped
 */
export function translateRequest(
  text: string,
  { from, to }: Direction,
  target: TargetProfile,
): TranslatedRequest {
  const body = parseDocument(text);
  if (from.name === to.name) {
    return {
      text: nativeRequest(text, body, from, target.model),
      losses: [],
      toolNames: NO_NAMES,
    };
  }
  const { body: encoded, losses, toolNames } = encodeForClient(
    from.name,
    to,
    from.decodeRequest(body),
    target,
  );
  return { text: JSON.stringify(encoded), losses, toolNames };
}

/** Sets the model and, for streams of chat, asks for the usage chunk; every other byte stays. */
function nativeRequest(
  text: string,
  body: JsonObject,
  protocol: Protocol,
  model: string,
): string {
  const bytes = encodeUtf8(text);
  const scan = scanJson(bytes, LIMITS, {
    fields: ["model", "stream_options"],
    prefix: "",
  });
  const edits: JsonEdit[] = [];
  const field = scan.fields.get("model");
  if (field !== undefined && body.model !== model) {
    edits.push({ ...field, text: JSON.stringify(model) });
  }
  if (protocol.name === "chat" && body.stream === true) {
    const given = isJsonObject(body.stream_options) ? body.stream_options : {};
    const options = scan.fields.get("stream_options");
    if (given.include_usage !== true) {
      const wanted = JSON.stringify({ ...given, include_usage: true });
      edits.push(
        options === undefined
          ? insertMember(scan, `"stream_options":${wanted}`)
          : { ...options, text: wanted },
      );
    }
  }
  return edits.length === 0 ? text : decodeUtf8(spliceJson(bytes, edits));
}

/** A whole answer for a client, or the error that the provider's answer was. */
export type TranslatedAnswer =
  | { readonly kind: "answered"; readonly text: string }
  | { readonly kind: "failed"; readonly error: GatewayError };

/** What the codecs must know of the call that led to an answer. */
export interface AnswerContext {
  /** For the codec of the provider. */
  readonly decode: DecodeContext;
  /** For the codec of the client. */
  readonly encode: EncodeContext;
}

/**
 * Makes a client's answer out of a provider's.
 * @throws {RequestError} where the answer is no JSON object
 */
export function translateAnswer(
  text: string,
  { from, to }: Direction,
  context: AnswerContext,
): TranslatedAnswer {
  const body = parseDocument(text);
  const observer = from.observer();
  observer.body(body);
  if (observer.error !== null) return { kind: "failed", error: observer.error };
  if (from.name === to.name) return { kind: "answered", text };
  const answer = from.decodeResponse(body, context.decode);
  return {
    kind: "answered",
    text: JSON.stringify(to.encodeResponse(answer, context.encode)),
  };
}
