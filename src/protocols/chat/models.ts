/**
 * What a model name says of the dialect it takes. Only OpenAI's own names are
 * known here; what other providers rename or refuse is their entry's patches.
 *
 * @module
 */

// gpt-4o, gpt-5-mini, chatgpt-4o-latest, o3, o4-mini, codex-mini-latest;
// not gpt-oss-120b, which others serve.
const OPENAI = /^(?:gpt-\d|chatgpt-|o\d|codex-)/;

// These answer 400 to max_tokens: o1 and later, gpt-5 and later.
const REASONING = /^(?:o\d|gpt-(?:[5-9]|\d\d)|codex-)/;

/** The name without a vendor in front, as OpenRouter and our own targets write it. */
function bareName(model: string): string {
  return model.slice(model.lastIndexOf("/") + 1).toLowerCase();
}

/** Tells whether the model is OpenAI's own, which alone takes its newest fields and the developer role. */
export function isOpenAiModel(model: string): boolean {
  return OPENAI.test(bareName(model));
}

/** Names the field with the output limit. */
export function limitField(
  model: string,
): "max_completion_tokens" | "max_tokens" {
  return REASONING.test(bareName(model))
    ? "max_completion_tokens"
    : "max_tokens";
}

/** Names the effort that comes closest to no thinking, `null` where the model has no such word. */
export function leastEffort(model: string): string | null {
  const name = bareName(model);
  if (/^gpt-5(?:-|$)/.test(name)) return "minimal";
  if (/^gpt-(?:5\.|[6-9]|\d\d)/.test(name)) return "none";
  return null;
}
