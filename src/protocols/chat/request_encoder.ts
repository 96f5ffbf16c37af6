/** Canonical requests to Chat Completions bodies. @module */

import type { JsonObject, JsonValue } from "../../support/json.ts";
import type {
  CanonicalRequest,
  Loss,
  OutputFormat,
  ReasoningRequest,
} from "../canonical.ts";
import { effortOfBudget } from "../effort.ts";
import { clientProtocol, foreignFieldLosses } from "../foreign_fields.ts";
import type { EncodedRequest, TargetProfile } from "../protocol.ts";
import { ToolNameMap, toolNamesIn } from "../tool_names.ts";
import { emulateCustomTools } from "./custom_tools.ts";
import { MessageEncoder } from "./message_encoder.ts";
import { isOpenAiModel, leastEffort, limitField } from "./models.ts";
import { encodeToolChoice, encodeTools } from "./tools.ts";

/** One request on its way to one target. */
class RequestEncoder {
  readonly #request: CanonicalRequest;
  readonly #target: TargetProfile;
  readonly #isOpenAi: boolean;
  readonly #names: ToolNameMap;
  readonly #body: JsonObject;
  readonly #losses: Loss[];
  readonly #customTools: ReadonlySet<string>;

  constructor(asked: CanonicalRequest, target: TargetProfile) {
    this.#target = target;
    this.#isOpenAi = isOpenAiModel(target.model);
    const { request, customTools, losses } = this.#isOpenAi
      ? { request: asked, customTools: new Set<string>(), losses: [] }
      : emulateCustomTools(asked);
    this.#request = request;
    this.#customTools = customTools;
    this.#names = new ToolNameMap(toolNamesIn(request));
    this.#losses = [...foreignFieldLosses(request, "chat", target), ...losses];
    this.#body = { model: target.model };
  }

  encode(): EncodedRequest {
    const messages = new MessageEncoder(
      this.#request,
      this.#target,
      this.#names,
    );
    messages.encode();
    this.#body.messages = messages.messages;
    this.#losses.push(...messages.losses);
    if (!this.#target.cacheControl && hasCacheHint(this.#request)) {
      this.#lose("cache_control", "the target caches prompts by itself");
    }
    this.#limits();
    this.#tools();
    this.#sampling();
    this.#set("response_format", encodeFormat(this.#request.format));
    this.#reasoning(this.#request.reasoning);
    this.#identity();
    for (
      const [name, value] of Object.entries(this.#request.native.chat ?? {})
    ) {
      // A path inside the messages is no field of the body.
      if (!name.startsWith("messages[")) this.#body[name] = value;
    }
    return {
      body: this.#body,
      losses: this.#losses,
      toolNames: this.#names.changed,
      customTools: this.#customTools,
    };
  }

  #set(name: string, value: JsonValue | undefined): void {
    if (value !== null && value !== undefined) this.#body[name] = value;
  }

  /** Sets a field that only OpenAI knows; elsewhere it is a loss. */
  #setOpenAi(name: string, value: JsonValue): void {
    if (value === null) return;
    if (this.#isOpenAi) this.#body[name] = value;
    else this.#lose(name, "only OpenAI's models are known to take it");
  }

