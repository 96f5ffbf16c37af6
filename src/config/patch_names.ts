/** The names of the built-in edits for providers that deviate from their protocol. @module */

/** A built-in set of edits, switched on by `providers.*.patches`. */
export type PatchName = typeof PATCH_NAMES[number];

/** All of them. `upstream/patches.ts` says what each one does. */
export const PATCH_NAMES = [
  "glm",
  "qwen",
  "deepseek",
  "openrouter",
  "groq",
  "ollama",
  "vllm",
  "gemini-openai",
  "kimi",
  "mistral",
  "xai",
  "azure",
  "minimax",
] as const;
