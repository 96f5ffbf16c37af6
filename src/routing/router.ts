/**
 * Names the targets of a request, in order and with the reasons: the name is
 * resolved, targets that cannot or may not serve are left out, selectors put
 * the rest of each group in order. Explaining is the same, remembering nothing.
 *
 * @module
 */

import type { Config } from "../config/schema.ts";
import type { Decision, ResolvedBy, TargetRef } from "../exchange/decision.ts";
import { type GatewayError, RequestError } from "../exchange/gateway_error.ts";
import {
  type ProviderProfile,
  providerProfiles,
} from "../providers/profile.ts";
import { matchesWildcard } from "../support/wildcard.ts";
import { affinityKey, type AffinitySettings } from "./affinity.ts";
import { Choice } from "./choice.ts";
import { knownTarget } from "./eligibility.ts";
import type { RequestFacts } from "./facts.ts";
import { NO_READERS, type RoutingReaders } from "./readers.ts";
import { allResting, notAllowed, notFound, unable } from "./refusals.ts";
import { NameResolver, type Resolution } from "./resolve.ts";
import { directGroup, type RouteGroup, routeGroups } from "./route_groups.ts";
import {
  type AffinityLookup,
  type DecisionNotes,
  RoutingState,
} from "./routing_state.ts";
import type { Turns } from "./selector.ts";

/** What a router is made with. */
export interface RouterOptions {
  /** What is remembered between decisions; several routers in turn may share one. @default {new RoutingState()} */
  readonly state?: RoutingState;
  /** What others know. @default {NO_READERS} */
  readonly readers?: Partial<RoutingReaders>;
}

/** A decision with what was noted beside it. */
export interface Explained {
  /** The decision. */
  readonly decision: Decision;
  /** What a live decision would have left behind. */
  readonly notes: DecisionNotes;
}

/** Where the targets come from, and how one of them is remembered. */
interface Route {
  readonly alias: string | null;
  readonly by: ResolvedBy;
  readonly rule: number | null;
  readonly groups: readonly RouteGroup[];
  readonly modelType: string | null;
  readonly onLoss: "header" | "reject";
  readonly affinity: AffinitySettings | null;
}

/** An alias, made ready. */
type AliasRoute = Omit<Route, "by" | "rule">;

/** Decides by one config. */
export class Router {
  readonly #config: Config;
  readonly #profiles: ReadonlyMap<string, ProviderProfile>;
  readonly #names: NameResolver;
  readonly #aliases: ReadonlyMap<string, AliasRoute>;
  readonly #anyCached: boolean;
  readonly #state: RoutingState;
  readonly #readers: RoutingReaders;

