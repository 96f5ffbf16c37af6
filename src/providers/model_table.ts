/**
 * What is known of the current model families, as facts of their makers' pages
 * (November 2026). The config's `modelSettings` stand above it; a model that is
 * not in it has {@linkcode UNKNOWN_CAPABILITIES}, and nothing is refused for it.
 *
 * @module
 */

import {
  type ModelCapabilities,
  UNKNOWN_CAPABILITIES,
} from "../exchange/capabilities.ts";

type Row = readonly [pattern: RegExp, capabilities: ModelCapabilities];
type Traits = Partial<
  Omit<ModelCapabilities, "contextTokens" | "maxOutputTokens">
>;

const MILLION = 1_000_000;
const MEBI = 1_048_576;

const LOW_TO_HIGH: readonly string[] = ["low", "medium", "high"];
const LOW_TO_XHIGH: readonly string[] = [...LOW_TO_HIGH, "xhigh"];
const LOW_TO_MAX: readonly string[] = [...LOW_TO_XHIGH, "max"];
const HIGH_AND_MAX: readonly string[] = ["high", "max"];

function row(
  pattern: RegExp,
  contextTokens: number | null,
  maxOutputTokens: number | null,
  ...traits: readonly Traits[]
): Row {
  const known = Object.assign({}, ...traits) as Traits;
  return [pattern, {
    ...UNKNOWN_CAPABILITIES,
    streaming: true,
    tools: true,
    ...known,
    contextTokens,
    maxOutputTokens,
  }];
}

const VISION: Traits = { images: true };
const TEXT_ONLY: Traits = { images: false };
const PLAIN: Traits = {
  forcedToolChoice: true,
  sampling: true,
  thinking: "none",
  efforts: [],
};

// OpenAI's reasoning models refuse every temperature but 1.
const OPENAI_REASONING: Traits = {
  images: true,
  forcedToolChoice: true,
  sampling: false,
  thinking: "effort",
  efforts: LOW_TO_HIGH,
};

// From 5.1 on they take sampling parameters while the effort is `none`: the provider decides.
function openaiEffort(efforts: readonly string[]): Traits {
  return {
    ...OPENAI_REASONING,
    sampling: efforts.includes("none") ? null : false,
    efforts,
  };
}

const CLAUDE: Traits = {
  images: true,
  forcedToolChoice: true,
  sampling: true,
  systemTurns: false,
};
const CLAUDE_BUDGET: Traits = {
  ...CLAUDE,
  thinking: "budget",
  efforts: ["none"],
};
const CLAUDE_4_6: Traits = {
  ...CLAUDE,
  thinking: "adaptive",
  efforts: ["none", ...LOW_TO_HIGH, "max"],
};
// From Opus 4.7 on sampling parameters are a 400.
const CLAUDE_4_7: Traits = {
  ...CLAUDE_4_6,
  sampling: false,
  efforts: ["none", ...LOW_TO_MAX],
};
const CLAUDE_4_8: Traits = { ...CLAUDE_4_7, systemTurns: true };
const CLAUDE_FABLE: Traits = { ...CLAUDE_4_8, efforts: LOW_TO_MAX };
// The 5.5 generation can neither be kept from thinking nor be forced to call.
const CLAUDE_5_5: Traits = { ...CLAUDE_FABLE, forcedToolChoice: false };

const GEMINI: Traits = {
  images: true,
  forcedToolChoice: true,
  sampling: true,
  thinking: "effort",
  efforts: LOW_TO_HIGH,
};

// On and off by a switch of their own; the effort cannot be graded.
const SWITCHED: Traits = { thinking: "budget", efforts: ["none", "high"] };
// GLM, Qwen and Kimi answer 400 to a required or named tool choice.
const UNFORCED: Traits = { forcedToolChoice: false, sampling: true };

const GROK: Traits = {
  images: true,
  forcedToolChoice: true,
  sampling: true,
};
const MISTRAL: Traits = { forcedToolChoice: true, sampling: true };

