/**
 * Thinking, its budget and the output limit of a request for a messages
 * provider. They hang together: the budget must stay below the limit, and
 * thinking restricts sampling and the tool choice.
 *
 * @module
 */

import type { JsonObject } from "../../support/json.ts";
import type { CanonicalRequest, ReasoningRequest } from "../canonical.ts";
import { budgetOfEffort, effortOfBudget, EFFORTS } from "../effort.ts";
import { isForced } from "./encode_tools.ts";
import type { Encoding } from "./encoding.ts";

/** The limit where neither the client nor the model table says one. */
export const DEFAULT_MAX_TOKENS = 8192;

const MIN_BUDGET = 1024;

/** The fields that thinking decides on. */
export interface ThinkingFields {
  /** The output limit, required by the protocol. */
  readonly maxTokens: number;
  /** `thinking`, `null` to leave it out. */
  readonly thinking: JsonObject | null;
  /** `output_config.effort`, `null` to leave it out. */
  readonly effort: string | null;
}

/** Decides on thinking, effort and the output limit. @throws {RequestError} for an effort that the model does not take */
export function encodeThinking(
  request: CanonicalRequest,
  encoding: Encoding,
): ThinkingFields {
  const maxTokens = outputLimit(request, encoding);
  const fields = { maxTokens, thinking: null, effort: null };
  const reasoning = request.reasoning;
  if (reasoning === null) return fields;
  const { capabilities } = encoding.target;
  if (capabilities.thinking === "none") {
    if (!isOff(reasoning)) {
      encoding.lose("reasoning", "the model does not think");
    }
    return fields;
  }
  if (isOff(reasoning)) return { ...fields, thinking: switchedOff(encoding) };
  const adaptive = capabilities.thinking === "adaptive" ||
    (capabilities.thinking === null && isAdaptive(reasoning));
  if (adaptive) {
    return adaptiveThinking(request, reasoning, maxTokens, encoding);
  }
  const budget = budgetOf(reasoning, encoding);
  if (budget === null) return fields;
  return budgetedThinking(request, reasoning, budget, maxTokens, encoding);
}

// Effort without a budget goes to a model of unknown kind as a budget, which
// every generation and every imitation takes.
function isAdaptive(reasoning: ReasoningRequest): boolean {
  return reasoning.mode === "adaptive";
}

function isOff(reasoning: ReasoningRequest): boolean {
  return reasoning.mode === "disabled" || reasoning.budgetTokens === 0 ||
    (reasoning.effort === "none" && reasoning.budgetTokens === null);
}

function outputLimit(request: CanonicalRequest, encoding: Encoding): number {
  const most = encoding.target.capabilities.maxOutputTokens;
  const asked = request.maxOutputTokens;
  if (asked === null) return most ?? DEFAULT_MAX_TOKENS;
  if (most !== null && asked > most) {
    encoding.lose(
      "max_tokens",
      `${asked} is more than the model's ${most}, which is sent`,
    );
    return most;
  }
  return asked;
}

function switchedOff(encoding: Encoding): JsonObject {
  const { efforts } = encoding.target.capabilities;
  if (efforts !== null && !efforts.includes("none")) {
    throw encoding.refuse(
      "reasoning_effort",
      "the model cannot be kept from thinking",
      `use one of ${efforts.join(", ")}`,
    );
  }
  return { type: "disabled" };
}

function adaptiveThinking(
  request: CanonicalRequest,
  reasoning: ReasoningRequest,
  maxTokens: number,
  encoding: Encoding,
): ThinkingFields {
  const effort = effortOf(reasoning, encoding);
  if (isForced(request.toolChoice)) {
    encoding.lose(
      "reasoning",
      "the model does not think when a tool call is forced",
    );
    return { maxTokens, thinking: null, effort };
  }
  const thinking: JsonObject = { type: "adaptive" };
  const display = displayOf(reasoning.summary);
  if (display !== null) thinking.display = display;
  return { maxTokens, thinking, effort };
}

