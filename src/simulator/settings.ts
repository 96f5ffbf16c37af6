/**
 * The settings of a simulated provider, as the `simulator` section of the
 * config names them, and their defaults.
 *
 * @module
 */

import type { SeededRandom } from "./seeded_random.ts";

/** A quantity that varies: normal around `mean`, clamped. */
export interface Distribution {
  /** The middle. */
  readonly mean: number;
  /** Standard deviation. @default {0} */
  readonly stddev?: number | undefined;
  /** Least value. @default {0} */
  readonly min?: number | undefined;
  /** Greatest value; unlimited where absent. */
  readonly max?: number | undefined;
}

/** What a simulated provider is told. */
export interface SimulatorSettings {
  /** Together with the request body it decides every answer. */
  readonly seed: number;
  /** Length of a free text answer. */
  readonly outputTokens: Distribution;
  /** Length of the reasoning when a request asks for some; a mean of 0 leaves it to the effort asked for. */
  readonly reasoningTokens: Distribution;
  /** `auto` calls the tools that the last user message names, `always` calls where it may, `never` only where it must. */
  readonly toolCalls: "auto" | "never" | "always";
  /** Time to the first token. */
  readonly firstTokenMs: Distribution;
  /** Time between two tokens. */
  readonly tokenMs: Distribution;
  /** Share by which each delay varies, evenly, to both sides. */
  readonly jitter: number;
  /** Share of requests answered with an HTTP error. */
  readonly errorRate: number;
  /** Share of answers that stop coming and never end. */
  readonly stallRate: number;
  /** Share of answers whose connection breaks. */
  readonly cutRate: number;
}

/** What holds where the config says nothing. */
export const DEFAULT_SIMULATOR_SETTINGS: SimulatorSettings = {
  seed: 1,
  outputTokens: { mean: 80 },
  reasoningTokens: { mean: 0 },
  toolCalls: "auto",
  firstTokenMs: { mean: 120 },
  tokenMs: { mean: 8 },
  jitter: 0.2,
  errorRate: 0,
  stallRate: 0,
  cutRate: 0,
};

/** Draws one value, never below 0. */
export function sampleDistribution(
  distribution: Distribution,
  random: SeededRandom,
): number {
  const { mean, stddev = 0, min = 0, max = Infinity } = distribution;
  const value = stddev > 0 ? mean + stddev * random.normal() : mean;
  return Math.max(0, Math.min(max, Math.max(min, value)));
}
