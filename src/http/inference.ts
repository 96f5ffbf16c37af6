/** The glue between a route and the relay: checks, makes the exchange, starts it. @module */

import type { ClientRequest } from "../exchange/client.ts";
import { Exchange } from "../exchange/exchange.ts";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { Operation, ProtocolName } from "../exchange/names.ts";
import type { CanonicalRequest } from "../protocols/canonical.ts";
import type { Protocols } from "../relay/outbound.ts";
import type { Inbound } from "../relay/inbound.ts";
import type { Relay } from "../relay/relay.ts";
import type { Snapshot } from "../relay/snapshot.ts";
import type { RequestFacts } from "../routing/facts.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import type { JsonScan } from "../support/json_scan.ts";
import { checkRequest, type RequestLimits } from "./check_request.ts";
import {
  INFERENCE_LIMITS,
  type RequestContext,
  type Route,
  type RouteHandler,
} from "./route.ts";
import { decodeUtf8 } from "../support/utf8.ts";

/** What the inference routes need. */
export interface InferenceDependencies {
  /** The relay. */
  readonly relay: Relay;
  /** The codecs. */
  readonly protocols: Protocols;
  /** Limits on what a request may hold. */
  limits(): RequestLimits;
  /** The configuration of this moment; an exchange keeps its own to the end. */
  snapshot(): Snapshot;
}

/** A route that calls a model. */
export interface InferenceEndpoint {
  /** Its path. */
  readonly path: string;
  /** The client's protocol. */
  readonly protocol: ProtocolName;
  /** What is asked for. */
  readonly operation: Operation;
}

/** The routes that call a model. */
export const INFERENCE_ENDPOINTS: readonly InferenceEndpoint[] = [
  { path: "/v1/chat/completions", protocol: "chat", operation: "generate" },
  { path: "/v1/messages", protocol: "messages", operation: "generate" },
  { path: "/v1/responses", protocol: "responses", operation: "generate" },
  {
    path: "/v1/messages/count_tokens",
    protocol: "messages",
    operation: "count-tokens",
  },
  {
    path: "/v1/responses/input_tokens",
    protocol: "responses",
    operation: "count-tokens",
  },
  { path: "/v1/embeddings", protocol: "chat", operation: "embeddings" },
];

/** The paths of the routes that call a model. */
export const INFERENCE_PATHS: readonly string[] = INFERENCE_ENDPOINTS.map((
  { path },
) => path);

/** Makes the routes that call a model. */
export function inferenceRoutes(deps: InferenceDependencies): Route[] {
  return INFERENCE_ENDPOINTS.map(({ path, protocol, operation }) => ({
    method: "POST",
    path,
    scope: "inference",
    protocol,
    limits: INFERENCE_LIMITS,
    handler: inferenceHandler(deps, protocol, operation),
  }));
}

function inferenceHandler(
  deps: InferenceDependencies,
  protocol: ProtocolName,
  operation: Operation,
): RouteHandler {
  return function inference(context, request, response) {
    const scan = context.scan;
    if (scan === null) {
      throw new TypeError("Cannot relay: the body was not scanned");
    }
    const error = checkRequest(
      request.body,
      scan,
      protocol,
      operation,
      deps.limits(),
    );
    if (error !== null) throw new RequestError(error);
    const exchange = makeExchange(context, protocol, operation);
    exchange.requestedModel = scan.model ?? "";
    exchange.stream = operation === "generate" && scan.stream === true;
    exchange.bytesIn = request.body.length;
    const inbound = new ScannedInbound(
      request,
      scan,
      deps.protocols,
      protocol,
      context,
    );
    context.running = deps.relay
      .run(deps.snapshot(), exchange, inbound, response);
  };
}

function makeExchange(
  context: RequestContext,
  protocol: ProtocolName,
  operation: Operation,
): Exchange {
  return new Exchange({
    id: context.id,
    receivedAtMs: context.receivedAtMs,
    startedMs: context.startedMs,
    endpoint: context.route.path,
    protocol,
    operation,
    client: context.client,
    clientIp: context.clientIp,
    clientRequestId: context.clientRequestId,
  });
}