function effortOf(
  reasoning: ReasoningRequest,
  encoding: Encoding,
): string | null {
  const { effort, budgetTokens } = reasoning;
  const { efforts } = encoding.target.capabilities;
  if (effort === null) {
    if (budgetTokens === null) return null;
    const nearest = effortOfBudget(budgetTokens);
    encoding.lose(
      "reasoning.max_tokens",
      `the model takes an effort, ${nearest} is sent`,
    );
    return efforts === null || efforts.includes(nearest) ? nearest : "high";
  }
  // The protocol has no such word.
  if (effort === "minimal") {
    encoding.lose(
      "reasoning_effort",
      "the least effort of the protocol is low",
    );
    return "low";
  }
  if (efforts !== null && !efforts.includes(effort)) {
    throw encoding.refuse(
      "reasoning_effort",
      `the model does not take the effort ${effort}`,
      `use one of ${efforts.join(", ")}`,
    );
  }
  return effort;
}

function displayOf(summary: string | null): string | null {
  if (summary === null) return null;
  return summary === "omitted" ? "omitted" : "summarized";
}

function budgetOf(
  reasoning: ReasoningRequest,
  encoding: Encoding,
): number | null {
  if (reasoning.budgetTokens !== null) return reasoning.budgetTokens;
  const { effort } = reasoning;
  if (effort === null) {
    return reasoning.mode === "enabled" ? budgetOfEffort("medium") : null;
  }
  const budget = budgetOfEffort(effort);
  if (budget !== null) return budget;
  throw encoding.refuse(
    "reasoning_effort",
    `the effort ${effort} is not known`,
    `use one of ${EFFORTS.join(", ")}`,
  );
}

function budgetedThinking(
  request: CanonicalRequest,
  reasoning: ReasoningRequest,
  budget: number,
  maxTokens: number,
  encoding: Encoding,
): ThinkingFields {
  const off = { maxTokens, thinking: null, effort: null };
  if (isForced(request.toolChoice)) {
    encoding.lose(
      "reasoning",
      "the model does not think when a tool call is forced",
    );
    return off;
  }
  const raised = raisedLimit(request, budget, maxTokens, encoding);
  // An effort is no number of tokens: it leaves a fifth of the limit to the answer.
  const most = reasoning.budgetTokens === null
    ? Math.max(MIN_BUDGET, Math.floor(raised * 0.8))
    : raised - 1;
  const fitting = Math.min(Math.max(budget, MIN_BUDGET), most, raised - 1);
  if (fitting < MIN_BUDGET) {
    encoding.lose(
      "reasoning",
      `thinking needs ${MIN_BUDGET} tokens below max_tokens ${raised}`,
    );
    return off;
  }
  if (fitting !== budget && reasoning.budgetTokens !== null) {
    encoding.lose(
      "reasoning.max_tokens",
      `${budget} does not fit, ${fitting} is sent`,
    );
  }
  const thinking: JsonObject = { type: "enabled", budget_tokens: fitting };
  const { summary } = reasoning;
  if (summary === "summarized" || summary === "omitted") {
    thinking.display = summary;
  }
  return {
    maxTokens: raised,
    thinking,
    effort: gradedEffort(reasoning, encoding),
  };
}

// A limit that the client did not set makes room for thinking beside the answer.
function raisedLimit(
  request: CanonicalRequest,
  budget: number,
  maxTokens: number,
  encoding: Encoding,
): number {
  if (request.maxOutputTokens !== null) return maxTokens;
  const most = encoding.target.capabilities.maxOutputTokens;
  return most === null
    ? maxTokens + budget
    : Math.min(maxTokens + budget, most);
}

// Some models take both a budget and an effort.
function gradedEffort(
  reasoning: ReasoningRequest,
  encoding: Encoding,
): string | null {
  const { effort } = reasoning;
  const { efforts } = encoding.target.capabilities;
  return effort !== null && efforts !== null && efforts.includes(effort) &&
      encoding.target.capabilities.thinking === "budget"
    ? effort
    : null;
}