  #lose(field: string, reason: string): void {
    this.#losses.push({ field, reason });
  }

  #limits(): void {
    const { stream, maxOutputTokens, stop } = this.#request;
    if (stream) {
      this.#body.stream = true;
      // Without it there is no usage at all, whatever the client wants to see.
      this.#body.stream_options = { include_usage: true };
    }
    if (maxOutputTokens === 0) {
      this.#lose("max_tokens", "the least that the chat protocol takes is 1");
    }
    const limit = maxOutputTokens === null
      ? null
      : Math.max(1, maxOutputTokens);
    this.#set(limitField(this.#target.model), limit);
    if (stop.length > 0) this.#body.stop = [...stop];
  }

  #tools(): void {
    const { tools, toolChoice, parallelToolCalls } = this.#request;
    // Without tools the choice itself is refused.
    if (tools.length === 0) return;
    const { choice, tools: left } = toolChoice === null
      ? { choice: null, tools }
      : encodeToolChoice(
        toolChoice,
        tools,
        this.#names,
        this.#target,
        this.#isOpenAi,
      );
    this.#body.tools = encodeTools(left, this.#names, this.#target);
    this.#set("tool_choice", choice);
    this.#set("parallel_tool_calls", parallelToolCalls);
  }

  #sampling(): void {
    const { sampling } = this.#request;
    const knobs = [
      ["temperature", sampling.temperature],
      ["top_p", sampling.topP],
    ] as const;
    for (const [name, value] of knobs) {
      if (value !== null && this.#target.capabilities.sampling === false) {
        this.#lose(name, "the model takes no sampling parameters");
      } else {
        this.#set(name, value);
      }
    }
    // The providers with the cache_control dialect are those known to take it.
    if (this.#target.cacheControl) this.#set("top_k", sampling.topK);
    else if (sampling.topK !== null) {
      this.#lose("top_k", "the chat protocol has no such field");
    }
    this.#set("seed", sampling.seed);
    this.#set("frequency_penalty", sampling.frequencyPenalty);
    this.#set("presence_penalty", sampling.presencePenalty);
    this.#set("logit_bias", sampling.logitBias);
    this.#set("logprobs", sampling.logprobs);
    this.#set("top_logprobs", sampling.topLogprobs);
    const asked = sampling.logprobs === true || sampling.topLogprobs !== null;
    if (asked && clientProtocol(this.#request) !== "chat") {
      this.#lose("logprobs", "answers of another protocol come without them");
    }
  }

  #reasoning(reasoning: ReasoningRequest | null): void {
    if (reasoning === null) return;
    if (reasoning.summary !== null && reasoning.summary !== "omitted") {
      this.#lose(
        "reasoning.summary",
        "in the chat protocol the provider decides what it shows of its thinking",
      );
    }
    const effort = this.#effort(reasoning);
    if (effort === null) return;
    if (this.#target.capabilities.thinking === "none") {
      if (effort !== "none") {
        this.#lose("reasoning_effort", "the model does not think");
      }
      return;
    }
    this.#body.reasoning_effort = effort;
  }

  #effort(reasoning: ReasoningRequest): string | null {
    if (reasoning.mode === "disabled") {
      const least = leastEffort(this.#target.model);
      if (least === null && this.#target.capabilities.thinking !== "none") {
        this.#lose(
          "thinking",
          "the chat protocol has no word that switches it off for this model",
        );
      }
      return least;
    }
    if (reasoning.effort !== null) return reasoning.effort;
    return reasoning.budgetTokens === null
      ? null
      : effortOfBudget(reasoning.budgetTokens);
  }

  #identity(): void {
    const request = this.#request;
    this.#set("user", request.userId);
    // Messages' word for it.
    const tier = request.serviceTier;
    this.#set("service_tier", tier === "standard_only" ? "default" : tier);
    this.#setOpenAi("verbosity", request.verbosity);
    this.#setOpenAi("safety_identifier", request.safetyIdentifier);
    this.#setOpenAi("prompt_cache_key", request.promptCacheKey);
    // Nothing is stored where there is no such field.
    if (request.store === true || this.#isOpenAi) {
      this.#setOpenAi("store", request.store);
    }
    if (request.metadata === null) return;
    if (request.store === true) this.#setOpenAi("metadata", request.metadata);
    else {this.#lose(
        "metadata",
        "OpenAI takes it together with store: true only",
      );}
  }
}

/** Tells whether a breakpoint stands anywhere in the request. */
function hasCacheHint(request: CanonicalRequest): boolean {
  const blocks = [...request.instructions, ...request.turns].flatMap((
    turn,
  ) => [...turn.blocks]);
  return blocks.some((block) =>
    ("cache" in block && block.cache !== null) ||
    (block.type === "tool-result" &&
      block.content.some((inner) => inner.cache !== null))
  ) || request.tools.some((tool) => "cache" in tool && tool.cache !== null);
}

function encodeFormat(format: OutputFormat | null): JsonObject | null {
  if (format === null) return null;
  if (format.kind === "json-object") return { type: "json_object" };
  const schema: JsonObject = { name: format.name ?? "response" };
  if (format.description !== null) schema.description = format.description;
  schema.schema = format.schema;
  if (format.strict !== null) schema.strict = format.strict;
  return { type: "json_schema", json_schema: schema };
}

/**
 * Writes the body for one target.
 * @throws {RequestError} for what the target cannot take and may not be dropped
 */
export function encodeChatRequest(
  request: CanonicalRequest,
  target: TargetProfile,
): EncodedRequest {
  return new RequestEncoder(request, target).encode();
}
