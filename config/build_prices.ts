/**
 * Builds `config/prices.json`, the price table inside the executable, from
 * public tables: `deno run -A config/build_prices.ts [FOLDER]`. Later and surer
 * sources lie over earlier ones; what is known to be wrong is corrected below.
 *
 * @module
 */

import { RESOLD_NOTE } from "../src/accounting/import/genai_prices.ts";
import { RATE_KEYS } from "../src/accounting/price_entry.ts";
import {
  compilePriceFile,
  readPriceFile,
} from "../src/accounting/price_file.ts";
import type { JsonObject, JsonValue } from "../src/support/json.ts";

type Entry = JsonObject;
type Entries = Map<string, Entry>;

const PROVIDERS: ReadonlySet<string> = new Set([
  "openai",
  "anthropic",
  "google",
  "vertex",
  "azure",
  "azure-ai",
  "bedrock",
  "xai",
  "deepseek",
  "mistral",
  "groq",
  "moonshot",
  "zai",
  "zhipu",
  "alibaba",
  "minimax",
  "cohere",
  "perplexity",
  "together",
  "fireworks",
  "cerebras",
  "voyage",
]);

const PEAK = {
  tz: "UTC",
  days: [1, 2, 3, 4, 5],
  hours: ["01:00-04:00", "06:00-10:00"],
  factor: "2",
};

const NO_PRIORITY = { batch: { factor: "0.5" }, flex: { factor: "0.5" } };

/** Known errors of the sources, and what holds instead. */
const CORRECTIONS: readonly (readonly [string, Entry])[] = [
  // Lists give the peak price; off-peak is half of it, weekends are off-peak.
  ["deepseek/deepseek-flash", {
    inputPer1M: "0.15",
    outputPer1M: "0.6",
    cachedPer1M: "0.003",
    windows: [PEAK],
    notes: ["weekdays 01-04 and 06-10 UTC cost double"],
  }],
  ["deepseek/deepseek-v4-pro", {
    inputPer1M: "0.66",
    outputPer1M: "1.98",
    cachedPer1M: "0.022",
    windows: [PEAK],
    history: [{
      until: "2026-08-17",
      inputPer1M: "0.435",
      outputPer1M: "0.87",
      cachedPer1M: "0.003625",
    }],
    notes: ["weekdays 01-04 and 06-10 UTC cost double"],
  }],
  ["deepseek/deepseek-v4-flash", {
    inputPer1M: "0.22",
    outputPer1M: "0.66",
    cachedPer1M: "0.007",
    windows: [PEAK],
    history: [{
      until: "2026-08-17",
      inputPer1M: "0.14",
      outputPer1M: "0.28",
      cachedPer1M: "0.0028",
    }],
    notes: ["weekdays 01-04 and 06-10 UTC cost double"],
  }],
  // Nobody sells it: the table repeats the price of a larger model.
  ["openai/gpt-5-nano", { serviceTiers: NO_PRIORITY }],
  // 200k and above, not only above.
  ["xai/grok-4.5", { cachedPer1M: "0.3" }],
];

async function readTable(
  folder: string,
  file: string,
  date: string,
): Promise<Entries> {
  const text = await Deno.readTextFile(`${folder}/${file}`);
  const table = readPriceFile(JSON.parse(text) as JsonValue, { date });
  console.error(
    `${file}: ${table.entries.size} models, ${table.notes.length} notes`,
  );
  return new Map(
    [...table.entries].filter(([key]) => PROVIDERS.has(providerOf(key))),
  );
}

function providerOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}

function serviceTiersOf(entry: Entry): JsonObject {
  return (entry.serviceTiers ?? {}) as JsonObject;
}

/** Rates of an earlier source that a later one does not name, as long as the base is the same. */
function sameBase(left: Entry, right: Entry): boolean {
  return left.inputPer1M === right.inputPer1M &&
    left.outputPer1M === right.outputPer1M;
}

/** Absolute prices of a service tier are those of the old base; factors still hold. */
function factorsOnly(tiers: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(tiers).filter(([, variant]) =>
      (variant as JsonObject).factor !== undefined
    ),
  );
}

