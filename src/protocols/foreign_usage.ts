/**
 * Usage in shapes that none of the three protocols has: Gemini, Bedrock
 * Converse and Cohere. Recorded logs hold them, and they are priced as well.
 *
 * @module
 */

import { emptyLedger, noUsage, type Usage } from "../exchange/usage.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import { tokenCount } from "./token_count.ts";

/** Reads foreign usage off a usage object or a whole answer, `null` where it has no such shape. */
export function readForeignUsage(value: JsonObject): Usage | null {
  const gemini = objectOf(value.usageMetadata) ??
    (isGemini(value) ? value : null);
  if (gemini !== null) return readGemini(gemini, value);
  // Bedrock's stream wraps it once more.
  const metadata = objectOf(value.metadata) ?? value;
  const converse = objectOf(metadata.usage) ?? metadata;
  if ("inputTokens" in converse || "outputTokens" in converse) {
    return readConverse(converse);
  }
  return readCohere(value);
}

function objectOf(value: JsonValue | undefined): JsonObject | null {
  return isJsonObject(value) ? value : null;
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function count(value: JsonValue | undefined): number {
  return tokenCount(value) ?? 0;
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function isGemini(value: JsonObject): boolean {
  return "promptTokenCount" in value || "candidatesTokenCount" in value;
}

/** Tokens of one modality in a list of Gemini's details. */
function modality(details: JsonValue | undefined, name: string): number {
  return listOf(details)
    .filter((row) => row.modality === name)
    .reduce((sum, row) => sum + count(row.tokenCount), 0);
}

/**
 * Thinking stands beside the candidates, what tools put into the prompt beside
 * the prompt; the modalities of the cache are parts of those of the prompt.
 */
function readGemini(usage: JsonObject, body: JsonObject): Usage {
  const ledger = emptyLedger();
  const prompt = count(usage.promptTokenCount);
  const cached = Math.min(count(usage.cachedContentTokenCount), prompt);
  const audio = Math.min(modality(usage.promptTokensDetails, "AUDIO"), prompt);
  const cachedAudio = Math.min(
    modality(usage.cacheTokensDetails, "AUDIO"),
    cached,
    audio,
  );
  ledger.cacheReadAudio = cachedAudio;
  ledger.cacheRead = cached - cachedAudio;
  ledger.inputAudio = Math.min(audio - cachedAudio, prompt - cached);
  ledger.input = prompt - cached - ledger.inputAudio +
    count(usage.toolUsePromptTokenCount);
  const answered = count(usage.candidatesTokenCount);
  const details = usage.candidatesTokensDetails;
  ledger.outputImage = Math.min(modality(details, "IMAGE"), answered);
  ledger.outputAudio = Math.min(
    modality(details, "AUDIO"),
    answered - ledger.outputImage,
  );
  ledger.output = answered - ledger.outputImage - ledger.outputAudio;
  ledger.reasoning = count(usage.thoughtsTokenCount);
  ledger.webSearch = countQueries(body);
  return {
    ledger,
    raw: usage,
    source: "reported",
    serviceTier: textOf(usage.serviceTier)?.toLowerCase() ??
      tierOfTraffic(usage.trafficType),
    model: textOf(body.modelVersion),
  };
}

/** Vertex names the tier by its traffic: `ON_DEMAND_PRIORITY`. */
function tierOfTraffic(type: JsonValue | undefined): string | null {
  const traffic = textOf(type)?.toLowerCase().replace(/^on_demand_/, "");
  return traffic === "priority" || traffic === "flex" || traffic === "batch"
    ? traffic
    : null;
}

function countQueries(body: JsonObject): number {
  return listOf(body.candidates).reduce((sum, candidate) => {
    const queries = objectOf(candidate.groundingMetadata)?.webSearchQueries;
    return sum + (Array.isArray(queries) ? queries.length : 0);
  }, 0);
}

/** Bedrock counts the cache beside the input. */
function readConverse(usage: JsonObject): Usage {
  const ledger = emptyLedger();
  ledger.input = count(usage.inputTokens);
  ledger.cacheRead = count(
    usage.cacheReadInputTokens ?? usage.cacheReadInputTokenCount,
  );
  const written = count(
    usage.cacheWriteInputTokens ?? usage.cacheWriteInputTokenCount,
  );
  const hour = listOf(usage.cacheDetails)
    .filter(({ ttl }) => ttl === "1h")
    .reduce((sum, row) => sum + count(row.inputTokens), 0);
  ledger.cacheWrite1h = Math.min(hour, written);
  ledger.cacheWrite5m = written - ledger.cacheWrite1h;
  ledger.output = count(usage.outputTokens);
  return { ...noUsage(), ledger, raw: usage, source: "reported" };
}

/** Cohere bills `billed_units`; `tokens` counts its own additions too. */
function readCohere(value: JsonObject): Usage | null {
  const holder = objectOf(value.usage) ?? objectOf(value.meta) ?? value;
  const billed = objectOf(holder.billed_units);
  if (billed === null) return null;
  const ledger = emptyLedger();
  ledger.input = count(billed.input_tokens);
  ledger.output = count(billed.output_tokens);
  ledger.webSearch = count(billed.search_units);
  return {
    ...noUsage(),
    ledger,
    raw: holder,
    source: "reported",
    model: textOf(value.model),
  };
}
