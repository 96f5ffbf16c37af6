/** The provider that lives inside the program. @module */

import { z } from "zod";
import { between, choice, section, whole } from "./fields.ts";

/** `providers.*.simulator`. */
export const simulatorSchema = z.strictObject({
  seed: whole(1, "Seed of everything random: same seed, same answers."),
  outputTokens: section({
    mean: between(80, [0, 1e6], "Mean number of tokens."),
  }, "Length of the text."),
  reasoningTokens: section({
    mean: between(0, [0, 1e6], "Mean number of tokens; 0: no reasoning."),
  }, "Length of the reasoning before the text."),
  toolCalls: choice(
    ["auto", "never", "always"],
    "auto",
    "Whether tools are called when a request offers them; auto: when the request forces it or its last turn asks for it.",
  ),
  firstTokenMs: section({
    mean: between(120, [0, 3.6e6], "Mean delay."),
  }, "Delay before the first token."),
  tokenMs: section({
    mean: between(8, [0, 3.6e6], "Mean delay."),
  }, "Delay between tokens."),
  jitter: between(0.2, [0, 1], "Relative spread of delays and lengths."),
  errorRate: between(0, [0, 1], "Share of requests answered by an error."),
  stallRate: between(0, [0, 1], "Share of answers that stop without an end."),
  cutRate: between(0, [0, 1], "Share of answers whose connection breaks."),
}).describe(
  "Answers without network: seeded text, tool calls, delays, faults.",
);
