/**
 * What a requested name stands for: an explicit target, what
 * a rule says, an alias, or a model that exactly one provider lists.
 *
 * @module
 */

import { parseTarget } from "../config/targets.ts";
import type { Config } from "../config/schema.ts";
import type { ResolvedBy, TargetRef } from "../exchange/decision.ts";
import type { ProviderProfile } from "../providers/profile.ts";
import type { RequestFacts } from "./facts.ts";
import { compileRules, type Rule } from "./rules.ts";

/** What a name stands for. */
export type Resolution =
  | {
    readonly kind: "target";
    readonly by: ResolvedBy;
    readonly target: TargetRef;
    /** Index of the rule that led there, `null` if none did. */
    readonly rule: number | null;
  }
  | {
    readonly kind: "alias";
    readonly by: ResolvedBy;
    readonly alias: string;
    /** Index of the rule that led there, `null` if none did. */
    readonly rule: number | null;
  }
  | { readonly kind: "ambiguous"; readonly providers: readonly string[] }
  | { readonly kind: "unknown" };

/** Resolves names by one config. */
export class NameResolver {
  readonly #aliases: ReadonlySet<string>;
  readonly #providers: ReadonlyMap<string, ProviderProfile>;
  readonly #rules: readonly Rule[];
  readonly #head: (id: string) => ProviderProfile | null;
  readonly #listedBy = new Map<string, string[]>();

  /** Compiles the rules and indexes what providers list; `head` finds registered back ends. */
  constructor(
    config: Config,
    providers: ReadonlyMap<string, ProviderProfile>,
    head: (id: string) => ProviderProfile | null = () => null,
  ) {
    this.#head = head;
    this.#aliases = new Set(config.models.keys());
    this.#providers = providers;
    this.#rules = compileRules(config.rules);
    for (const provider of providers.values()) {
      for (const model of provider.models ?? []) {
        const listed = this.#listedBy.get(model) ?? [];
        listed.push(provider.id);
        this.#listedBy.set(model, listed);
      }
    }
  }

  /** Resolves the requested name of `facts`. */
  resolve(facts: RequestFacts): Resolution {
    const explicit = this.#explicit(facts.model);
    if (explicit !== null) {
      return { kind: "target", by: "explicit", target: explicit, rule: null };
    }
    const rule = this.#rules.findIndex((one) => one.matches(facts));
    const use = this.#rules[rule]?.use;
    if (use !== undefined) return this.#use(use, facts.model, rule);
    if (this.#aliases.has(facts.model)) {
      return { kind: "alias", by: "alias", alias: facts.model, rule: null };
    }
    return this.#listed(facts.model);
  }

  /** `provider/model`, or `provider,model` as existing clients send it. */
  #explicit(name: string): TargetRef | null {
    for (const separator of ["/", ","]) {
      const at = name.indexOf(separator);
      if (at <= 0) continue;
      const id = name.slice(0, at);
      const provider = this.#providers.get(id) ?? this.#head(id);
      const model = name.slice(at + 1);
      if (provider === null || model === "") continue;
      if (provider.models !== null && !provider.models.has(model)) continue;
      return { id: `${provider.id}/${model}`, provider: provider.id, model };
    }
    return null;
  }

  /** Resolves a name that the config uses in place of `requested`: an alias, a target or `provider/*`. */
  named(name: string, requested: string): Resolution {
    return this.#use(name, requested, null);
  }

  #use(use: string, requested: string, rule: number | null): Resolution {
    const by = rule === null ? "budget" : "rule";
    if (this.#aliases.has(use)) {
      return { kind: "alias", by, alias: use, rule };
    }
    const target = parseTarget(use);
    if (target === null) return { kind: "unknown" };
    if (target.model !== "*") {
      return { kind: "target", by, target, rule };
    }
    return {
      kind: "target",
      by,
      rule,
      target: {
        id: `${target.provider}/${requested}`,
        provider: target.provider,
        model: requested,
      },
    };
  }

  #listed(name: string): Resolution {
    const [provider, ...others] = this.#listedBy.get(name) ?? [];
    if (provider === undefined) return { kind: "unknown" };
    if (others.length > 0) {
      return { kind: "ambiguous", providers: [provider, ...others] };
    }
    const target = { id: `${provider}/${name}`, provider, model: name };
    return { kind: "target", by: "listed", target, rule: null };
  }
}
