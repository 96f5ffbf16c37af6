/**
 * The named patches: how providers that speak Chat Completions deviate from it,
 * as data. They edit the native JSON of requests on both paths, and only where
 * the provider is spoken to in Chat Completions: the messages and responses
 * endpoints of the same vendors are spoken to as they are.
 *
 * No patch has an answer part. Odd answers are read by tolerant decoders; on
 * the native path they reach the client untouched. Call ids need no way back:
 * what a patch replaces stands in the history alone, replaced the same way in
 * every request, and the ids in answers are the provider's own.
 *
 * What a patch leaves out is a loss (`x-signalbox-losses`, log, counter, and a
 * 400 under `onLoss: "reject"`), unless its value asks for nothing. What would
 * change the meaning of the answer is a 400 always.
 *
 * | patch | limit field | tool choice | thinking | history | left out, refused, set |
 * |---|---|---|---|---|---|
 * | glm | max_tokens | auto; none drops the tools | thinking.type | | seed, penalties, logit_bias, store, metadata; schema becomes JSON mode; user becomes user_id |
 * | qwen | max_tokens | auto, none, named | enable_thinking, thinking_budget | | logit_bias, store, metadata; small qwen3 models think in streams only; takes cache_control, top_k |
 * | deepseek | max_tokens | all | thinking.type | reasoning_content in tool loops | schema becomes JSON mode; seed, logit_bias, store, metadata |
 * | openrouter | as is | all | as is | reasoning_details | usage.include is set; takes cache_control, top_k |
 * | groq | max_completion_tokens | all | qwen: none, default | reasoning alone | logit_bias, names; n and logprobs refused; reasoning_format parsed |
 * | ollama | max_tokens | auto; none drops the tools | as is | | strict, logit_bias, user, metadata, store; n and logprobs and image URLs refused; takes top_k |
 * | vllm | max_tokens | all | chat_template_kwargs.enable_thinking | | store, metadata; takes top_k |
 * | gemini-openai | max_tokens | all | efforts up to high | thought signatures | seed, penalties, logit_bias, store, metadata, strict |
 * | kimi | max_tokens | auto, none, named | thinking.type | reasoning_content in tool loops | temperature at most 1; store, metadata |
 * | mistral | max_tokens | any for required | none, high | 9-character call ids, no reasoning fields, no names | seed becomes random_seed; logit_bias, user, store, metadata; stream_options; logprobs refused |
 * | xai | as is | all | grok-3-mini: low, high; grok-4: none | | reasoning models: penalties; stop refused |
 * | azure | as is | all | as is | | keys go as api-key |
 * | minimax | max_tokens | all | | reasoning_details | reasoning_split is set; temperature at most 1; penalties, logit_bias; n refused |
 *
 * @module
 */

import type { PatchName } from "../config/patch_names.ts";
import type { Patch, ToolChoiceRules } from "./patch_rules.ts";

/** What only OpenAI keeps, schedules or caches by. */
const OPENAI_ONLY: readonly string[] = [
  "store",
  "metadata",
  "service_tier",
  "prompt_cache_key",
  "safety_identifier",
  "verbosity",
];

const PENALTIES: readonly string[] = ["frequency_penalty", "presence_penalty"];

const ONE_CHOICE = ["n", "send n requests"] as const;
const NO_LOGPROBS: readonly (readonly [string, string])[] = [
  ["logprobs", "leave it out or choose another provider"],
  ["top_logprobs", "leave it out or choose another provider"],
];

const AUTO_ONLY: ToolChoiceRules = {
  required: null,
  named: false,
  none: false,
  field: true,
};
const NO_REQUIRED: ToolChoiceRules = {
  required: null,
  named: true,
  none: true,
  field: true,
};

const LEVELS: readonly string[] = [
  "none",
  "minimal",
  "low",
  "medium",
  "high",
  "xhigh",
  "max",
];

/** A map of efforts from one word for each of {@linkcode LEVELS}; "" leaves it out. */
function efforts(...words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    LEVELS.map((level, index) => [level, words[index] ?? ""] as const)
      .filter(([, word]) => word !== ""),
  );
}

