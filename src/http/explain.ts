/**
 * What would become of a request: it is checked and decided as a real one
 * would be, and nobody is called.
 *
 * @module
 */

import type { Config } from "../config/schema.ts";
import type { ClientRequest } from "../exchange/client.ts";
import { type ClientIdentity, Exchange } from "../exchange/exchange.ts";
import { invalidField, RequestError } from "../exchange/gateway_error.ts";
import type { TargetRef } from "../exchange/decision.ts";
import { protocolFor } from "../relay/bodies.ts";
import { factsOf } from "../relay/facts.ts";
import type { Inbound } from "../relay/inbound.ts";
import { mustEstimate } from "../relay/other_operations.ts";
import type { DescribedProvider, Protocols } from "../relay/outbound.ts";
import { lossTexts, prepareTarget } from "../relay/prepare_target.ts";
import { refersBack } from "../relay/responses_state.ts";
import {
  type Explanation,
  explanationOf,
  type ForeseenBody,
} from "../routing/explanation.ts";
import type { RequestFacts } from "../routing/facts.ts";
import type { Router } from "../routing/router.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import { scanJson } from "../support/json_scan.ts";
import { checkRequest, INFERENCE_WATCH } from "./check_request.ts";
import {
  INFERENCE_ENDPOINTS,
  type InferenceEndpoint,
  ScannedInbound,
} from "./inference.ts";
import { type Route, WRITE_LIMITS } from "./route.ts";
import { decodeUtf8, encodeUtf8 } from "../support/utf8.ts";

/** What a request is explained with. */
export interface ExplainDependencies {
  /** The config of this moment. */
  config(): Config;
  /** The router of this moment. */
  router(): Router;
  /** The codecs. */
  readonly protocols: Protocols;
  /** A provider by id, or a registered head. */
  provider(id: string): DescribedProvider | undefined;
}

/** Makes `POST /api/routing/explain`. */
export function explainRoutes(deps: ExplainDependencies): Route[] {
  return [{
    method: "POST",
    path: "/api/routing/explain",
    scope: "admin",
    protocol: null,
    // The request that is explained may be as long as one that is sent.
    limits: { ...WRITE_LIMITS, maxBodyBytes: 0 },
    handler: (_context, request, response) => {
      const question: unknown = JSON.parse(
        decodeUtf8(request.body),
      );
      const explanation = explainQuestion(question, deps);
      response.send(
        200,
        ["content-type", "application/json", "cache-control", "no-store"],
        JSON.stringify(explanation),
      );
    },
  }];
}

/**
 * Explains `{"endpoint", "body", "client"?, "headers"?}`.
 *
 * @throws {RequestError} for a question, or a request in it, that is wrong
 */
export function explainQuestion(
  question: unknown,
  deps: ExplainDependencies,
): Explanation {
  const asked = readQuestion(question, deps);
  const explained = deps.router().explain(asked.facts);
  const { alias } = explained.decision;
  return explanationOf(
    explained,
    asked.facts,
    (target) => foresee(asked, target, alias, deps),
  );
}

/** Prepares the body for a target as the relay would, and throws it away. */
function foresee(
  { exchange, inbound }: AskedRequest,
  target: TargetRef,
  alias: string | null,
  { config, protocols, provider: find }: ExplainDependencies,
): ForeseenBody | null {
  const provider = find(target.provider);
  if (provider === undefined || mustEstimate(exchange, provider)) return null;
  const { models, responses, routing } = config();
  // What is kept of the conversation stands in nobody's body but the relay's.
  if (responses.store && refersBack(inbound.json())) return null;
  const outbound = {
    exchange,
    inbound,
    target,
    provider,
    protocols,
    conversation: null,
  };
  const onLoss = (alias === null ? null : models.get(alias)?.onLoss) ??
    routing.onLoss;
  const result = prepareTarget(outbound, onLoss, (error) => {
    throw error;
  });
  return {
    protocol: protocolFor(provider, exchange.protocol),
    losses: result.kind === "prepared" ? lossTexts(result.prepared) : [],
    refusal: result.kind === "refused" ? result.error : null,
  };
}

/** A request in a question, read by the path that requests take. */
export interface AskedRequest {
  /** Its exchange, which never begins. */
  readonly exchange: Exchange;
  /** What was sent. */
  readonly inbound: Inbound;
  /** What routing asks of it. */
  readonly facts: RequestFacts;
}

