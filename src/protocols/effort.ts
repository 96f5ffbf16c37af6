/**
 * Reasoning effort words to thinking budgets and back. Clamping to what one
 * model takes is the encoder's work.
 *
 * @module
 */

const BUDGETS: ReadonlyMap<string, number> = new Map([
  ["none", 0],
  ["minimal", 512],
  ["low", 1024],
  ["medium", 8192],
  ["high", 24_576],
  ["xhigh", 32_768],
  ["max", 128_000],
]);

/** The effort words that are known, least first. */
export const EFFORTS: readonly string[] = [...BUDGETS.keys()];

/** Gives the thinking budget in tokens for an effort word, `null` for a word that is not known. */
export function budgetOfEffort(effort: string): number | null {
  return BUDGETS.get(effort) ?? null;
}

/** Gives the effort word for a thinking budget in tokens; `none` for a budget of nothing. */
export function effortOfBudget(tokens: number): string {
  if (tokens <= 0) return "none";
  // Never `minimal` or `max`: many models that take an effort know neither.
  if (tokens <= 1024) return "low";
  if (tokens <= 8192) return "medium";
  if (tokens <= 24_576) return "high";
  return "xhigh";
}
