/**
 * What the native path checks of a request: the fields that
 * the gateway itself acts on. Everything else goes upstream as it came.
 *
 * @module
 */

import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { Operation, ProtocolName } from "../exchange/names.ts";
import { PROOF_MARKER } from "../protocols/reasoning_envelope.ts";
import { FACT_FIELDS } from "../routing/facts.ts";
import type { JsonField, JsonScan, JsonWatch } from "../support/json_scan.ts";
import { decodeUtf8 } from "../support/utf8.ts";

/** What is looked for in every inference body. */
export const INFERENCE_WATCH: JsonWatch = {
  fields: [
    "model",
    "stream",
    "n",
    "stream_options",
    "messages",
    "input",
    ...FACT_FIELDS,
  ],
  prefix: PROOF_MARKER,
};

const TOKEN_LIMIT_FIELDS: readonly string[] = [
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
];

const MAX_CHOICES = 128;
// The comma of `provider,model`, which existing clients send, besides the
// characters of a model name.
const MODEL_NAME_REGEXP = /^[A-Za-z0-9._:/@+,-]+$/;

/** Limits on what a request may hold; 0 switches one off. */
export interface RequestLimits {
  /** Longest model name. */
  readonly maxModelNameBytes: number;
  /** Most messages or input items. */
  readonly maxMessages: number;
  /** Most tools. */
  readonly maxTools: number;
}

/** Checks a scanned body; `null` if there is nothing to complain of. */
export function checkRequest(
  body: Uint8Array,
  scan: JsonScan,
  protocol: ProtocolName,
  operation: Operation,
  limits: RequestLimits,
): GatewayError | null {
  for (const name of scan.duplicates) {
    if (name === "model" || name === "stream") {
      return invalid(name, `Cannot read the body: ${name} is given twice`);
    }
  }
  return checkModel(scan, limits) ?? checkStream(scan) ??
    checkNumbers(body, scan, protocol) ??
    checkCounts(body, scan, operation, limits);
}

function checkModel(
  scan: JsonScan,
  limits: RequestLimits,
): GatewayError | null {
  const field = scan.fields.get("model");
  if (field === undefined) {
    return invalid(
      "model",
      "Cannot route the request: model is missing; GET /v1/models lists what there is",
    );
  }
  if (scan.model === null) {
    return invalid(
      "model",
      `Cannot route the request: model must be a string, it is ${
        article(field.type)
      }`,
    );
  }
  if (scan.model === "") {
    return invalid(
      "model",
      "Cannot route the request: model is empty; GET /v1/models lists what there is",
    );
  }
  const most = limits.maxModelNameBytes;
  if (most > 0 && scan.model.length > most) {
    return invalid(
      "model",
      `Cannot route the request: model has more than ${most} bytes`,
    );
  }
  if (!MODEL_NAME_REGEXP.test(scan.model)) {
    return invalid(
      "model",
      "Cannot route the request: model may hold letters, digits and . _ : / @ + - alone",
    );
  }
  return null;
}

function checkStream(scan: JsonScan): GatewayError | null {
  const field = scan.fields.get("stream");
  if (field === undefined || field.type === "boolean") return null;
  if (field.type === "null") return null;
  return invalid(
    "stream",
    `Cannot read the body: stream must be true or false, it is ${
      article(field.type)
    }`,
  );
}

function checkNumbers(
  body: Uint8Array,
  scan: JsonScan,
  protocol: ProtocolName,
): GatewayError | null {
  for (const name of TOKEN_LIMIT_FIELDS) {
    // Messages takes 0: it warms the prompt cache.
    const least = protocol === "messages" ? 0 : 1;
    const error = checkWhole(body, scan, name, least, Number.MAX_SAFE_INTEGER);
    if (error !== null) return error;
  }
  return checkWhole(body, scan, "n", 1, MAX_CHOICES);
}

function checkWhole(
  body: Uint8Array,
  scan: JsonScan,
  name: string,
  least: number,
  most: number,
): GatewayError | null {
  const field = scan.fields.get(name);
  if (field === undefined || field.type === "null") return null;
  const value = field.type === "number" ? Number(textOf(body, field)) : NaN;
  if (Number.isInteger(value) && value >= least && value <= most) return null;
  const bound = most === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${most}`;
  return invalid(
    name,
    `Cannot read the body: ${name} must be a whole number of at least ${least}${bound}`,
  );
}

function checkCounts(
  body: Uint8Array,
  scan: JsonScan,
  operation: Operation,
  limits: RequestLimits,
): GatewayError | null {
  const turns = operation === "embeddings" ? 0 : limits.maxMessages;
  return tooMany(body, scan, "messages", turns) ??
    tooMany(body, scan, "input", turns) ??
    tooMany(body, scan, "tools", limits.maxTools);
}

function tooMany(
  body: Uint8Array,
  scan: JsonScan,
  name: string,
  most: number,
): GatewayError | null {
  const field = scan.fields.get(name);
  if (most === 0 || field === undefined || field.type !== "array") return null;
  // Each item costs a token: only a body with more of them needs a count.
  if (scan.tokens <= most) return null;
  const value: unknown = JSON.parse(
    decodeUtf8(body.subarray(field.start, field.end)),
  );
  if (!Array.isArray(value) || value.length <= most) return null;
  return invalid(
    name,
    `Cannot take the request: ${name} has ${value.length} items, the limit is ${most}`,
  );
}

function textOf(body: Uint8Array, field: JsonField): string {
  return decodeUtf8(body.subarray(field.start, field.end));
}

function article(type: string): string {
  return /^[aeiou]/.test(type)
    ? `an ${type}`
    : type === "null"
    ? type
    : `a ${type}`;
}

function invalid(param: string, message: string): GatewayError {
  return gatewayError("invalid_request", message, { param });
}
