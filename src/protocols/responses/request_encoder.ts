/** Canonical form to a Responses request body. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import type { JsonObject } from "../../support/json.ts";
import type { CanonicalRequest, OutputFormat } from "../canonical.ts";
import { effortOfBudget } from "../effort.ts";
import { clientProtocol, foreignFieldLosses } from "../foreign_fields.ts";
import type { EncodedRequest, TargetProfile } from "../protocol.ts";
import { ToolNameMap, toolNamesIn } from "../tool_names.ts";
import { encodeParts } from "./content_parts.ts";
import { Losses } from "./losses.ts";
import { encodeToolChoice, encodeTools } from "./tools.ts";
import { TurnItems } from "./turn_items.ts";

/** The API refuses less. */
const MIN_OUTPUT_TOKENS = 16;

const ENCRYPTED_REASONING = "reasoning.encrypted_content";
const LOGPROBS = "message.output_text.logprobs";

/** Tiers by the client's word; what is not here the API does not know. */
const SERVICE_TIERS: ReadonlyMap<string, string> = new Map([
  ["auto", "auto"],
  ["default", "default"],
  ["standard_only", "default"],
  ["flex", "flex"],
  ["scale", "scale"],
  ["priority", "priority"],
  ["fast", "fast"],
  ["ultrafast", "ultrafast"],
]);

/** Builds one request body. */
class RequestEncoder {
  readonly #request: CanonicalRequest;
  readonly #target: TargetProfile;
  readonly #losses = new Losses();
  readonly #names: ToolNameMap;
  readonly #body: JsonObject = {};

  constructor(request: CanonicalRequest, target: TargetProfile) {
    this.#request = request;
    this.#target = target;
    this.#names = new ToolNameMap(toolNamesIn(request));
  }

  encode(): EncodedRequest {
    this.#refuse();
    const body = this.#body;
    Object.assign(body, this.#request.native.responses);
    // A list of what the items themselves say; no field of the protocol.
    delete body.item_reference;
    body.model = this.#target.model;
    body.stream = this.#request.stream;
    const keptReasoning = this.#input();
    this.#tools();
    this.#limits();
    this.#text();
    this.#reasoning(keptReasoning);
    this.#identity();
    // Nothing is kept anywhere unless the client wants it kept.
    body.store = this.#request.store ?? false;
    return {
      body,
      losses: this.#losses.all,
      toolNames: this.#names.changed,
    };
  }

  #refuse(): void {
    const { stop } = this.#request;
    const { provider, model } = this.#target;
    if (stop.length > 0) {
      throw invalidField(
        "stop",
        `Cannot send stop to ${provider}/${model}: the responses protocol has no stop sequences; leave them out or choose a chat or messages provider`,
        "unsupported_parameter",
      );
    }
    const foreign = foreignFieldLosses(
      this.#request,
      "responses",
      this.#target,
    );
    for (const { field, reason } of foreign) this.#losses.add(field, reason);
  }