// The first pattern that fits wins, so that a longer name stands before the
// shorter one it begins with. `\b` keeps `gpt-5` from taking `gpt-50`; the
// look-ahead keeps it from taking `gpt-5.9`.
const MODEL_TABLE: readonly Row[] = [
  // OpenAI
  row(/^gpt-6(\.\d)?-astra\b/, 1_050_000, 128_000, openaiEffort(LOW_TO_MAX)),
  row(/^gpt-6\.1-sol\b/, 1_050_000, 128_000, openaiEffort(LOW_TO_MAX)),
  row(
    /^gpt-(6|5\.6)\b/,
    1_050_000,
    128_000,
    openaiEffort(["none", ...LOW_TO_MAX]),
  ),
  row(
    /^gpt-5\.[45]-pro\b/,
    1_050_000,
    128_000,
    openaiEffort(["medium", "high", "xhigh"]),
  ),
  row(
    /^gpt-5\.4-(mini|nano)\b/,
    400_000,
    128_000,
    openaiEffort(["none", ...LOW_TO_XHIGH]),
  ),
  row(
    /^gpt-5\.[45]\b/,
    1_050_000,
    128_000,
    openaiEffort(["none", ...LOW_TO_XHIGH]),
  ),
  row(/^gpt-5(\.\d)?-chat\b/, 128_000, 16_384, VISION, PLAIN),
  row(/^gpt-5\.3-codex-spark\b/, 128_000, 32_000, openaiEffort(LOW_TO_XHIGH)),
  row(
    /^gpt-5\.2-pro\b/,
    400_000,
    128_000,
    openaiEffort(["medium", "high", "xhigh"]),
  ),
  row(
    /^gpt-5\.[23]\b/,
    400_000,
    128_000,
    openaiEffort(["none", ...LOW_TO_XHIGH]),
  ),
  row(
    /^gpt-5\.1-codex-max\b/,
    400_000,
    128_000,
    openaiEffort(["none", ...LOW_TO_XHIGH]),
  ),
  row(/^gpt-5\.1\b/, 400_000, 128_000, openaiEffort(["none", ...LOW_TO_HIGH])),
  row(/^gpt-5-pro\b/, 400_000, 128_000, openaiEffort(["high"])),
  row(/^gpt-5-codex\b/, 400_000, 128_000, openaiEffort(LOW_TO_HIGH)),
  row(
    /^gpt-5\b(?!\.)/,
    400_000,
    128_000,
    openaiEffort(["minimal", ...LOW_TO_HIGH]),
  ),
  row(/^gpt-4\.1\b/, 1_047_576, 32_768, VISION, PLAIN),
  row(/^gpt-4o-2024-05-13\b/, 128_000, 4_096, VISION, PLAIN),
  row(/^(gpt-4o|chatgpt-4o)\b/, 128_000, 16_384, VISION, PLAIN),
  row(/^gpt-4-turbo\b/, 128_000, 4_096, VISION, PLAIN),
  row(/^gpt-4-(0125|1106)\b/, 128_000, 4_096, TEXT_ONLY, PLAIN),
  row(/^gpt-4\b(?!\.)/, 8_192, 8_192, TEXT_ONLY, PLAIN),
  row(/^gpt-3\.5-turbo\b/, 16_385, 4_096, TEXT_ONLY, PLAIN),
  row(/^gpt-oss\b/, 131_072, 65_536, OPENAI_REASONING, TEXT_ONLY, {
    sampling: true,
  }),
  row(/^o1-mini\b/, 128_000, 65_536, OPENAI_REASONING, {
    images: false,
    tools: false,
    efforts: [],
  }),
  row(/^o3-mini\b/, 200_000, 100_000, OPENAI_REASONING, TEXT_ONLY),
  row(/^o[134]\b/, 200_000, 100_000, OPENAI_REASONING),

  // Anthropic
  row(/^claude-(fable|sonnet|opus)-5-[1-9]\b/, MILLION, 128_000, CLAUDE_5_5),
  row(/^claude-haiku-5-5\b/, MILLION, 128_000, CLAUDE_4_8),
  row(/^claude-fable-5\b/, MILLION, 128_000, CLAUDE_FABLE),
  row(/^claude-opus-5\b/, MILLION, 128_000, CLAUDE_4_8),
  row(/^claude-sonnet-5\b/, MILLION, 128_000, CLAUDE_4_7),
  row(/^claude-opus-4-8\b/, MILLION, 128_000, CLAUDE_4_8),
  row(/^claude-opus-4-7\b/, MILLION, 128_000, CLAUDE_4_7),
  row(/^claude-(opus|sonnet)-4-6\b/, MILLION, 128_000, CLAUDE_4_6),
  row(/^claude-opus-4-5\b/, 200_000, 64_000, CLAUDE_BUDGET, {
    efforts: ["none", ...LOW_TO_HIGH],
  }),
  row(/^claude-(sonnet|haiku)-4-5\b/, 200_000, 64_000, CLAUDE_BUDGET),
  row(
    /^claude-(opus-4(-[01])?|4-opus)(?=$|[-@]\d{8}|[[:])/,
    200_000,
    32_000,
    CLAUDE_BUDGET,
  ),
  row(
    /^claude-(sonnet-4(-0)?|4-sonnet)(?=$|[-@]\d{8}|[[:])/,
    200_000,
    64_000,
    CLAUDE_BUDGET,
  ),
  row(/^claude-3-7-sonnet\b/, 200_000, 64_000, CLAUDE_BUDGET),
  row(/^claude-3-5-/, 200_000, 8_192, CLAUDE, {
    thinking: "none",
    efforts: [],
  }),
  row(/^claude-3-/, 200_000, 4_096, CLAUDE, { thinking: "none", efforts: [] }),
  row(/^claude-/, null, null, VISION),

  // Google
  row(/^gemini-4-/, MEBI, 32_768, GEMINI),
  row(/^gemini-3\.[78]-flash\b/, MEBI, 65_536, GEMINI),
  row(/^gemini-(3(\.\d)?-)?pro\b/, MEBI, 65_536, GEMINI),
  row(/^gemini-(3(\.\d)?-)?flash\b/, MEBI, 65_536, GEMINI, {
    efforts: ["minimal", ...LOW_TO_HIGH],
  }),
  row(/^gemini-2\.5-computer-use\b/, 128_000, 64_000, GEMINI),
  row(/^gemini-2\.5-pro\b/, MEBI, 65_536, GEMINI),
  row(/^gemini-2\.5-flash\b/, MEBI, 65_536, GEMINI, {
    efforts: ["none", ...LOW_TO_HIGH],
  }),
  row(/^gemini-2\.0-flash\b/, MEBI, 8_192, VISION, PLAIN),
  row(/^gemma-4\b/, 262_144, 32_768, VISION, { efforts: ["minimal", "high"] }),

  // DeepSeek
  row(/^deepseek-(flash|v4\.1-flash)\b/, MILLION, 384_000, VISION, {
    thinking: "effort",
    efforts: ["none", "low", "high", "max"],
  }),
  row(/^deepseek-v4\b/, MILLION, 384_000, TEXT_ONLY, {
    thinking: "effort",
    efforts: ["none", ...HIGH_AND_MAX],
  }),
  row(/^deepseek-v3\.2\b/, 131_072, 65_536, TEXT_ONLY, SWITCHED),
  row(/^deepseek-(reasoner|r1)\b/, 131_072, 65_536, TEXT_ONLY),
  row(/^deepseek-(chat|v3)\b/, 131_072, 8_192, TEXT_ONLY, PLAIN),

  // Z.ai
  row(/^glm-5\.3-flash\b/, MILLION, 131_072, VISION, UNFORCED, {
    thinking: "effort",
    efforts: ["low", ...HIGH_AND_MAX],
  }),
  row(/^glm-5[.-]3\b/, MILLION, 131_072, TEXT_ONLY, UNFORCED, {
    thinking: "effort",
    efforts: ["low", ...HIGH_AND_MAX],
  }),
  row(/^glm-5[.-]2\b/, MILLION, 131_072, TEXT_ONLY, UNFORCED, {
    thinking: "effort",
    efforts: ["none", ...HIGH_AND_MAX],
  }),
  row(/^glm-(5|4\.[67])\b/, 200_000, 131_072, TEXT_ONLY, UNFORCED, SWITCHED),
  row(/^glm-4\.5v\b/, 128_000, 32_000, VISION, UNFORCED, SWITCHED),
  row(/^glm-4\.5\b/, 128_000, 32_000, TEXT_ONLY, UNFORCED, SWITCHED),
  row(/^glm-/, null, null, UNFORCED),

  // Alibaba
  row(/^qwen3\.8-(max|flash)\b/, MILLION, 131_072, VISION, UNFORCED, {
    thinking: "effort",
    efforts: ["low", "medium", "xhigh"],
  }),
  row(/^qwen3\.7-max\b/, MILLION, 131_072, TEXT_ONLY, UNFORCED, SWITCHED),
  row(
    /^qwen3\.[5-7]-(plus|flash)\b/,
    MILLION,
    65_536,
    VISION,
    UNFORCED,
    SWITCHED,
  ),
  row(/^qwen3-max\b/, 262_144, 65_536, TEXT_ONLY, UNFORCED, SWITCHED),
  row(/^qwen3-coder-(plus|flash)\b/, MILLION, 65_536, TEXT_ONLY, UNFORCED),
  row(/^qwen3-vl-/, 262_144, 32_768, VISION, UNFORCED),
  row(/^qwen-(plus|flash)\b/, MILLION, 32_768, TEXT_ONLY, UNFORCED, SWITCHED),
  row(/^qwen-turbo\b/, MILLION, 16_384, TEXT_ONLY, UNFORCED, SWITCHED),
  row(/^(qwen|qwq|qvq)/, null, null, UNFORCED),

  // Moonshot
  row(/^kimi-k3\b/, MEBI, MEBI, VISION, UNFORCED, {
    thinking: "effort",
    efforts: ["low", ...HIGH_AND_MAX],
  }),
  row(/^kimi-k2\.[5-7]\b/, 262_144, 262_144, VISION, UNFORCED),
  row(/^kimi-k2\b/, 262_144, 262_144, TEXT_ONLY, UNFORCED),
  row(/^(kimi|moonshot)-/, null, null, UNFORCED),

  // MiniMax, Xiaomi, Meta
  row(/^minimax-m3\b/, MILLION, 524_288, VISION),
  row(/^minimax-m2\b/, 204_800, 131_072, TEXT_ONLY),
  row(/^mimo-v2\.6\b/, MEBI, 131_072, VISION, SWITCHED),
  row(/^muse-ember\b/, MEBI, 524_288, VISION, {
    thinking: "effort",
    efforts: ["minimal", ...LOW_TO_MAX],
  }),
  row(/^muse-(spark|wonder)\b/, MEBI, 131_072, VISION, {
    thinking: "effort",
    efforts: ["minimal", ...LOW_TO_XHIGH],
  }),
  row(/^llama-3\.3-/, 131_072, 32_768, TEXT_ONLY, { thinking: "none" }),
  row(/^llama-3\.1-/, 131_072, 131_072, TEXT_ONLY, { thinking: "none" }),
  row(/^llama-4-/, null, null, VISION, { thinking: "none" }),

  // xAI
  row(/^grok-4\.[5-7]\b/, 500_000, 500_000, GROK, {
    thinking: "effort",
    efforts: LOW_TO_XHIGH,
  }),
  row(/^grok-4\.3\b/, MILLION, 30_000, GROK, {
    thinking: "effort",
    efforts: ["none", ...LOW_TO_XHIGH],
  }),
  row(/^grok-4(\.20|[.-]1-fast)\b/, 2_000_000, null, GROK),
  row(/^grok-4-fast\b/, 2_000_000, null, GROK, TEXT_ONLY),
  row(/^grok-(4|code-fast)\b(?!\.)/, 256_000, null, GROK, TEXT_ONLY),
  row(/^grok-3\b/, 131_072, null, GROK, TEXT_ONLY),

  // Mistral
  row(/^mistral-large-4\b/, MEBI, 262_144, VISION, MISTRAL, {
    thinking: "effort",
    efforts: LOW_TO_HIGH,
  }),
  row(/^mistral-large-(latest|3|2512)\b/, 262_144, 262_144, VISION, MISTRAL, {
    thinking: "none",
  }),
  row(
    /^mistral-(medium-(latest|3[.-]5|2604)|small-(latest|2603))\b/,
    262_144,
    262_144,
    VISION,
    MISTRAL,
    { thinking: "effort", efforts: ["none", "high"] },
  ),
  row(/^mistral-small-2506\b/, 128_000, 16_384, VISION, MISTRAL),
  row(/^magistral-medium\b/, 262_144, 16_384, MISTRAL),
  row(/^(devstral|ministral)-/, 262_144, null, MISTRAL, { thinking: "none" }),
  row(/^(mistral|magistral|codestral|pixtral|open-mi)/, null, null, MISTRAL),
];

/**
 * Looks up what a model can do. Vendor paths (`openai/gpt-5`), region and
 * vendor dots of clouds (`us.anthropic.claude-...`) and upper case do not
 * matter. A walk over the whole table: look up once per target, not per request.
 */
export function capabilitiesOf(model: string): ModelCapabilities {
  const name = bareName(model);
  for (const [pattern, capabilities] of MODEL_TABLE) {
    if (pattern.test(name)) return capabilities;
  }
  return UNKNOWN_CAPABILITIES;
}

const CLOUD_PREFIX_REGEXP =
  /^(?:(?:us|eu|apac|jp|au|global)\.)?(?:anthropic|openai|meta|mistral|deepseek|qwen|moonshot|zai|google)\./;

function bareName(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  return name.replace(CLOUD_PREFIX_REGEXP, "");
}
