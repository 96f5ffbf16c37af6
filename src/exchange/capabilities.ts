/** What a model can do, as far as routing and translation must know it. @module */

/** How a model takes thinking. */
export type ThinkingMode = "none" | "budget" | "adaptive" | "effort";

/** One model's abilities. `null` means unknown: then nothing is refused for it. */
export interface ModelCapabilities {
  /** Context window in tokens. */
  readonly contextTokens: number | null;
  /** Most output tokens. */
  readonly maxOutputTokens: number | null;
  /** Takes images. */
  readonly images: boolean | null;
  /** Takes tools. */
  readonly tools: boolean | null;
  /** Takes a required or named tool choice. */
  readonly forcedToolChoice: boolean | null;
  /** Takes temperature, top_p, top_k. */
  readonly sampling: boolean | null;
  /** Can stream. */
  readonly streaming: boolean | null;
  /** How it thinks. */
  readonly thinking: ThinkingMode | null;
  /** Effort levels it takes, least first; `none` among them where thinking can be switched off. */
  readonly efforts: readonly string[] | null;
  /** Takes the system role inside the messages (messages protocol). */
  readonly systemTurns: boolean | null;
}

/** A model nothing is known of. */
export const UNKNOWN_CAPABILITIES: ModelCapabilities = {
  contextTokens: null,
  maxOutputTokens: null,
  images: null,
  tools: null,
  forcedToolChoice: null,
  sampling: null,
  streaming: null,
  thinking: null,
  efforts: null,
  systemTurns: null,
};
