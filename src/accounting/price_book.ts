/**
 * Finds what a model costs: tables in their order, in each the model that
 * answered before the model that was asked for.
 *
 * @module
 */

import type { CostSource } from "../exchange/cost.ts";
import { type MatchRule, nameCandidates } from "./model_names.ts";
import type { PriceEntry } from "./price_entry.ts";
import type { PriceTable, TableMatch, TableRow } from "./price_table.ts";
import {
  canonicalProvider,
  isKnownProvider,
  isMaker,
  providerOfHost,
} from "./provider_names.ts";

/** What is looked for. */
export interface PriceQuery {
  /** Provider id of the config. */
  readonly provider: string;
  /** Host of the provider's base URL, `null` if there is none. */
  readonly host: string | null;
  /** Model that was asked for. */
  readonly model: string;
  /** Model that answered, `null` if unsaid. */
  readonly responseModel: string | null;
  /** Region that was served, lower case: some providers list it with the model. @default {null} */
  readonly region?: string | null;
  /**
   * Whether the provider is a name that a log states, not an id that a config
   * chose: then nobody else's price is taken. @default {false}
   */
  readonly isStated?: boolean;
}

/** What was found. */
export interface PriceMatch {
  /** Key of the entry, as its table writes it. */
  readonly key: string;
  /** The entry. */
  readonly entry: PriceEntry;
  /** What led to it. */
  readonly rule: MatchRule;
  /** Whether it is the price of the model that answered or of the one that was asked for. */
  readonly of: "response" | "target";
  /** Canonical provider whose prices they are. */
  readonly provider: string;
  /** Name of the table. */
  readonly table: string;
  /** What the cost is marked with. */
  readonly source: CostSource;
  /** The day as of which the price holds, `null` if unsaid. */
  readonly date: string | null;
}

/** Searches that are remembered: more distinct models than a gateway sees. */
const MAX_REMEMBERED = 4096;

/** Searches for one model that are remembered. */
const MAX_ALIKE = 32;

/** A search and what came of it. */
interface Remembered {
  readonly query: PriceQuery;
  readonly match: PriceMatch | null;
}

function isSame(left: PriceQuery, right: PriceQuery): boolean {
  return left.provider === right.provider && left.host === right.host &&
    left.responseModel === right.responseModel &&
    left.region === right.region && left.isStated === right.isStated;
}

/** Tables in the order in which they are asked, first answer wins. */
export class PriceBook {
  /** The tables, first one first. */
  readonly tables: readonly PriceTable[];
  /** Price of models that no table knows, or `null`. */
  readonly fallback: PriceEntry | null;
  readonly #found = new Map<string, Remembered[]>();
  #remembered = 0;
  readonly #providers: Set<string> = new Set();

  /** Takes the tables in their order of precedence. */
  constructor(
    tables: readonly PriceTable[],
    fallback: PriceEntry | null = null,
  ) {
    this.tables = tables;
    this.fallback = fallback;
    // A single price in the config does not make its provider a listed one.
    for (const table of tables.filter(({ source }) => source !== "config")) {
      for (const { provider } of table.rows) {
        if (provider !== null) this.#providers.add(canonicalProvider(provider));
      }
    }
  }

  /** Tells whether a name is a provider, by its spelling or because a table lists it. */
  knowsProvider(name: string): boolean {
    return isKnownProvider(name) ||
      this.#providers.has(canonicalProvider(name));
  }

  /** Finds the price, the fallback if no table has one, `null` without either. */
  find(query: PriceQuery): PriceMatch | null {
    const known = this.#found.get(query.model);
    if (known !== undefined) {
      for (const found of known) {
        if (isSame(found.query, query)) return found.match;
      }
    }
    const match = this.#search(query) ?? this.#fallbackMatch(query);
    this.#remember({ query, match });
    return match;
  }