/** Lays the later entry over the earlier one. */
function overlay(earlier: Entry | undefined, later: Entry): Entry {
  if (earlier === undefined) return later;
  const same = sameBase(earlier, later);
  const merged: Entry = { ...earlier };
  if (!same) {
    for (const key of RATE_KEYS) delete merged[key];
    delete merged.tiers;
    merged.serviceTiers = factorsOnly(serviceTiersOf(earlier));
  }
  const { serviceTiers: _, aliases: __, ...rest } = later;
  Object.assign(merged, rest);
  merged.serviceTiers = {
    ...serviceTiersOf(merged),
    ...serviceTiersOf(later),
  };
  return merged;
}

/** Adds what only this source knows, without its base rates. */
function supplement(
  entry: Entry,
  from: Entry,
  fields: readonly string[],
): void {
  for (const field of fields) {
    if (entry[field] === undefined && from[field] !== undefined) {
      entry[field] = from[field];
    }
  }
}

function withSource(entries: Entries, source: string, date: string): Entries {
  return new Map(
    [...entries].map(([key, entry]) => [key, { ...entry, source, date }]),
  );
}

/**
 * Adds what genai-prices knows: dates, searches, names. Its base prices win
 * where they changed after the other tables were taken.
 */
function addGenai(entries: Entries, genai: Entries): void {
  for (const [key, from] of genai) {
    if (JSON.stringify(from.notes ?? "").includes(RESOLD_NOTE)) continue;
    const before = entries.get(key);
    const { windows: _, match: __, ...dated } = from;
    const entry = trimAliases(key, trimHistory(dated));
    if (before === undefined) {
      entries.set(key, entry);
      continue;
    }
    const changed = JSON.stringify(from.history ?? "").includes('"2026-0');
    if (changed || sameBase(before, from)) {
      entries.set(key, overlay(before, entry));
    } else {
      supplement(before, entry, ["webSearchPer1K", "aliases"]);
    }
  }
}

/** The bound is 272,000 in all other tables; no tiers say nothing. */
function trimHistory(entry: Entry): Entry {
  if (!Array.isArray(entry.history)) return entry;
  const text = JSON.stringify(entry.history)
    .replaceAll('"above":271999', '"above":272000')
    .replaceAll(',"tiers":[]', "");
  return { ...entry, history: JSON.parse(text) as JsonValue };
}

/** Aliases that no spelling rule leads to. */
function trimAliases(key: string, entry: Entry): Entry {
  const { aliases, ...rest } = entry;
  if (!Array.isArray(aliases)) return rest;
  const model = key.slice(key.indexOf("/") + 1);
  const kept = aliases.filter((alias) =>
    typeof alias === "string" && !alias.includes("/") &&
    !alias.startsWith(`${model}-20`)
  );
  return kept.length === 0 ? rest : { ...rest, aliases: kept };
}

function addModes(entries: Entries, modelsDev: Entries): void {
  for (const [key, from] of modelsDev) {
    const entry = entries.get(key);
    if (entry === undefined) {
      entries.set(key, from);
      continue;
    }
    const modes = sameBase(entry, from)
      ? serviceTiersOf(from)
      : factorsOnly(serviceTiersOf(from));
    entry.serviceTiers = { ...serviceTiersOf(entry), ...modes };
    supplement(entry, from, ["reasoningPer1M"]);
  }
}

/** What the providers' price lists say of all current models. */
const FAMILIES: readonly (readonly [RegExp, Entry])[] = [
  // `inference_geo: "us"` since Claude 4.6.
  [/^anthropic\/claude-[a-z]+-(?:4-[6-9]|[5-9])/, { regions: { us: "1.1" } }],
  [/^openai\/gpt-(?:5\.[4-9]|[6-9])/, { regions: { eu: "1.1", us: "1.1" } }],
  [
    /^(?:openai\/(?:gpt-[5-9]|o\d)|google\/gemini-[2-9])/,
    { serviceTiers: { batch: { factor: "0.5" } } },
  ],
];

function addListPrices(key: string, entry: Entry): void {
  for (const [pattern, facts] of FAMILIES) {
    if (!pattern.test(key)) continue;
    for (const [field, value] of Object.entries(facts)) {
      entry[field] = { ...value as JsonObject, ...entry[field] as JsonObject };
    }
  }
}

