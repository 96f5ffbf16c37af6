/** Puts `reasoning_effort` into the words of a provider. @module */

import { isJsonObject, type JsonObject } from "../support/json.ts";
import { removePath, setPath } from "./json_path.ts";
import type { ThinkingRule } from "./patch_rules.ts";

/** Tokens of thinking by effort; `high` and above as much as the model will. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ["minimal", 512],
  ["low", 1024],
  ["medium", 8192],
  ["high", 24_576],
  ["xhigh", 32_768],
]);

/** Hears what was weakened, by field. */
export type Lose = (field: string, reason: string) => void;

const FIELD = "reasoning_effort";

/** Translates the effort. What the client says in the provider's own words stays as it is and wins. */
export function patchThinking(
  body: JsonObject,
  rule: ThinkingRule,
  lose: Lose,
): JsonObject {
  const effort = body.reasoning_effort;
  if (effort === undefined) return body;
  if (typeof effort !== "string") return removePath(body, FIELD);
  switch (rule.kind) {
    case "type":
      return typed(body, effort, rule.minimalIsOff, lose);
    case "budget":
      return budgeted(body, effort);
    case "template":
      return templated(body, effort, rule.efforts, lose);
    case "effort":
      return worded(body, effort, rule.efforts, lose);
  }
}

function typed(
  body: JsonObject,
  effort: string,
  minimalIsOff: boolean,
  lose: Lose,
): JsonObject {
  const rest = removePath(body, FIELD);
  if (rest.thinking !== undefined) return rest;
  const off = effort === "none" || (minimalIsOff && effort === "minimal");
  if (effort !== "none" && effort !== "medium") {
    lose(
      FIELD,
      `the provider has no levels of thinking, it is switched ${
        off ? "off" : "on"
      }`,
    );
  }
  return { ...rest, thinking: { type: off ? "disabled" : "enabled" } };
}

function budgeted(body: JsonObject, effort: string): JsonObject {
  const rest = removePath(body, FIELD);
  if (rest.enable_thinking !== undefined) return rest;
  if (effort === "none") return { ...rest, enable_thinking: false };
  const budget = BUDGETS.get(effort);
  const asked = { ...rest, enable_thinking: true };
  return budget === undefined || rest.thinking_budget !== undefined
    ? asked
    : { ...asked, thinking_budget: budget };
}

function templated(
  body: JsonObject,
  effort: string,
  efforts: ReadonlyMap<string, string>,
  lose: Lose,
): JsonObject {
  const worded = reworded(body, effort, efforts, lose);
  const known = body.chat_template_kwargs;
  const said = isJsonObject(known) &&
    Object.hasOwn(known, "enable_thinking");
  return said || (known !== undefined && !isJsonObject(known))
    ? worded
    : setPath(
      worded,
      "chat_template_kwargs.enable_thinking",
      effort !== "none",
    );
}

/** `none` is said by the template alone. */
function reworded(
  body: JsonObject,
  effort: string,
  efforts: ReadonlyMap<string, string>,
  lose: Lose,
): JsonObject {
  return effort === "none"
    ? removePath(body, FIELD)
    : worded(body, effort, efforts, lose);
}

function worded(
  body: JsonObject,
  effort: string,
  efforts: ReadonlyMap<string, string>,
  lose: Lose,
): JsonObject {
  const word = efforts.get(effort);
  if (word === effort) return body;
  if (word === undefined) {
    lose(FIELD, "the model has no such level of thinking");
    return removePath(body, FIELD);
  }
  lose(FIELD, `the nearest that the model has is ${word}`);
  return { ...body, reasoning_effort: word };
}
