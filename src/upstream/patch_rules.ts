/** The vocabulary in which a patch says how a provider deviates from Chat Completions. @module */

import type { JsonValue } from "../support/json.ts";

/** Which tool choices a provider takes beside `auto`. */
export interface ToolChoiceRules {
  /** Its word for "call some tool"; `null`: it has none, which is a 400. */
  readonly required: string | null;
  /** Whether one tool can be named; if not, naming one is a 400. */
  readonly named: boolean;
  /** Whether it knows `none`; if not, the tools are left out instead. */
  readonly none: boolean;
  /** Whether it takes the field at all; if not, `auto` is left out. */
  readonly field: boolean;
}

/** How thinking is asked for where it is not `reasoning_effort`. */
export type ThinkingRule =
  /** `thinking: {type: enabled | disabled}`. */
  | { readonly kind: "type"; readonly minimalIsOff: boolean }
  /** `enable_thinking` and `thinking_budget`. */
  | { readonly kind: "budget" }
  /** `chat_template_kwargs.enable_thinking` beside the effort. */
  | {
    readonly kind: "template";
    readonly efforts: ReadonlyMap<string, string>;
  }
  /** Its own words for efforts; those that are missing are left out as a loss. */
  | {
    readonly kind: "effort";
    readonly efforts: ReadonlyMap<string, string>;
  };

/** What becomes of the thinking that a client gives back on assistant messages. */
export type EchoRule =
  /** Any of the three fields is refused: they are left out. */
  | { readonly kind: "never" }
  /** Only these fields are taken. */
  | { readonly kind: "only"; readonly fields: readonly string[] }
  /**
   * In a conversation with tool calls `reasoning_content` must be there: a
   * message whose thinking the client did not keep gets `filler`.
   */
  | {
    readonly kind: "required";
    readonly on: "calls" | "all";
    readonly filler: string;
  };

/** How one provider deviates. What is absent is as the protocol says. */
export interface ChatRules {
  /** The only name of the output limit it knows. */
  readonly limitField?: "max_tokens" | "max_completion_tokens";
  /** `false`: `developer` messages go as `system`. */
  readonly developerRole?: false;
  /** Other names for the same thing, `[ours, theirs]`. */
  readonly renames?: readonly (readonly [string, string])[];
  /** Left out as a loss, unless the value asks for nothing. */
  readonly drops?: readonly string[];
  /** Left out without a word: it changes nothing of the answer. */
  readonly removes?: readonly string[];
  /** A 400, unless the value asks for nothing; with what the client can do instead. */
  readonly refuses?: ReadonlyMap<string, string>;
  /** Numbers that may not be larger. */
  readonly ceilings?: ReadonlyMap<string, number>;
  /** Which tool choices it takes. */
  readonly toolChoice?: ToolChoiceRules;
  /** `false`: `strict` of a tool is left out. */
  readonly strictTools?: false;
  /** `false`: JSON mode instead of a schema, as a loss. */
  readonly jsonSchema?: false;
  /** How thinking is asked for. */
  readonly thinking?: ThinkingRule;
  /** What becomes of thinking given back. */
  readonly echo?: EchoRule;
  /** Call ids must match; others are replaced, call and result alike. */
  readonly callIds?: RegExp;
  /** `false`: images by URL are a 400. */
  readonly imageUrls?: false;
  /** `false`: `name` of a message is left out as a loss. */
  readonly messageNames?: false;
  /** Tool calls of the history must carry Google's signature: those without get the accepted dummy. */
  readonly thoughtSignatures?: true;
  /** Fields set where the client did not. */
  readonly defaults?: ReadonlyMap<string, JsonValue>;
  /** Takes `cache_control` on parts. */
  readonly cacheControl?: true;
  /** Takes `top_k`. */
  readonly topK?: true;
}

/** Rules for some models of a provider. */
export interface ModelRules {
  /** Matches the model name. */
  readonly models: RegExp;
  /** Whether they are for streams, for whole answers, or for both. @default {"both"} */
  readonly when?: "stream" | "whole";
  /** They replace the provider's rules of the same name. */
  readonly rules: ChatRules;
}

/** One named patch. */
export interface Patch {
  /** For all models, when the provider is spoken to in Chat Completions. */
  readonly chat: ChatRules;
  /** For some of them, in order; later ones win. */
  readonly models?: readonly ModelRules[];
  /** How keys are sent where the config leaves it open. */
  readonly auth?: "api-key";
}