/** Leaves out what says nothing, and keys whose price is not known at all. */
function tidy(entries: Entries): Entries {
  const tidied: Entries = new Map();
  for (const [key, entry] of entries) {
    const isFree = entry.inputPer1M === "0" && entry.outputPer1M === "0";
    const known = entry.inputPer1M !== undefined ||
      entry.perRequest !== undefined;
    if (isFree || !known) continue;
    const { source, date, ...rest } = entry;
    addListPrices(key, rest);
    // Redundant: reasoning costs what output costs unless said otherwise.
    if (rest.reasoningPer1M === rest.outputPer1M) delete rest.reasoningPer1M;
    if (rest.perRequestBySize !== undefined) delete rest.perRequest;
    if (Object.keys(serviceTiersOf(rest)).length === 0) {
      delete rest.serviceTiers;
    }
    tidied.set(key, { ...numbers(rest), source, date });
  }
  return tidied;
}

/** Decimal text as JSON numbers where that is the same decimal: shorter files. */
function numbers(value: Entry): Entry {
  return JSON.parse(
    JSON.stringify(value),
    (key, inner) =>
      typeof inner === "string" &&
        /^(?:.*Per1[MK]|perRequest|factor|low|medium|high|[a-z]{2})$/.test(
          key,
        ) &&
        String(Number(inner)) === inner
        ? Number(inner)
        : inner,
  ) as Entry;
}

function sorted(entry: Entry): unknown {
  return Object.entries(entry).sort(([left], [right]) => left < right ? -1 : 1);
}

const DATED_REGEXP = /(?:-\d{4}-\d{2}-\d{2}|-\d{8}|@\d{8})$/;

/**
 * Names with a date that cost what the name without it costs: they are left
 * out, so that they follow its price where a later source knows a new one.
 */
function datedTwins(entries: Entries): ReadonlySet<string> {
  const twins = [...entries].filter(([key, entry]) => {
    const model = entries.get(key.replace(DATED_REGEXP, ""));
    return DATED_REGEXP.test(key) && model !== undefined &&
      JSON.stringify(sorted(model)) === JSON.stringify(sorted(entry));
  });
  return new Set(twins.map(([key]) => key));
}

async function build(folder: string): Promise<void> {
  const litellm = withSource(
    await readTable(folder, "litellm_model_prices.json", "2026-08-01"),
    "litellm",
    "2026-08-01",
  );
  const modelsDev = withSource(
    await readTable(folder, "models_dev_api.json", "2026-07-02"),
    "models.dev",
    "2026-07-02",
  );
  const genai = withSource(
    await readTable(folder, "genai_prices_npm_0.1.8.json", "2026-09-23"),
    "genai-prices",
    "2026-09-23",
  );
  const piAi = withSource(
    await readTable(folder, "pi_ai_1.5.2_models.json", "2026-11-10"),
    "pi-ai",
    "2026-11-10",
  );
  const twins = datedTwins(litellm);
  const entries: Entries = litellm;
  addModes(entries, modelsDev);
  addGenai(entries, genai);
  for (const [key, entry] of piAi) {
    const before = entries.get(key);
    const merged = overlay(before, entry);
    // A later change has no known date: then the past is not known either.
    if (before !== undefined && !sameBase(before, entry)) delete merged.history;
    entries.set(key, merged);
  }
  for (const [key, correction] of CORRECTIONS) {
    const { history: _, ...entry } = entries.get(key) ?? {};
    entries.set(key, { ...entry, ...correction });
  }
  for (const key of twins) {
    if (entries.get(key)?.source === "litellm") entries.delete(key);
  }
  const tidied = tidy(entries);
  const file = {
    format: "signalbox" as const,
    date: "2026-11-10",
    entries: tidied,
    notes: [],
    suspects: [],
  };
  const { problems } = compilePriceFile(file, "embedded", "embedded");
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const lines = [...tidied].sort(([left], [right]) => left < right ? -1 : 1)
    .map(([key, entry]) => `${JSON.stringify(key)}:${JSON.stringify(entry)}`);
  await Deno.writeTextFile(
    new URL("./prices.json", import.meta.url),
    `{"format":"signalbox-prices/1","date":"2026-11-10","entries":{\n${
      lines.join(",\n")
    }\n}}\n`,
  );
  console.error(`config/prices.json: ${tidied.size} models`);
}

await build(Deno.args[0] ?? "../shared/data/prices");
