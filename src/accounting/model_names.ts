/**
 * The spellings under which a price table may list a model, in the order in
 * which they are tried. Every step is exact: nothing is matched by likeness,
 * because a wrong price is worse than none.
 *
 * @module
 */

import { canonicalProvider, isKnownProvider } from "./provider_names.ts";

/** What had to be done to a name before a table knew it. */
export type MatchRule =
  | "exact"
  | "alias"
  | "prefix"
  | "suffix"
  | "spelling"
  | "fine-tune"
  | "pattern"
  | "unambiguous"
  | "fallback";

/** A spelling to try. */
export interface NameCandidate {
  /** Lower-case name. */
  readonly name: string;
  /** The step that led to it. */
  readonly rule: MatchRule;
}

// Dates, Bedrock versions and the marker of the long context: the same model
// at the same price. Variants such as ":free" are other products and stay.
const SUFFIX_REGEXPS: readonly RegExp[] = [
  /\[1m\]$/,
  /-v\d+:\d+$/,
  /@(?:\d{8}|default)$/,
  /-\d{8}$/,
  /-\d{4}-\d{2}-\d{2}$/,
];

const BEDROCK_REGION_REGEXP =
  /^(?:us-gov|us|eu|jp|au|ca|in|apac|global|[a-z]{2})\.(?=[a-z0-9-]+\.)/;

// Names of resources: Gemini's, Vertex's with or without its project, Bedrock's.
const PATH_REGEXPS: readonly RegExp[] = [
  /^models\//,
  /^(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/models\//,
  /^arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:(?:inference-profile|foundation-model)\//,
];

/** Strips known suffixes, one more with each name that is given. */
function* withoutSuffixes(name: string): Generator<string> {
  let rest = name;
  for (let round = 0; round < SUFFIX_REGEXPS.length; round++) {
    const shorter = SUFFIX_REGEXPS.map((pattern) => rest.replace(pattern, ""))
      .find((stripped) => stripped !== rest && stripped !== "");
    if (shorter === undefined) return;
    rest = shorter;
    yield rest;
  }
}

/** Takes the provider's own prefix off, however it is spelt. */
function withoutPrefix(name: string, provider: string): string | null {
  for (const path of PATH_REGEXPS) {
    if (path.test(name)) return name.replace(path, "");
  }
  const slash = name.indexOf("/");
  if (slash <= 0) return null;
  const prefix = name.slice(0, slash);
  const isOwn = prefix === provider || canonicalProvider(prefix) === provider;
  return isOwn ? name.slice(slash + 1) : null;
}

/** `ft:gpt-4o-mini:acme::id` is priced as `ft:gpt-4o-mini`, never as the base model. */
function fineTuneBase(name: string): string | null {
  if (!name.startsWith("ft:")) return null;
  return name.split(":").slice(0, 2).join(":");
}

/**
 * Gives the spellings of a model at a provider, most exact first. Provider
 * prefixes of other tables (`gemini/`, `vertex_ai/`) count as its own;
 * a Bedrock region is kept as long as a suffix is left to strip.
 */
export function* nameCandidates(
  provider: string,
  model: string,
): Generator<NameCandidate> {
  const lower = model.toLowerCase();
  const tuned = fineTuneBase(lower);
  if (tuned !== null) {
    yield { name: lower, rule: "exact" };
    yield { name: tuned, rule: "fine-tune" };
    for (const name of withoutSuffixes(tuned)) {
      yield { name, rule: "fine-tune" };
    }
    return;
  }
  yield { name: lower, rule: "exact" };
  const bare = withoutPrefix(lower, provider);
  if (bare !== null) yield { name: bare, rule: "prefix" };
  const base = bare ?? lower;
  for (const name of withoutSuffixes(base)) yield { name, rule: "suffix" };
  const global = base.replace(BEDROCK_REGION_REGEXP, "");
  if (provider !== "bedrock" || global === base) return;
  yield { name: global, rule: "spelling" };
  for (const name of withoutSuffixes(global)) {
    yield { name, rule: "spelling" };
  }
}

/** A key of a price table, taken apart. */
export interface PriceKey {
  /** Provider as written, lower case, `null` for a price at any provider. */
  readonly provider: string | null;
  /** Model, lower case. */
  readonly model: string;
}

/**
 * Takes a key apart: `provider/model` where the first part is a provider,
 * else a model at any provider; `*` stands for any as well.
 */
export function splitPriceKey(
  key: string,
  isProvider: (name: string) => boolean = isKnownProvider,
): PriceKey {
  const slash = key.indexOf("/");
  const head = key.slice(0, Math.max(0, slash)).toLowerCase();
  if (slash <= 0 || (head !== "*" && !isProvider(head))) {
    return { provider: null, model: key.toLowerCase() };
  }
  const model = key.slice(slash + 1).toLowerCase();
  return { provider: head === "*" ? null : head, model };
}
