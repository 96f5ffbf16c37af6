/** Names the targets of a request, in order and with the reasons. @module */

import type { Config } from "../config/schema.ts";
import { aliasGroups } from "../config/targets.ts";
import type { Candidate, Decision } from "../exchange/decision.ts";
import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { Provider } from "../providers/provider.ts";
import { matchesWildcard } from "../support/wildcard.ts";
import type { RequestFacts } from "./facts.ts";
import { NameResolver, type Resolution } from "./resolve.ts";

/** Decides by one config. */
export class Router {
  readonly #config: Config;
  readonly #names: NameResolver;

  /** Compiles names, rules and allow-lists. */
  constructor(config: Config, providers: ReadonlyMap<string, Provider>) {
    this.#config = config;
    this.#names = new NameResolver(config, providers);
  }

  /** Decides for one request. */
  decide(facts: RequestFacts): Decision {
    if (!mayAskFor(this.#config, facts.client.name, facts.model)) {
      return refused(
        facts.model,
        gatewayError(
          "permission",
          `Client ${facts.client.name} may not use model ${facts.model}`,
          { code: "model_not_allowed", param: "model" },
        ),
      );
    }
    return this.#decision(facts, this.#names.resolve(facts));
  }

  #decision(facts: RequestFacts, resolution: Resolution): Decision {
    switch (resolution.kind) {
      case "target":
        return {
          requestedModel: facts.model,
          alias: null,
          resolvedBy: resolution.by,
          strategy: "direct",
          order: [{
            target: resolution.target,
            group: 0,
            score: null,
            reason: `Requested name resolved by ${resolution.by}`,
          }],
          excluded: [],
          refusal: null,
        };
      case "alias":
        return this.#aliasDecision(facts, resolution);
      case "ambiguous":
        return refused(
          facts.model,
          notFound(
            facts.model,
            `several providers list it: ask for one of ${
              resolution.providers.map((id) => `${id}/${facts.model}`).join(
                ", ",
              )
            }`,
          ),
        );
      case "unknown":
        return refused(
          facts.model,
          notFound(facts.model, "no alias or provider has it"),
        );
    }
  }

  #aliasDecision(
    facts: RequestFacts,
    resolution: Resolution & { kind: "alias" },
  ): Decision {
    const alias = this.#config.models.get(resolution.alias);
    const groups = alias === undefined ? [] : aliasGroups(alias);
    const order: Candidate[] = groups.flatMap((group, index) =>
      group.targets.map(({ target }) => ({
        target,
        group: index,
        score: null,
        reason: `In order, group ${index + 1}`,
      }))
    );
    return {
      requestedModel: facts.model,
      alias: resolution.alias,
      resolvedBy: resolution.by,
      strategy: groups[0]?.selector ?? "none",
      order,
      excluded: [],
      refusal: order.length > 0
        ? null
        : gatewayError("overloaded", `Alias ${resolution.alias} has no target`),
    };
  }
}

/** Whether a client's allow-list has the name (DECISIONS.md 31: the requested one only). */
export function mayAskFor(
  config: Config,
  client: string,
  model: string,
): boolean {
  const patterns = config.clients.get(client)?.models ?? null;
  return patterns === null ||
    patterns.some((pattern) => matchesWildcard(pattern, model));
}

function notFound(model: string, why: string): GatewayError {
  return gatewayError(
    "not_found",
    `Cannot find model ${model}: ${why}`,
    { code: "model_not_found", param: "model" },
  );
}

function refused(requestedModel: string, refusal: GatewayError): Decision {
  return {
    requestedModel,
    alias: null,
    resolvedBy: "none",
    strategy: "none",
    order: [],
    excluded: [],
    refusal,
  };
}
