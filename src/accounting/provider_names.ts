/**
 * Providers have one name in price tables, however a config, a host or a
 * foreign table spells them.
 *
 * @module
 */

/** Other spellings of each provider, lower case, `_` and blanks as `-`. */
const SPELLINGS: readonly (readonly [string, readonly string[]])[] = [
  ["openai", [
    "open-ai",
    "openai-responses",
    "openai-chat",
    "text-completion-openai",
  ]],
  ["anthropic", ["claude"]],
  ["google", [
    "gemini",
    "google-ai",
    "google-ai-studio",
    "google-gemini",
    "google-genai",
    "google-generative-ai",
  ]],
  ["vertex", [
    "vertex-ai",
    "google-vertex",
    "vertexai",
    "google-vertex-ai",
    "google-vertex-anthropic",
    "vertex-anthropic",
    "anthropic-vertex",
    "gcp-vertex",
  ]],
  ["azure", ["azure-openai", "azure-open-ai", "azure-text", "azureopenai"]],
  ["azure-ai", ["azure-cognitive-services", "azure-ai-foundry"]],
  ["bedrock", [
    "amazon-bedrock",
    "aws-bedrock",
    "aws",
    "bedrock-converse",
    "bedrock-mantle",
    "bedrock-runtime",
    "anthropic-bedrock",
  ]],
  ["xai", ["x-ai", "x.ai", "grok"]],
  ["deepseek", []],
  ["mistral", ["mistralai", "mistral-ai"]],
  ["groq", []],
  ["openrouter", ["open-router"]],
  ["moonshot", ["moonshotai", "moonshot-ai", "moonshot.ai", "kimi"]],
  ["moonshot-cn", ["moonshotai-cn"]],
  ["zai", ["z-ai", "z.ai"]],
  ["zhipu", ["zhipuai", "zhipu-ai", "bigmodel"]],
  ["alibaba", ["dashscope", "qwen", "alibaba-qwen", "alibaba-cloud", "aliyun"]],
  ["alibaba-cn", []],
  ["minimax", ["minimaxai"]],
  ["minimax-cn", []],
  ["cohere", ["cohere-chat"]],
  ["perplexity", ["perplexity-ai", "pplx"]],
  ["together", ["together-ai", "together.ai", "togetherai"]],
  ["fireworks", [
    "fireworks-ai",
    "fireworks.ai",
    "fireworks-ai-embedding-models",
    "fireworksai",
  ]],
  ["cerebras", []],
  ["deepinfra", []],
  ["novita", ["novita-ai"]],
  ["nebius", []],
  ["huggingface", []],
  ["voyage", ["voyageai"]],
  ["github-copilot", []],
  ["sambanova", []],
  ["snowflake", ["snowflake-cortex", "snowflakecomputing"]],
  ["databricks", []],
  ["cloudflare", ["cloudflare-workers-ai"]],
  ["vercel", ["vercel-ai-gateway"]],
];

const CANONICAL: ReadonlyMap<string, string> = new Map(
  SPELLINGS.flatMap(([name, others]) =>
    [name, ...others].map((spelling) => [spelling, name] as const)
  ),
);