/**
 * Reads a question.
 *
 * @throws {RequestError} for a question, or a request in it, that is wrong
 */
export function readQuestion(
  question: unknown,
  deps: Pick<ExplainDependencies, "config" | "protocols">,
): AskedRequest {
  if (!isJsonObject(question)) {
    throw invalidField(
      "body",
      "Cannot explain: the question is no object, send endpoint and body",
    );
  }
  const config = deps.config();
  const endpoint = endpointOf(question["endpoint"]);
  const client = clientOf(question["client"], config);
  const request = requestOf(question, endpoint);
  const { limits } = config.server;
  const scan = scanJson(request.body, {
    maxDepth: limits.maxJsonDepth,
    maxTokens: limits.maxJsonTokens,
  }, INFERENCE_WATCH);
  if (!scan.ok) {
    throw invalidField(
      "body",
      `Cannot explain: the body is beyond the limits (${scan.errorKind})`,
    );
  }
  const { protocol, operation } = endpoint;
  const error = checkRequest(request.body, scan, protocol, operation, limits);
  if (error !== null) throw new RequestError(error);
  const exchange = exchangeOf(endpoint, client);
  exchange.requestedModel = scan.model ?? "";
  exchange.stream = operation === "generate" && scan.stream === true;
  const { protocols } = deps;
  const inbound = new ScannedInbound(
    request,
    scan,
    protocols,
    protocol,
    { bodyHeld: false, releaseBody: () => {} },
  );
  return { exchange, inbound, facts: factsOf(exchange, inbound) };
}

function endpointOf(name: unknown): InferenceEndpoint {
  const found = INFERENCE_ENDPOINTS.find(({ path, protocol, operation }) =>
    name === path || (name === protocol && operation === "generate")
  );
  if (found !== undefined) return found;
  const paths = INFERENCE_ENDPOINTS.map(({ path }) => path);
  throw invalidField(
    "endpoint",
    `Cannot explain: endpoint is ${shown(name)}, give one of ${
      paths.join(", ")
    }`,
  );
}

function clientOf(name: unknown, config: Config): ClientIdentity {
  if (name === undefined || name === null || name === "local") {
    return {
      name: "local",
      tier: config.clients.get("local")?.tier ?? "default",
    };
  }
  const client = typeof name === "string"
    ? config.clients.get(name)
    : undefined;
  if (typeof name === "string" && client !== undefined) {
    return { name, tier: client.tier };
  }
  const known = [...config.clients.keys()];
  throw invalidField(
    "client",
    `Cannot explain: client ${shown(name)} does not exist, ${
      known.length === 0
        ? "no clients are configured: leave it out"
        : `give one of ${known.join(", ")}`
    }`,
  );
}

function requestOf(
  question: JsonObject,
  { path }: InferenceEndpoint,
): ClientRequest {
  const { body } = question;
  if (!isJsonObject(body)) {
    throw invalidField(
      "body",
      "Cannot explain: body is no object, send the request's body as JSON",
    );
  }
  const headers = headersOf(question["headers"]);
  return {
    method: "POST",
    path,
    query: "",
    header: (name) => headers.get(name) ?? null,
    rawHeaders: [...headers].flat(),
    body: encodeUtf8(JSON.stringify(body)),
  };
}

function headersOf(value: unknown): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return new Map();
  if (!isJsonObject(value)) {
    throw invalidField(
      "headers",
      "Cannot explain: headers is no object of names and values",
    );
  }
  return new Map(
    Object.entries(value).map(([name, text]) => {
      if (typeof text === "string") return [name.toLowerCase(), text];
      throw invalidField(
        "headers",
        `Cannot explain: header ${shown(name)} is no text`,
      );
    }),
  );
}

function exchangeOf(
  { path, protocol, operation }: InferenceEndpoint,
  client: ClientIdentity,
): Exchange {
  return new Exchange({
    id: "explain",
    receivedAtMs: 0,
    startedMs: 0,
    endpoint: path,
    protocol,
    operation,
    client,
    clientIp: "",
    clientRequestId: null,
  });
}

function shown(value: unknown): string {
  return value === undefined
    ? "missing"
    : (JSON.stringify(value) ?? "").slice(0, 80);
}
