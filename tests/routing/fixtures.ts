/** Configs, facts and readers for the tests of routing. @module */

import { type Config, configSchema } from "../../src/config/schema.ts";
import { parseTarget } from "../../src/config/targets.ts";
import type { TargetRef } from "../../src/exchange/decision.ts";
import { readQuestion } from "../../src/http/explain.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import type { TargetPerformance } from "../../src/providers/window.ts";
import type { RequestFacts } from "../../src/routing/facts.ts";
import type { JsonObject } from "../../src/support/json.ts";

/** A question as `POST /api/routing/explain` takes it. */
export interface Question {
  readonly endpoint?: string;
  readonly body?: JsonObject;
  readonly client?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes a config of `sections`; every provider that is only named is a simulator. */
export function configOf(sections: Record<string, unknown>): Config {
  return configSchema.parse({
    providers: { a: { simulator: {} }, b: { simulator: {} } },
    ...sections,
  });
}

/** Makes the facts of a request; the body is a chat request for `m` unless given. */
export function factsFor(
  { endpoint, body, client, headers }: Question = {},
  config: Config = configOf({}),
): RequestFacts {
  return readQuestion({
    endpoint: endpoint ?? "/v1/chat/completions",
    body: {
      model: "m",
      messages: [{ role: "user", content: "hello" }],
      ...body,
    },
    client,
    headers: { ...headers },
  }, { config: () => config, protocols: PROTOCOLS }).facts;
}

/** Makes a target of `provider/model`. */
export function targetOf(id: string): TargetRef {
  const target = parseTarget(id);
  if (target === null) throw new Error(`Cannot test: ${id} is no target`);
  return target;
}

/** Makes what is known of a target, all answered and with ordinary numbers unless given. */
export function performanceOf(
  given: Partial<TargetPerformance> = {},
): TargetPerformance {
  const requests = given.requests ?? 10;
  const answered = given.answered ?? requests;
  const known = answered > 0;
  return {
    requests,
    answered,
    successRate: (answered + 1) / (requests + 1),
    p50Ms: known ? 1000 : null,
    p95Ms: known ? 2000 : null,
    firstContentP50Ms: known ? 200 : null,
    firstContentP95Ms: known ? 400 : null,
    tokensPerSecond: known ? 50 : null,
    tokens: answered * 100,
    costPer1M: null,
    ...given,
  };
}
