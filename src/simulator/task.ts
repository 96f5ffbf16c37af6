/**
 * What a request asks of the simulator, whatever protocol it came in. Readers
 * (`<protocol>_task.ts`) make it of a checked body, `plan.ts` answers it.
 *
 * @module
 */

import type { JsonValue } from "../support/json.ts";

/** A tool that may be called. Tools that a provider runs itself are not among them. */
export interface TaskTool {
  /** Its name. */
  readonly name: string;
  /** `custom` tools take free text instead of JSON. */
  readonly kind: "function" | "custom";
  /** JSON Schema of the arguments; `undefined` where none was given. */
  readonly parameters: JsonValue | undefined;
}

/** Which tool must, may or may not be called. */
export type TaskChoice =
  | { readonly kind: "auto" | "none" | "required" }
  | { readonly kind: "tool"; readonly name: string };

/** A tool's result that stands at the end of the conversation. */
export interface ToolOutcome {
  /** The tool that gave it, or the id of the call where the name is not known. */
  readonly name: string;
  /** Its text. */
  readonly text: string;
  /** Whether it is marked as an error. */
  readonly isError: boolean;
}

/** The reasoning that a request switches on. */
export interface TaskReasoning {
  /** `minimal` to `max`, or `null`. */
  readonly effort: string | null;
  /** Most reasoning tokens, or `null`. */
  readonly budgetTokens: number | null;
}

/** The shape that the answer must have. */
export type TaskFormat =
  | { readonly kind: "object" }
  | { readonly kind: "schema"; readonly schema: JsonValue | undefined };

/** How the prompt is cached, as far as the request says. */
export interface TaskCache {
  /** The longer of the two lifetimes. */
  readonly hour: boolean;
}

/** One request. */
export interface Task {
  /** The model named. */
  readonly model: string;
  /** Whether an event stream is asked for. */
  readonly stream: boolean;
  /** Estimated tokens of the prompt. */
  readonly inputTokens: number;
  /** Text of the last user message. */
  readonly lastUserText: string;
  /** Tools that may be called. */
  readonly tools: readonly TaskTool[];
  /** Which of them must be. */
  readonly choice: TaskChoice;
  /** Whether one turn may hold several calls. */
  readonly parallel: boolean;
  /** Results that the conversation ends with; empty if it ends otherwise. */
  readonly results: readonly ToolOutcome[];
  /** Most output tokens, `null` for no limit. */
  readonly maxTokens: number | null;
  /** Stop sequences. */
  readonly stop: readonly string[];
  /** Shape of the answer, `null` for free text. */
  readonly format: TaskFormat | null;
  /** Reasoning, `null` where it is not asked for. */
  readonly reasoning: TaskReasoning | null;
  /** Prompt caching, `null` where it is not asked for. */
  readonly cache: TaskCache | null;
}
