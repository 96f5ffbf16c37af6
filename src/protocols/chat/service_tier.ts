/** Service tiers in the words of Chat Completions. @module */

const TIERS: ReadonlySet<string> = new Set([
  "auto",
  "default",
  "flex",
  "scale",
  "priority",
  "fast",
]);

/** Names the tier that was served; what the protocol has no word for (messages' `standard`) is the usual one. */
export function servedTier(tier: string | null): string | null {
  return tier === null || TIERS.has(tier) ? tier : "default";
}
