/** The provider that lives inside the program. @module */

import { z } from "zod";
import {
  between,
  choice,
  type NumberField,
  type Section,
  section,
  whole,
} from "./fields.ts";

type Bound = z.ZodOptional<z.ZodNumber>;

/** A quantity that varies around its mean. */
type DistributionSection = Section<{
  mean: NumberField;
  stddev: Bound;
  min: Bound;
  max: Bound;
}>;

function distribution(
  mean: number,
  most: number,
  doc: string,
  meanDoc: string,
): DistributionSection {
  const bound = (words: string): Bound =>
    z.number().min(0).max(most).optional().describe(words);
  return section({
    mean: between(mean, [0, most], meanDoc),
    stddev: bound("Standard deviation of a normal spread. Absent: 0."),
    min: bound("Least value. Absent: 0."),
    max: bound("Greatest value. Absent: no bound."),
  }, doc);
}

/** `providers.*.simulator`. */
export const simulatorSchema = z.strictObject({
  seed: whole(
    1,
    "Seed of everything random: the same seed and request give the same answer.",
  ),
  outputTokens: distribution(
    80,
    1e6,
    "Length of the text.",
    "Mean number of tokens.",
  ),
  reasoningTokens: distribution(
    0,
    1e6,
    "Length of the reasoning before the text, where a request asks for some.",
    "Mean number of tokens; 0: as many as the effort asked for suggests.",
  ),
  toolCalls: choice(
    ["auto", "never", "always"],
    "auto",
    "Whether offered tools are called. auto: when the request forces it or the last user message names one; always: wherever it may; never: only when forced.",
  ),
  firstTokenMs: distribution(
    120,
    3.6e6,
    "Delay before the first token.",
    "Mean delay.",
  ),
  tokenMs: distribution(8, 3.6e6, "Delay between tokens.", "Mean delay."),
  jitter: between(
    0.2,
    [0, 1],
    "Share by which each delay varies, evenly, to both sides.",
  ),
  errorRate: between(0, [0, 1], "Share of requests answered by an error."),
  stallRate: between(0, [0, 1], "Share of answers that stop without an end."),
  cutRate: between(0, [0, 1], "Share of answers whose connection breaks."),
}).describe(
  "Answers without network: seeded text, tool calls, delays, faults.",
);