  #input(): boolean {
    const items = new TurnItems(
      this.#request,
      this.#target,
      this.#names,
      this.#losses,
    );
    const [first, ...others] = this.#request.instructions;
    // The API demands input: alone, instructions are one.
    const isAlone = this.#request.turns.length === 0;
    if (first?.role === "system" && !isAlone) {
      this.#body.instructions = encodeParts(
        first.blocks,
        this.#losses,
        () => "instructions",
      )
        .map((part) => part.text).join("\n\n");
      for (const entry of others) items.add(entry);
    } else for (const entry of this.#request.instructions) items.add(entry);
    for (const turn of this.#request.turns) items.add(turn);
    this.#body.input = items.items;
    return items.keptReasoning;
  }

  #tools(): void {
    const { tools, toolChoice, parallelToolCalls } = this.#request;
    // The API refuses both fields where there are no tools.
    if (tools.length === 0) return;
    const body = this.#body;
    body.tools = encodeTools(tools, this.#names, this.#losses);
    if (parallelToolCalls !== null) {
      body.parallel_tool_calls = parallelToolCalls;
    }
    if (toolChoice === null) return;
    const forced = toolChoice.kind === "tool" ||
      toolChoice.kind === "required" ||
      (toolChoice.kind === "allowed" && toolChoice.mode === "required");
    if (forced && this.#target.capabilities.forcedToolChoice === false) {
      throw invalidField(
        "tool_choice",
        `Cannot send tool_choice to ${this.#target.provider}/${this.#target.model}: the model takes no forced tool call; use auto or none`,
        "unsupported_value",
      );
    }
    body.tool_choice = encodeToolChoice(toolChoice, tools, this.#names);
  }

  #limits(): void {
    const { maxOutputTokens, sampling } = this.#request;
    const body = this.#body;
    if (maxOutputTokens !== null) {
      if (maxOutputTokens < MIN_OUTPUT_TOKENS) {
        this.#losses.add(
          "max_tokens",
          `raised from ${maxOutputTokens} to the target's least, ${MIN_OUTPUT_TOKENS}`,
        );
      }
      body.max_output_tokens = Math.max(MIN_OUTPUT_TOKENS, maxOutputTokens);
    }
    this.#knob("temperature", sampling.temperature);
    this.#knob("top_p", sampling.topP);
    const unknown = {
      top_k: sampling.topK,
      seed: sampling.seed,
      frequency_penalty: sampling.frequencyPenalty,
      presence_penalty: sampling.presencePenalty,
      logit_bias: sampling.logitBias,
    };
    for (const [field, value] of Object.entries(unknown)) {
      if (value !== null) {
        this.#losses.add(field, "the Responses protocol has no such field");
      }
    }
    if (sampling.topLogprobs !== null) {
      body.top_logprobs = sampling.topLogprobs;
    }
    if (sampling.logprobs === true) this.#include(LOGPROBS);
    const asked = sampling.logprobs === true || sampling.topLogprobs !== null;
    if (asked && clientProtocol(this.#request) !== "responses") {
      this.#losses.add(
        "logprobs",
        "answers of another protocol come without them",
      );
    }
  }

  #knob(field: "temperature" | "top_p", value: number | null): void {
    if (value === null) return;
    if (this.#target.capabilities.sampling === false) {
      this.#losses.add(field, "the model takes no sampling parameters");
    } else this.#body[field] = value;
  }

  #include(what: string): void {
    const include = Array.isArray(this.#body.include) ? this.#body.include : [];
    if (!include.includes(what)) this.#body.include = [...include, what];
  }

  #text(): void {
    const { format, verbosity } = this.#request;
    const text: JsonObject = {};
    if (format !== null) text.format = encodeFormat(format);
    if (verbosity !== null) text.verbosity = verbosity;
    if (format !== null || verbosity !== null) this.#body.text = text;
  }

  #reasoning(keptReasoning: boolean): void {
    const { reasoning } = this.#request;
    const thinking = this.#target.capabilities.thinking;
    if (thinking === "none") {
      if (reasoning !== null && reasoning.mode !== "disabled") {
        this.#losses.add("reasoning", "the model does not think");
      }
      return;
    }
    const wire: JsonObject = {
      ...(this.#body.reasoning as JsonObject | undefined),
    };
    let asked = keptReasoning || thinking !== null;
    if (reasoning !== null) {
      const effort = this.#effort();
      if (effort !== null) wire.effort = effort;
      const summary = this.#summary();
      if (summary !== null) wire.summary = summary;
      asked ||= reasoning.mode !== "disabled" && effort !== "none";
    }
    if (Object.keys(wire).length > 0) this.#body.reasoning = wire;
    // Without it nothing of the thinking survives to the next turn.
    if (asked) this.#include(ENCRYPTED_REASONING);
  }

  #effort(): string | null {
    const { effort = null, budgetTokens = null, mode = null } =
      this.#request.reasoning ?? {};
    if (effort !== null) return effort;
    if (mode === "disabled") {
      // Only some models know the effort `none`: sent to others it is a 400.
      this.#losses.add("thinking", "it cannot be switched off at the target");
      return null;
    }
    return budgetTokens === null ? null : effortOfBudget(budgetTokens);
  }

  #summary(): string | null {
    const { summary = null, mode = null } = this.#request.reasoning ?? {};
    switch (summary) {
      case "omitted":
        return null;
      case "summarized":
        return "auto";
      case null:
        // A messages client that switches thinking on expects to read it.
        return mode === "enabled" ? "auto" : null;
      default:
        return summary;
    }
  }

  #identity(): void {
    const request = this.#request;
    const fields = {
      user: request.userId,
      safety_identifier: request.safetyIdentifier,
      prompt_cache_key: request.promptCacheKey,
      metadata: request.metadata,
    };
    for (const [field, value] of Object.entries(fields)) {
      if (value !== null) this.#body[field] = value;
    }
    if (request.serviceTier === null) return;
    const tier = SERVICE_TIERS.get(request.serviceTier);
    if (tier === undefined) {
      this.#losses.add(
        "service_tier",
        `the Responses protocol does not know '${request.serviceTier}'`,
      );
    } else this.#body.service_tier = tier;
  }
}

function encodeFormat(format: OutputFormat): JsonObject {
  if (format.kind === "json-object") return { type: "json_object" };
  const wire: JsonObject = {
    type: "json_schema",
    // The API demands a name.
    name: format.name ?? "response",
    schema: format.schema,
  };
  if (format.description !== null) wire.description = format.description;
  if (format.strict !== null) wire.strict = format.strict;
  return wire;
}

/**
 * Builds an upstream's body.
 * @throws {RequestError} for what cannot be expressed and must not be dropped
 */
export function encodeResponsesRequest(
  request: CanonicalRequest,
  target: TargetProfile,
): EncodedRequest {
  return new RequestEncoder(request, target).encode();
}
