/** Canonical form to the body for a messages provider. @module */

import type { JsonObject } from "../../support/json.ts";
import type { CanonicalRequest, TextBlock } from "../canonical.ts";
import { foreignFieldLosses } from "../foreign_fields.ts";
import type { EncodedRequest, TargetProfile } from "../protocol.ts";
import { encodeText, isBlank } from "./encode_blocks.ts";
import { encodeThinking, type ThinkingFields } from "./encode_thinking.ts";
import { encodeTools } from "./encode_tools.ts";
import { encodeTurns } from "./encode_turns.ts";
import { Encoding } from "./encoding.ts";
import { closeSchema } from "./schema.ts";

/** Writes the body for a messages provider. @throws {RequestError} for what cannot be expressed and must not be dropped */
export function encodeMessagesRequest(
  request: CanonicalRequest,
  target: TargetProfile,
): EncodedRequest {
  const encoding = new Encoding(request, target);
  encoding.losses.push(...foreignFieldLosses(request, "messages", target));
  const thinking = encodeThinking(request, encoding);
  const body: JsonObject = {
    model: target.model,
    max_tokens: thinking.maxTokens,
    ...systemField(request, encoding),
    messages: encodeTurns(request.turns, encoding),
    ...encodeTools(request, encoding),
  };
  if (request.stream) body.stream = true;
  if (thinking.thinking !== null) body.thinking = thinking.thinking;
  addOutputConfig(body, request, thinking.effort, encoding);
  addSampling(body, request, thinking, encoding);
  addStop(body, request, encoding);
  addIdentity(body, request, encoding);
  loseTheRest(request, encoding);
  for (const [field, value] of Object.entries(request.native.messages ?? {})) {
    body[field] ??= value;
  }
  return {
    body,
    losses: encoding.losses,
    toolNames: encoding.toolNames.changed,
  };
}

function systemField(
  request: CanonicalRequest,
  encoding: Encoding,
): JsonObject {
  const blocks: TextBlock[] = request.instructions
    .flatMap((instruction) => instruction.blocks)
    .filter((block) => !isBlank(block.text));
  if (blocks.length === 0) return {};
  if (blocks.every((block) => block.cache === null)) {
    return { system: blocks.map((block) => block.text).join("\n\n") };
  }
  // A breakpoint belongs to its block, so that the blocks stay apart.
  return {
    system: blocks
      .map((block) => encodeText(block, encoding))
      .filter((block) => block !== null),
  };
}

function addOutputConfig(
  body: JsonObject,
  request: CanonicalRequest,
  effort: string | null,
  encoding: Encoding,
): void {
  const config: JsonObject = {};
  if (effort !== null) config.effort = effort;
  const { format } = request;
  if (format?.kind === "json-object") {
    throw encoding.refuse(
      "response_format",
      "the messages protocol has no JSON mode",
      "use json_schema, or ask for JSON in the instructions and leave it out",
    );
  }
  if (format?.kind === "json-schema") {
    const { schema, change } = closeSchema(format.schema);
    if (change !== null) {
      encoding.lose("response_format.json_schema.schema", change);
    }
    config.format = { type: "json_schema", schema };
  }
  if (Object.keys(config).length > 0) body.output_config = config;
}

function addSampling(
  body: JsonObject,
  request: CanonicalRequest,
  thinking: ThinkingFields,
  encoding: Encoding,
): void {
  const { temperature, topP, topK } = request.sampling;
  const { capabilities } = encoding.target;
  if (capabilities.sampling === false) {
    const reason = "the model takes no sampling parameters";
    // 1 is what the model does anyway.
    if (temperature !== null && temperature !== 1) {
      encoding.lose("temperature", reason);
    }
    if (topP !== null && topP !== 1) encoding.lose("top_p", reason);
    if (topK !== null) encoding.lose("top_k", reason);
    return;
  }
  if (thinking.thinking !== null && thinking.thinking.type !== "disabled") {
    addThinkingSampling(body, request, encoding);
    return;
  }
  if (temperature !== null) {
    const clamped = Math.min(Math.max(temperature, 0), 1);
    if (clamped !== temperature) {
      encoding.lose(
        "temperature",
        `${temperature} is outside of 0 to 1, ${clamped} is sent`,
      );
    }
    body.temperature = clamped;
  }
  if (topP !== null) {
    // The models that think refuse both together.
    const both = temperature !== null &&
      (capabilities.thinking === "budget" ||
        capabilities.thinking === "adaptive");
    if (both) {
      encoding.lose(
        "top_p",
        "the model does not take it together with temperature",
      );
    } else body.top_p = topP;
  }
  if (topK !== null) body.top_k = topK;
}

// While it thinks a model takes temperature 1, top_p from 0.95 on and no top_k.
function addThinkingSampling(
  body: JsonObject,
  request: CanonicalRequest,
  encoding: Encoding,
): void {
  const { temperature, topP, topK } = request.sampling;
  const reason = "the model does not take it while it thinks";
  if (temperature === 1) body.temperature = temperature;
  else if (temperature !== null) encoding.lose("temperature", reason);
  if (topP !== null && topP >= 0.95 && temperature === null) body.top_p = topP;
  else if (topP !== null && topP !== 1) encoding.lose("top_p", reason);
  if (topK !== null) encoding.lose("top_k", reason);
}

function addStop(
  body: JsonObject,
  request: CanonicalRequest,
  encoding: Encoding,
): void {
  const usable = request.stop.filter((sequence) => !isBlank(sequence));
  if (usable.length < request.stop.length) {
    encoding.lose("stop", "a stop sequence of white space alone is not taken");
  }
  if (usable.length > 0) body.stop_sequences = usable;
}

function addIdentity(
  body: JsonObject,
  request: CanonicalRequest,
  encoding: Encoding,
): void {
  const userId = request.userId ?? request.safetyIdentifier;
  if (userId !== null) body.metadata = { user_id: userId };
  const tier = request.serviceTier;
  if (tier === "auto") body.service_tier = tier;
  else if (tier === "default" || tier === "standard_only") {
    body.service_tier = "standard_only";
  } else if (tier !== null) {
    encoding.lose("service_tier", `the messages protocol has no tier ${tier}`);
  }
}

function loseTheRest(request: CanonicalRequest, encoding: Encoding): void {
  const { sampling } = request;
  if (sampling.logprobs === true || (sampling.topLogprobs ?? 0) > 0) {
    throw encoding.refuse(
      sampling.logprobs === true ? "logprobs" : "top_logprobs",
      "the messages protocol has no log probabilities",
      "leave it out",
    );
  }
  const rest: readonly (readonly [string, boolean])[] = [
    ["seed", sampling.seed !== null],
    ["frequency_penalty", (sampling.frequencyPenalty ?? 0) !== 0],
    ["presence_penalty", (sampling.presencePenalty ?? 0) !== 0],
    ["logit_bias", Object.keys(sampling.logitBias ?? {}).length > 0],
    ["verbosity", request.verbosity !== null],
    ["prompt_cache_key", request.promptCacheKey !== null],
    ["metadata", Object.keys(request.metadata ?? {}).length > 0],
    ["store", request.store === true],
    [
      "safety_identifier",
      request.safetyIdentifier !== null && request.userId !== null &&
      request.safetyIdentifier !== request.userId,
    ],
  ];
  for (const [field, said] of rest) {
    if (said) encoding.lose(field, "the messages protocol has no such field");
  }
}
