/** Takes secrets out of texts that came from outside. @module */

// Shapes of keys that vendors hand out; a provider may quote one in an error.
const KEY_SHAPE_REGEXP =
  /\b(?:sk|pk|rk|xai|gsk|sbx|hf|AIza|ghp|glpat)[-_A-Za-z0-9]{0,8}[-_][A-Za-z0-9*_-]{8,}/g;
const MASK = "***";

/** Masks every one of `secrets`, and whatever has the shape of a key. */
export function scrubSecrets(
  text: string,
  secrets: readonly string[],
): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= 4) clean = clean.replaceAll(secret, MASK);
  }
  return clean.replace(KEY_SHAPE_REGEXP, MASK);
}