/** The table. */
export const PATCHES: { readonly [N in PatchName]: Patch } = {
  glm: {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      renames: [["user", "user_id"]],
      drops: ["seed", ...PENALTIES, "logit_bias", ...OPENAI_ONLY],
      refuses: new Map([ONE_CHOICE, ...NO_LOGPROBS]),
      removes: ["parallel_tool_calls"],
      toolChoice: AUTO_ONLY,
      strictTools: false,
      jsonSchema: false,
      thinking: { kind: "type", minimalIsOff: true },
    },
  },
  qwen: {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      drops: ["logit_bias", "user", ...OPENAI_ONLY],
      toolChoice: NO_REQUIRED,
      strictTools: false,
      thinking: { kind: "budget" },
      cacheControl: true,
      topK: true,
    },
    models: [{
      // Whole answers with thinking are refused by the open-weight models.
      models: /^qwen3-\d+(\.\d+)?b(-|$)/,
      when: "whole",
      rules: { defaults: new Map([["enable_thinking", false]]) },
    }],
  },
  deepseek: {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      drops: ["seed", "logit_bias", "user", ...OPENAI_ONLY],
      refuses: new Map([ONE_CHOICE]),
      strictTools: false,
      jsonSchema: false,
      thinking: { kind: "type", minimalIsOff: false },
      // Once a tool was called, every message of the model must bring it.
      echo: { kind: "required", on: "all", filler: "" },
    },
  },
  openrouter: {
    chat: {
      developerRole: false,
      defaults: new Map([["usage.include", true]]),
      cacheControl: true,
      topK: true,
    },
  },
  groq: {
    chat: {
      limitField: "max_completion_tokens",
      developerRole: false,
      drops: [
        "logit_bias",
        "store",
        "metadata",
        "prompt_cache_key",
        "verbosity",
      ],
      refuses: new Map([ONE_CHOICE, ...NO_LOGPROBS]),
      messageNames: false,
      echo: { kind: "only", fields: ["reasoning"] },
    },
    models: [{
      models: /qwen|deepseek-r1/,
      rules: {
        thinking: {
          kind: "effort",
          efforts: efforts(
            "none",
            "default",
            "default",
            "default",
            "default",
            "default",
            "default",
          ),
        },
        // Else thinking stands in the text, and tools are refused.
        defaults: new Map([["reasoning_format", "parsed"]]),
      },
    }],
  },
  ollama: {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      drops: ["logit_bias", "user", ...OPENAI_ONLY],
      refuses: new Map([ONE_CHOICE, ...NO_LOGPROBS]),
      removes: ["parallel_tool_calls"],
      toolChoice: { ...AUTO_ONLY, field: false },
      strictTools: false,
      imageUrls: false,
      topK: true,
    },
  },
  vllm: {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      drops: [...OPENAI_ONLY],
      thinking: {
        kind: "template",
        efforts: efforts("", "low", "low", "medium", "high", "high", "high"),
      },
      topK: true,
    },
  },
  "gemini-openai": {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      drops: ["seed", ...PENALTIES, "logit_bias", "user", ...OPENAI_ONLY],
      removes: ["parallel_tool_calls"],
      strictTools: false,
      thinking: {
        kind: "effort",
        efforts: efforts(
          "none",
          "minimal",
          "low",
          "medium",
          "high",
          "high",
          "high",
        ),
      },
      echo: { kind: "never" },
    },
    models: [{
      // Before Gemini 3 nobody asked for signatures.
      models: /gemini-([3-9]|\d\d|pro|flash)/,
      rules: { thoughtSignatures: true },
    }],
  },
  kimi: {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      drops: ["logit_bias", "user", ...OPENAI_ONLY],
      ceilings: new Map([["temperature", 1]]),
      toolChoice: NO_REQUIRED,
      strictTools: false,
      thinking: { kind: "type", minimalIsOff: true },
      // An empty text counts as missing.
      echo: { kind: "required", on: "calls", filler: " " },
    },
    models: [{
      models: /^moonshot-/,
      rules: {
        thinking: { kind: "effort", efforts: new Map() },
        echo: { kind: "never" },
      },
    }],
  },
  mistral: {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      renames: [["seed", "random_seed"]],
      drops: ["logit_bias", "user", ...OPENAI_ONLY],
      // Usage comes at the end of every stream; the field itself is refused.
      removes: ["stream_options"],
      refuses: new Map(NO_LOGPROBS),
      toolChoice: { required: "any", named: true, none: true, field: true },
      thinking: {
        kind: "effort",
        efforts: efforts(
          "none",
          "high",
          "high",
          "high",
          "high",
          "high",
          "high",
        ),
      },
      echo: { kind: "never" },
      callIds: /^[A-Za-z0-9]{9}$/,
      messageNames: false,
    },
  },
  xai: {
    chat: {
      developerRole: false,
      drops: ["logit_bias", "store", "metadata", "verbosity"],
    },
    models: [
      {
        models: /^grok-(3-mini|4|code)/,
        rules: {
          drops: ["logit_bias", "store", "metadata", "verbosity", ...PENALTIES],
          refuses: new Map([
            ["stop", "leave it out or choose another model"],
          ]),
          thinking: { kind: "effort", efforts: new Map() },
        },
      },
      {
        models: /^grok-3-mini/,
        rules: {
          thinking: {
            kind: "effort",
            efforts: efforts("", "low", "low", "low", "high", "high", "high"),
          },
        },
      },
    ],
  },
  azure: { chat: {}, auth: "api-key" },
  minimax: {
    chat: {
      limitField: "max_tokens",
      developerRole: false,
      drops: [...PENALTIES, "logit_bias", "seed", "user", ...OPENAI_ONLY],
      refuses: new Map([ONE_CHOICE, ...NO_LOGPROBS]),
      ceilings: new Map([["temperature", 1]]),
      strictTools: false,
      // Else thinking stands in the text, in tags.
      defaults: new Map([["reasoning_split", true]]),
      thinking: { kind: "effort", efforts: new Map() },
    },
  },
};