  /** Makes names, rules, aliases and allow-lists ready. */
  constructor(config: Config, options: RouterOptions = {}) {
    this.#config = config;
    this.#profiles = providerProfiles(config.providers);
    this.#aliases = aliasRoutes(config, this.#profiles);
    this.#anyCached = [...config.models.values()].some(({ cache }) => cache);
    this.#state = options.state ?? new RoutingState();
    this.#readers = { ...NO_READERS, ...options.readers };
    this.#names = new NameResolver(
      config,
      this.#profiles,
      (id) => this.#readers.head(id),
    );
  }

  /** Decides for one request, and remembers that it did. */
  decide(facts: RequestFacts): Decision {
    const { decision, notes } = this.#attempt(facts, true);
    this.#state.decided(decision, notes);
    return decision;
  }

  /** Decides for a request that goes to an alias or target instead of what it asked for: no rules, no allow-list. */
  divert(facts: RequestFacts, name: string): Decision {
    const { decision, notes } = this.#guarded(facts, () => {
      const resolution = this.#names.named(name, facts.model);
      const route = this.#route(resolution);
      return route === null
        ? refused(facts.model, unresolved(name, resolution))
        : this.#choose(facts, route, true);
    });
    this.#state.decided(decision, notes);
    return decision;
  }

  /**
   * Names the alias of a request whose answer may be given again, as the
   * decision of nobody that such an answer stands for; `null` for all others.
   *
   * @throws {RequestError} for a body that a rule cannot read
   */
  settle(facts: RequestFacts): Decision | null {
    if (!this.#anyCached) return null;
    if (!mayAskFor(this.#config, facts.client.name, facts.model)) return null;
    const resolution = this.#names.resolve(facts);
    if (resolution.kind !== "alias") return null;
    const { alias, by } = resolution;
    if (this.#config.models.get(alias)?.cache !== true) return null;
    const strategy = this.#aliases.get(alias)?.groups[0]?.strategy ?? "none";
    return {
      requestedModel: facts.model,
      alias,
      resolvedBy: by,
      strategy: typeof strategy === "string"
        ? strategy
        : strategy(this.#readers),
      order: [],
      excluded: [],
      refusal: null,
    };
  }

  /** Tells what {@linkcode Router.decide} would decide now. */
  explain(facts: RequestFacts): Explained {
    const explained = this.#attempt(facts, false);
    this.#state.note(explained.decision, explained.notes);
    return explained;
  }

  /** Takes the place of an attempt at a target of a live decision; `false` if it may not be made now. */
  admit(decision: Decision, target: TargetRef): boolean {
    const lastResort = this.#state.notesOf(decision)?.lastResort ?? false;
    return this.#readers.admit(target, lastResort);
  }

  /** Facts are found out on the way: a body that cannot be read is refused here. */
  #attempt(facts: RequestFacts, live: boolean): Explained {
    return this.#guarded(facts, () => this.#decide(facts, live));
  }

  #guarded(facts: RequestFacts, decide: () => Explained): Explained {
    try {
      return decide();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return refused(facts.model, error.error);
    }
  }

  #decide(facts: RequestFacts, live: boolean): Explained {
    const { name } = facts.client;
    if (!mayAskFor(this.#config, name, facts.model)) {
      return refused(facts.model, notAllowed(name, facts.model));
    }
    const resolution = this.#names.resolve(facts);
    const route = this.#route(resolution);
    return route === null
      ? refused(facts.model, unresolved(facts.model, resolution))
      : this.#choose(facts, route, live);
  }

  #route(resolution: Resolution): Route | null {
    if (resolution.kind === "alias") {
      const { by, rule } = resolution;
      const alias = this.#aliases.get(resolution.alias);
      return alias === undefined ? null : { ...alias, by, rule };
    }
    if (resolution.kind !== "target") return null;
    const { target, by, rule } = resolution;
    const profile = this.#profiles.get(target.provider) ??
      this.#readers.head(target.provider);
    if (profile === null) return null;
    const words = rule === null ? WORDS[by] : `Named by rules[${rule}]`;
    return {
      alias: null,
      by,
      rule,
      groups: [directGroup(knownTarget(target, profile), words)],
      modelType: null,
      onLoss: this.#config.routing.onLoss,
      affinity: null,
    };
  }

  #choose(facts: RequestFacts, route: Route, live: boolean): Explained {
    const lookup = this.#lookup(facts, route);
    const choice = new Choice({
      groups: route.groups,
      facts,
      readers: this.#readers,
      settings: this.#config.routing,
      onLoss: route.onLoss,
      random: live ? this.#state.random : this.#state.random.clone(),
      remembered: lookup?.remembered ?? null,
      turns: (group) => this.#turns(route.alias, group, live),
    });
    const decision: Decision = {
      requestedModel: facts.model,
      alias: route.alias,
      resolvedBy: route.by,
      strategy: choice.strategy,
      order: choice.order,
      excluded: choice.excluded,
      refusal: choice.order.length > 0 ? null : refusalOf(facts.model, choice),
    };
    const affinity = lookup === null ? null : {
      table: lookup.table,
      key: lookup.key,
      hit: choice.hit,
    };
    const notes = this.#notes(decision, route, affinity, choice.lastResort);
    return { decision, notes };
  }

  #lookup(
    facts: RequestFacts,
    { alias, affinity }: Route,
  ): (Omit<AffinityLookup, "hit"> & { remembered: string | null }) | null {
    if (alias === null || affinity === null) return null;
    const key = affinityKey(facts, affinity);
    if (key === null) return null;
    const table = this.#state.table(alias, affinity);
    return { table, key, remembered: table.peek(key, this.#state.nowMs) };
  }

  #turns(alias: string | null, group: number, live: boolean): Turns {
    if (alias === null) return new Map();
    const turns = this.#state.turns(alias, group);
    return live ? turns : new Map(turns);
  }

  #notes(
    decision: Decision,
    route: Route,
    affinity: AffinityLookup | null,
    lastResort: boolean,
  ): DecisionNotes {
    const chosen = decision.order[0];
    const known = chosen === undefined
      ? undefined
      : route.groups[chosen.group]?.targets(this.#readers)
        .find(({ target }) => target.id === chosen.target.id);
    return {
      rule: route.rule,
      modelType: route.modelType ?? known?.modelType ?? "default",
      region: known?.region ?? "default",
      affinity,
      lastResort,
    };
  }
}

const WORDS: { readonly [By in ResolvedBy]: string } = {
  explicit: "Asked for by name",
  rule: "Named by a rule",
  alias: "Asked for by name",
  listed: "The only provider that lists the model",
  default: "The default",
  budget: "Used instead because a budget is used up",
  none: "",
};

function aliasRoutes(
  config: Config,
  profiles: ReadonlyMap<string, ProviderProfile>,
): ReadonlyMap<string, AliasRoute> {
  return new Map(
    [...config.models].map(([name, alias]) => [name, {
      alias: name,
      groups: routeGroups(alias, profiles),
      modelType: alias.modelType,
      onLoss: alias.onLoss ?? config.routing.onLoss,
      affinity: alias.affinity,
    }]),
  );
}

/** Whether a client's allow-list has the name (of the requested one only). */
export function mayAskFor(
  config: Config,
  client: string,
  model: string,
): boolean {
  const patterns = config.clients.get(client)?.models ?? null;
  return patterns === null ||
    patterns.some((pattern) => matchesWildcard(pattern, model));
}

function refusalOf(model: string, choice: Choice): GatewayError {
  return choice.resting.length > 0
    ? allResting(model, choice.resting)
    : unable(model, choice.excluded);
}

function unresolved(model: string, resolution: Resolution): GatewayError {
  if (resolution.kind !== "ambiguous") {
    return notFound(
      model,
      "no alias or provider has it; GET /v1/models lists what there is",
    );
  }
  const names = resolution.providers.map((id) => `${id}/${model}`);
  return notFound(
    model,
    `several providers list it: ask for one of ${names.join(", ")}`,
  );
}

function refused(requestedModel: string, refusal: GatewayError): Explained {
  const decision: Decision = {
    requestedModel,
    alias: null,
    resolvedBy: "none",
    strategy: "none",
    order: [],
    excluded: [],
    refusal,
  };
  const notes: DecisionNotes = {
    rule: null,
    modelType: "default",
    region: "default",
    affinity: null,
    lastResort: false,
  };
  return { decision, notes };
}