// Everything else of the client's headers stays here.
const FORWARDED: readonly string[] = [
  "anthropic-version",
  "anthropic-beta",
  "openai-beta",
  "traceparent",
  "idempotency-key",
];
const MAX_FORWARDED_BYTES = 1024;

/** Where the memory of a body is counted. */
export type BodyMemory = Pick<RequestContext, "bodyHeld" | "releaseBody">;

/** A client's request, parsed and decoded only if somebody asks. */
export class ScannedInbound implements Inbound {
  /** The body as it came. */
  readonly body: Uint8Array;
  /** The client's query with its `?`, or "". */
  readonly query: string;
  /** All headers as they came, alternating. */
  readonly rawHeaders: readonly string[];
  /** Headers that may go upstream. */
  readonly headers: readonly string[];
  /** What the scan found. */
  readonly scan: JsonScan;
  /** What is known of it, `null` until somebody asks. */
  facts: RequestFacts | null = null;
  readonly #request: ClientRequest;
  readonly #protocols: Protocols;
  readonly #protocol: ProtocolName;
  readonly #memory: BodyMemory;
  #json: JsonObject | null = null;
  #canonical: CanonicalRequest | null = null;

  /** Takes a request that was scanned; its body counts in `memory`. */
  constructor(
    request: ClientRequest,
    scan: JsonScan,
    protocols: Protocols,
    protocol: ProtocolName,
    memory: BodyMemory,
  ) {
    this.#request = request;
    this.body = request.body;
    this.query = forwardedQuery(request.query);
    this.rawHeaders = request.rawHeaders;
    this.headers = forwardedHeaders(request);
    this.scan = scan;
    this.#memory = memory;
    this.#protocols = protocols;
    this.#protocol = protocol;
  }

  /** Gives the body's memory back. */
  release(): void {
    this.#memory.releaseBody();
  }

  /** Counts the body's memory until it is released. */
  keep(): void {
    this.#memory.bodyHeld = true;
  }

  /** Whether a chat client asked for the usage chunk. */
  get wantsUsage(): boolean {
    if (!this.scan.fields.has("stream_options")) return false;
    const options = this.json()["stream_options"];
    return isJsonObject(options) && options["include_usage"] === true;
  }

  /** A header's value by lower-case name. */
  header(name: string): string | null {
    return this.#request.header(name);
  }

  /** The body parsed, once and on demand. */
  json(): JsonObject {
    this.#json ??= parseBody(this.body);
    return this.#json;
  }

  /** The body in canonical form, once and on demand. */
  canonical(): CanonicalRequest {
    this.#canonical ??= this.#protocols[this.#protocol]
      .decodeRequest(this.json());
    return this.#canonical;
  }
}

function parseBody(body: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(body));
  } catch {
    // The scan leaves escapes inside strings to this place; the parser's own
    // message would quote the input.
    value = null;
  }
  if (isJsonObject(value)) return value;
  throw new RequestError(
    gatewayError(
      "invalid_request",
      "Cannot read the body: it is not valid JSON",
    ),
  );
}

// Names under which callers put keys into URLs.
const CREDENTIAL_REGEXP =
  /^(?:[a-z_-]*(?:key|token|secret|password)|auth|authorization)$/i;

/** The client's query without what may be a credential of its own. */
function forwardedQuery(query: string): string {
  if (query === "") return query;
  const kept = query.slice(1).split("&").filter((pair) => {
    const name = pair.split("=")[0] ?? "";
    return pair !== "" && !CREDENTIAL_REGEXP.test(decoded(name));
  });
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function forwardedHeaders(request: ClientRequest): string[] {
  const headers: string[] = [];
  for (const name of FORWARDED) {
    const value = request.header(name);
    if (value === null) continue;
    if (value.length > MAX_FORWARDED_BYTES) {
      throw new RequestError(gatewayError(
        "invalid_request",
        `Cannot take the request: header ${name} has more than ${MAX_FORWARDED_BYTES} bytes`,
      ));
    }
    headers.push(name, value);
  }
  return headers;
}