  #remember(found: Remembered): void {
    // Names come from outside: start over rather than grow without bound.
    if (this.#remembered++ >= MAX_REMEMBERED) {
      this.#found.clear();
      this.#remembered = 1;
    }
    const { model } = found.query;
    const known = this.#found.get(model);
    if (known === undefined) this.#found.set(model, [found]);
    // More than a few providers and dated names of one model are unusual.
    else if (known.push(found) > MAX_ALIKE) known.shift();
  }

  #search(query: PriceQuery): PriceMatch | null {
    const scopes = scopesOf(query);
    const names = regionalNames(namesOf(query), query.region ?? null);
    for (const table of this.tables) {
      for (const scope of [...scopes, "*"]) {
        for (const { name, of } of names) {
          const found = table.find(scope, name) ??
            (scope === "*"
              ? table.find("*", `${query.provider}/${name}`)
              : null);
          if (found === null) continue;
          return this.#completed(matchOf(found, of, scope, table), name);
        }
      }
    }
    // A known provider that does not list the model has no price for it.
    const isStated = query.isStated === true;
    if (isStated || scopes.some((scope) => this.knowsProvider(scope))) {
      return null;
    }
    for (const { name, of } of names) {
      const found = this.#unambiguous(name, of);
      if (found !== null) return found;
    }
    return null;
  }

  /**
   * Imported tables know fewer dimensions than the embedded one. Where both
   * agree on the base, what only the latter knows holds as well.
   */
  #completed(match: PriceMatch, name: string): PriceMatch {
    if (match.source !== "imported" && match.source !== "openrouter") {
      return match;
    }
    const table = this.tables.find(({ source }) => source === "embedded");
    const known = table?.find(match.provider, name)?.entry;
    return known === undefined || !samePrice(match.entry, known)
      ? match
      : { ...match, entry: completed(match.entry, known) };
  }

  /**
   * The price on which everyone who lists the name agrees. Of those the maker
   * of the model is preferred: his entry says the most.
   */
  #unambiguous(model: string, of: PriceMatch["of"]): PriceMatch | null {
    for (const { name } of nameCandidates("", model)) {
      const named = this.#namedProvider(name, of);
      if (named !== null) return named;
      for (const table of this.tables) {
        const rows = table.listing(name);
        const [first] = rows;
        if (first === undefined) continue;
        if (
          !rows.every((row) => samePrice(row.source.entry, first.source.entry))
        ) {
          return null;
        }
        const row = rows.find(isMakersRow) ?? first;
        const found = { key: row.key, entry: row.source.entry } as const;
        const provider = row.provider ?? "*";
        return matchOf({ ...found, rule: "unambiguous" }, of, provider, table);
      }
    }
    return null;
  }

  /** A name such as `anthropic/claude-opus-5` says itself whose price is meant. */
  #namedProvider(name: string, of: PriceMatch["of"]): PriceMatch | null {
    const slash = name.indexOf("/");
    const scope = canonicalProvider(name.slice(0, Math.max(0, slash)));
    if (slash <= 0 || !this.knowsProvider(scope)) return null;
    for (const table of this.tables) {
      const found = table.find(scope, name.slice(slash + 1));
      if (found !== null) {
        return matchOf({ ...found, rule: "unambiguous" }, of, scope, table);
      }
    }
    return null;
  }

  #fallbackMatch(query: PriceQuery): PriceMatch | null {
    if (this.fallback === null) return null;
    return {
      key: "fallback",
      entry: this.fallback,
      rule: "fallback",
      of: "target",
      provider: canonicalProvider(query.provider),
      table: "fallback",
      source: "estimated",
      date: this.fallback.date,
    };
  }
}

/** Names under which the provider's prices may be filed, most specific first. */
function scopesOf(query: PriceQuery): readonly string[] {
  const id = query.provider.toLowerCase();
  const scopes = new Set([id, canonicalProvider(id)]);
  if (!isKnownProvider(id) && query.host !== null) {
    const byHost = providerOfHost(query.host);
    if (byHost !== null) scopes.add(byHost);
  }
  return [...scopes];
}

/** A name to look for, and whose it is. */
type SoughtName = { readonly name: string; readonly of: PriceMatch["of"] };

/**
 * Azure's data zones and Bedrock's regions and profiles are part of the name
 * in price tables: `azure/eu/gpt-5`, `bedrock/us.anthropic.claude-opus-5`.
 */
function regionalNames(
  names: readonly SoughtName[],
  region: string | null,
): readonly SoughtName[] {
  if (region === null) return names;
  return names.flatMap(({ name, of }) => [
    { name: `${region}/${name}`, of },
    { name: `${region}.${name}`, of },
    { name, of },
  ]);
}

function namesOf({ model, responseModel }: PriceQuery): readonly SoughtName[] {
  const target = { name: model, of: "target" } as const;
  return responseModel === null || responseModel === model
    ? [target]
    : [{ name: responseModel, of: "response" }, target];
}

function isMakersRow(row: TableRow): boolean {
  return row.provider !== null && isMaker(canonicalProvider(row.provider));
}

function samePrice(left: PriceEntry, right: PriceEntry): boolean {
  return left.rates.inputPer1M === right.rates.inputPer1M &&
    left.rates.outputPer1M === right.rates.outputPer1M;
}

/** Fills in what an entry does not say. Its bounds stay: none may mean flat. */
function completed(entry: PriceEntry, known: PriceEntry): PriceEntry {
  const { perRequestPico, perRequestBySizePico } = entry;
  const feeless = perRequestPico === null && perRequestBySizePico.size === 0;
  const searchless = entry.webSearchPer1KPico === null;
  return {
    ...entry,
    rates: { ...known.rates, ...entry.rates },
    ...(feeless
      ? {
        perRequestPico: known.perRequestPico,
        perRequestBySizePico: known.perRequestBySizePico,
      }
      : {}),
    ...(searchless
      ? {
        webSearchPer1KPico: known.webSearchPer1KPico,
        webSearchUnit: known.webSearchUnit,
      }
      : {}),
    serviceTiers: new Map([...known.serviceTiers, ...entry.serviceTiers]),
    regions: new Map([...known.regions, ...entry.regions]),
    windows: entry.windows.length > 0 ? entry.windows : known.windows,
    history: entry.history.length > 0 ? entry.history : known.history,
  };
}

function matchOf(
  found: TableMatch,
  of: PriceMatch["of"],
  scope: string,
  table: PriceTable,
): PriceMatch {
  return {
    ...found,
    of,
    provider: canonicalProvider(scope),
    table: table.name,
    source: table.source,
    date: found.entry.date ?? table.date,
  };
}