/** Hosts by suffix; a leading dot stands for any name below. */
const HOSTS: readonly (readonly [string, string])[] = [
  ["api.openai.com", "openai"],
  [".api.openai.com", "openai"],
  ["api.anthropic.com", "anthropic"],
  ["generativelanguage.googleapis.com", "google"],
  ["aiplatform.googleapis.com", "vertex"],
  ["-aiplatform.googleapis.com", "vertex"],
  [".rep.googleapis.com", "vertex"],
  [".openai.azure.com", "azure"],
  [".cognitiveservices.azure.com", "azure"],
  [".services.ai.azure.com", "azure-ai"],
  [".models.ai.azure.com", "azure-ai"],
  [".amazonaws.com", "bedrock"],
  ["api.x.ai", "xai"],
  [".api.x.ai", "xai"],
  ["api.deepseek.com", "deepseek"],
  ["api.mistral.ai", "mistral"],
  ["codestral.mistral.ai", "mistral"],
  ["api.groq.com", "groq"],
  ["openrouter.ai", "openrouter"],
  ["api.moonshot.ai", "moonshot"],
  ["api.moonshot.cn", "moonshot-cn"],
  ["api.z.ai", "zai"],
  ["open.bigmodel.cn", "zhipu"],
  ["dashscope-intl.aliyuncs.com", "alibaba"],
  ["dashscope-us.aliyuncs.com", "alibaba"],
  ["dashscope.aliyuncs.com", "alibaba-cn"],
  ["api.minimax.io", "minimax"],
  ["api.minimaxi.com", "minimax-cn"],
  ["api.cohere.com", "cohere"],
  ["api.cohere.ai", "cohere"],
  ["api.perplexity.ai", "perplexity"],
  ["api.together.xyz", "together"],
  ["api.together.ai", "together"],
  ["api.fireworks.ai", "fireworks"],
  ["api.cerebras.ai", "cerebras"],
  ["api.deepinfra.com", "deepinfra"],
  ["api.novita.ai", "novita"],
  ["api.studio.nebius.ai", "nebius"],
  ["api.tokenfactory.nebius.com", "nebius"],
  ["router.huggingface.co", "huggingface"],
  ["api.voyageai.com", "voyage"],
  ["api.githubcopilot.com", "github-copilot"],
  ["api.sambanova.ai", "sambanova"],
  [".snowflakecomputing.com", "snowflake"],
  [".databricks.com", "databricks"],
  ["ai-gateway.vercel.sh", "vercel"],
];

/** Companies whose own models carry these names: their price is the list price. */
const MAKERS: ReadonlySet<string> = new Set([
  "openai",
  "anthropic",
  "google",
  "xai",
  "deepseek",
  "mistral",
  "moonshot",
  "zai",
  "alibaba",
  "minimax",
  "cohere",
  "perplexity",
]);

function normal(name: string): string {
  return name.toLowerCase().replace(/[_\s]/g, "-");
}

/** Gives the name under which price tables list a provider; its own if none is known. */
export function canonicalProvider(name: string): string {
  const spelling = normal(name);
  if (spelling.startsWith("vertex-ai-")) return "vertex";
  return CANONICAL.get(spelling) ?? spelling;
}

/** Tells whether a name is a known spelling of a provider. */
export function isKnownProvider(name: string): boolean {
  const spelling = normal(name);
  return CANONICAL.has(spelling) || spelling.startsWith("vertex-ai-");
}

/** Tells whether a provider makes the models that it lists. */
export function isMaker(provider: string): boolean {
  return MAKERS.has(provider);
}

/** Finds the provider behind a host name, `null` if it is not known. */
export function providerOfHost(host: string): string | null {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  for (const [suffix, provider] of HOSTS) {
    const isSuffix = suffix.startsWith(".") || suffix.startsWith("-");
    if (isSuffix ? name.endsWith(suffix) : name === suffix) return provider;
  }
  return null;
}

/** Hosts that name a region of their provider's prices. */
const REGION_HOSTS: readonly RegExp[] = [
  /^([a-z]{2})\.api\.(?:openai\.com|x\.ai)$/,
  /^([a-z]+(?:-[a-z]+\d+)?)-aiplatform\.googleapis\.com$/,
  /^aiplatform\.([a-z]+)\.rep\.googleapis\.com$/,
  /^bedrock-(?:runtime|mantle)(?:-fips)?\.([a-z]+(?:-[a-z]+)+-\d)\./,
];

/** Finds the region that a host name stands for in prices (`eu.api.openai.com`), or `null`. */
export function regionOfHost(host: string): string | null {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  for (const pattern of REGION_HOSTS) {
    const region = pattern.exec(name)?.[1];
    if (region !== undefined) return region;
  }
  return null;
}
