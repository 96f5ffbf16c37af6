/** One table of prices: where it is from, how old it is, and what it lists. @module */

import type { CostSource } from "../exchange/cost.ts";
import {
  type MatchRule,
  type NameCandidate,
  nameCandidates,
  splitPriceKey,
} from "./model_names.ts";
import type { NamePattern } from "./name_pattern.ts";
import type { PriceEntry } from "./price_entry.ts";
import { canonicalProvider, isKnownProvider } from "./provider_names.ts";

/** An entry that may not have been compiled yet. */
export interface EntrySource {
  /** Other names of the model. */
  readonly aliases: readonly string[];
  /** Names that the table means by it beside. */
  readonly pattern?: NamePattern | null;
  /** The entry. */
  readonly entry: PriceEntry;
}

/** What a table is made of. */
export interface PriceTableContent {
  /** Name for people: `embedded`, `config`, a file. */
  readonly name: string;
  /** What costs that come from it are marked with. */
  readonly source: CostSource;
  /** The day as of which it holds, `null` if unsaid. */
  readonly date: string | null;
  /** Entries by `provider/model`, or by model where any provider is meant. */
  readonly entries: ReadonlyMap<string, EntrySource>;
}

/** An entry that was found in a table. */
export interface TableMatch {
  /** The key in the table, as written there. */
  readonly key: string;
  /** The entry. */
  readonly entry: PriceEntry;
  /** What led to it. */
  readonly rule: MatchRule;
}

/** An entry of the table, with its name taken apart. */
export interface TableRow {
  /** The key as written. */
  readonly key: string;
  /** Canonical provider, `null` for any. */
  readonly provider: string | null;
  /** Model, lower case. */
  readonly model: string;
  /** The entry. */
  readonly source: EntrySource;
}

/** A table with its index. Immutable. */
export class PriceTable {
  /** Name for people. */
  readonly name: string;
  /** What costs that come from it are marked with. */
  readonly source: CostSource;
  /** The day as of which it holds, `null` if unsaid. */
  readonly date: string | null;
  /** Every entry. */
  readonly rows: readonly TableRow[];
  readonly #scoped: Map<string, TableRow> = new Map();
  readonly #aliases: Map<string, TableRow> = new Map();
  readonly #byModel: Map<string, TableRow[]> = new Map();
  readonly #patterns: Map<string, TableRow[]> = new Map();

  /** Indexes a table. `isProvider` tells provider names from the first part of a model name. */
  constructor(
    content: PriceTableContent,
    isProvider: (name: string) => boolean = isKnownProvider,
  ) {
    this.name = content.name;
    this.source = content.source;
    this.date = content.date;
    const rows: TableRow[] = [];
    for (const [key, source] of content.entries) {
      const { provider, model } = splitPriceKey(key, isProvider);
      rows.push({ key, provider, model, source });
    }
    this.rows = rows;
    for (const row of rows) this.#index(row);
  }

  #index(row: TableRow): void {
    const scopes = row.provider === null
      ? ["*"]
      : [row.provider, canonicalProvider(row.provider)];
    for (const scope of scopes) {
      const place = `${scope}/${row.model}`;
      if (!this.#scoped.has(place)) this.#scoped.set(place, row);
      for (const named of row.source.aliases) {
        const { model } = splitPriceKey(
          named,
          (name) => canonicalProvider(name) === scope,
        );
        const alias = `${scope}/${model}`;
        if (!this.#aliases.has(alias)) this.#aliases.set(alias, row);
      }
    }
    add(this.#byModel, row.model, row);
    if (row.source.pattern && row.provider !== null) {
      add(this.#patterns, canonicalProvider(row.provider), row);
    }
  }

  /** Finds a model at a provider (`*`: the entries for any provider), by the first rule that fits. */
  find(provider: string, model: string): TableMatch | null {
    let respelt = false;
    for (const candidate of nameCandidates(provider, model)) {
      if (candidate.rule === "spelling" && !respelt) {
        respelt = true;
        const meant = this.#meant(provider, model);
        if (meant !== null) return meant;
      }
      const row = this.#lookUp(provider, candidate);
      if (row !== null) return row;
    }
    return respelt ? null : this.#meant(provider, model);
  }

  /** What the table says itself of names that it does not list. */
  #meant(provider: string, model: string): TableMatch | null {
    const rows = this.#patterns.get(provider);
    if (rows === undefined) return null;
    for (const { name, rule } of nameCandidates(provider, model)) {
      if (rule !== "exact" && rule !== "prefix") continue;
      const row = rows.find(({ source }) => source.pattern?.(name));
      if (row === undefined) continue;
      return { key: row.key, entry: row.source.entry, rule: "pattern" };
    }
    return null;
  }

  #lookUp(provider: string, candidate: NameCandidate): TableMatch | null {
    const place = `${provider}/${candidate.name}`;
    const row = this.#scoped.get(place);
    if (row !== undefined) {
      return { key: row.key, entry: row.source.entry, rule: candidate.rule };
    }
    const aliased = this.#aliases.get(place);
    if (aliased === undefined) return null;
    const rule = candidate.rule === "exact" ? "alias" : candidate.rule;
    return { key: aliased.key, entry: aliased.source.entry, rule };
  }

  /** Every entry that lists this very name, at whatever provider. */
  listing(model: string): readonly TableRow[] {
    return this.#byModel.get(model) ?? [];
  }
}

function add<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
