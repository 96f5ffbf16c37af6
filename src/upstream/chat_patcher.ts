/** Applies the rules of a patch to one Chat Completions body. @module */

import { invalidField, type RequestError } from "../exchange/gateway_error.ts";
import type {
  AdaptationLoss,
  AdaptedBody,
  AdaptedCall,
} from "../providers/request_adapter.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import { rename } from "./edits.ts";
import { isBlocked, readPath, removePath, setPath } from "./json_path.ts";
import { patchMessages } from "./patch_messages.ts";
import type { ChatRules, ToolChoiceRules } from "./patch_rules.ts";
import { patchThinking } from "./patch_thinking.ts";

const LIMIT_FIELDS: readonly string[] = ["max_tokens", "max_completion_tokens"];

/** What a field says when it asks for nothing beyond what happens anyway. */
const NEUTRAL: ReadonlyMap<string, readonly JsonValue[]> = new Map<
  string,
  readonly JsonValue[]
>([
  ["n", [1]],
  ["temperature", [1]],
  ["top_p", [1]],
  ["frequency_penalty", [0]],
  ["presence_penalty", [0]],
  ["top_logprobs", [0]],
  ["parallel_tool_calls", [true]],
  ["service_tier", ["auto", "default"]],
  ["verbosity", ["medium"]],
]);

/** Whether leaving a field out changes nothing. */
export function asksNothing(field: string, value: JsonValue): boolean {
  if (value === null || value === false || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  if (isJsonObject(value)) return Object.keys(value).length === 0;
  return NEUTRAL.get(field)?.includes(value) ?? false;
}

/** One body on its way to one provider. */
export class ChatPatcher {
  readonly #provider: string;
  readonly #call: AdaptedCall;
  readonly #rules: ChatRules;
  readonly #losses: AdaptationLoss[] = [];
  #body: JsonObject;

  /** Takes the body as the protocol has it. */
  constructor(
    body: JsonObject,
    rules: ChatRules,
    call: AdaptedCall,
    provider: string,
  ) {
    this.#body = body;
    this.#rules = rules;
    this.#call = call;
    this.#provider = provider;
  }

  /**
   * Gives the body as the provider takes it.
   * @throws {RequestError} for what it refuses and may not be dropped
   */
  patch(): AdaptedBody {
    const rules = this.#rules;
    this.#refuse();
    this.#limit();
    for (const [from, to] of rules.renames ?? []) {
      this.#body = rename(this.#body, from, to);
    }
    this.#toolChoice(rules.toolChoice);
    if (rules.strictTools === false) this.#strictTools();
    if (rules.jsonSchema === false) this.#format();
    if (rules.thinking !== undefined) {
      this.#body = patchThinking(this.#body, rules.thinking, this.#lose);
    }
    this.#body = patchMessages(this.#body, rules, {
      lose: this.#lose,
      refuse: (field, what, instead) => this.#refusal(field, what, instead),
    });
    this.#ceilings();
    this.#leaveOut();
    for (const [field, value] of rules.defaults ?? []) {
      const unsaid = readPath(this.#body, field) === undefined &&
        !isBlocked(this.#body, field);
      if (unsaid) this.#body = setPath(this.#body, field, value);
    }
    return { body: this.#body, losses: this.#losses };
  }

  readonly #lose = (field: string, reason: string): void => {
    this.#losses.push({ field, reason });
  };

  #refusal(field: string, what: string, instead: string): RequestError {
    return invalidField(
      field,
      `Cannot send ${what} to ${this.#provider}/${this.#call.model}: the provider does not take it; ${instead}`,
      "unsupported_parameter",
    );
  }

  #refuse(): void {
    for (const [field, instead] of this.#rules.refuses ?? []) {
      const value = readPath(this.#body, field);
      if (value === undefined) continue;
      if (!asksNothing(field, value)) {
        throw this.#refusal(field, field, instead);
      }
      this.#body = removePath(this.#body, field);
    }
  }

  #limit(): void {
    const { limitField } = this.#rules;
    if (limitField === undefined) return;
    for (const field of LIMIT_FIELDS) {
      if (field !== limitField) {
        this.#body = rename(this.#body, field, limitField);
      }
    }
  }

  #toolChoice(rules: ToolChoiceRules | undefined): void {
    const choice = this.#body.tool_choice;
    if (rules === undefined || choice === undefined || choice === null) return;
    if (isJsonObject(choice)) {
      if (rules.named) return;
      throw this.#refusal(
        "tool_choice",
        "a tool_choice that names a tool",
        'use "auto" or choose another provider',
      );
    }
    if (choice === "required" && rules.required === null) {
      throw this.#refusal(
        "tool_choice",
        'tool_choice "required"',
        'use "auto" or choose another provider',
      );
    }
    if (choice === "required" && rules.required !== "required") {
      this.#body = { ...this.#body, tool_choice: rules.required };
    } else if (choice === "none" && !rules.none) {
      // Without tools nothing can be called: the same, said otherwise.
      this.#body = removePath(removePath(this.#body, "tools"), "tool_choice");
    } else if (choice === "auto" && !rules.field) {
      this.#body = removePath(this.#body, "tool_choice");
    }
  }

  #strictTools(): void {
    const { tools } = this.#body;
    if (!Array.isArray(tools)) return;
    let changed = false;
    const plain = tools.map((tool, index) => {
      if (!isJsonObject(tool) || !isJsonObject(tool.function)) return tool;
      if (!Object.hasOwn(tool.function, "strict")) return tool;
      changed = true;
      const { strict, ...rest } = tool.function;
      if (strict === true) {
        this.#lose(
          `tools[${index}].function.strict`,
          "the provider does not hold calls to the schema",
        );
      }
      return { ...tool, function: rest };
    });
    if (changed) this.#body = { ...this.#body, tools: plain };
  }

  #format(): void {
    const format = this.#body.response_format;
    if (!isJsonObject(format) || format.type !== "json_schema") return;
    this.#lose(
      "response_format",
      "the provider has JSON mode only and does not hold the answer to the schema",
    );
    this.#body = {
      ...this.#body,
      response_format: { type: "json_object" },
    };
  }

  #ceilings(): void {
    for (const [field, most] of this.#rules.ceilings ?? []) {
      const value = readPath(this.#body, field);
      if (typeof value !== "number" || value <= most) continue;
      this.#lose(
        field,
        `${value} is more than the provider takes, ${most} is sent`,
      );
      this.#body = setPath(this.#body, field, most);
    }
  }

  #leaveOut(): void {
    for (const field of this.#rules.drops ?? []) {
      const value = readPath(this.#body, field);
      if (value === undefined) continue;
      if (!asksNothing(field, value)) {
        this.#lose(field, "the provider does not take it");
      }
      this.#body = removePath(this.#body, field);
    }
    for (const field of this.#rules.removes ?? []) {
      this.#body = removePath(this.#body, field);
    }
  }
}
