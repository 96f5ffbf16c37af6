/** Limits, clients and a running server for the tests of the listener. @module */

import type {
  ClientRequest,
  ClientResponse,
} from "../../src/exchange/client.ts";
import type { GatewayError } from "../../src/exchange/gateway_error.ts";
import { configSchema } from "../../src/config/schema.ts";
import { keyDigest } from "../../src/config/client_keys.ts";
import { type AccessOptions, Authenticator } from "../../src/http/auth.ts";
import type { ListenerLimits } from "../../src/http/limits.ts";
import {
  INFERENCE_LIMITS,
  READ_LIMITS,
  type RequestContext,
  type Route,
  type RouteHandler,
  WRITE_LIMITS,
} from "../../src/http/route.ts";
import {
  createServer,
  type GatewayServer,
  type ServerOptions,
} from "../../src/http/server.ts";
import type { ProtocolName } from "../../src/exchange/names.ts";
import type { JsonObject } from "../../src/support/json.ts";

/** The documented defaults. */
export const LIMITS: ListenerLimits = configSchema.parse({}).server.limits;

/** Two tenants, one of them switched off, and an admin. */
export const ACCESS: AccessOptions = {
  clients: [
    {
      name: "ci",
      tier: "internal",
      enabled: true,
      keySha256: [keyDigest("key-ci"), keyDigest("key-ci-2")],
      concurrent: 0,
    },
    {
      name: "laptop",
      tier: "default",
      enabled: true,
      keySha256: [keyDigest("key-laptop")],
      concurrent: 2,
    },
    {
      name: "gone",
      tier: "default",
      enabled: false,
      keySha256: [keyDigest("key-gone")],
      concurrent: 0,
    },
  ],
  adminTokenSha256: keyDigest("token-admin"),
  metricsPublic: true,
  metricsTokenSha256: null,
  allowedHosts: ["gateway.example"],
  trustedProxies: [],
};

/** Shapes as the protocols define them: kind instead of the exact type. */
export function encodeError(
  protocol: ProtocolName | null,
  error: GatewayError,
  requestId: string,
): JsonObject {
  return protocol === "messages"
    ? {
      type: "error",
      error: { type: error.kind, message: error.message },
      request_id: requestId,
    }
    : {
      error: {
        message: error.message,
        type: error.kind,
        param: error.param,
        code: error.code,
      },
    };
}

/** Answers with what it was given. */
export function echo(
  context: RequestContext,
  request: ClientRequest,
  response: ClientResponse,
): void {
  const answer = {
    client: context.client.name,
    ip: context.clientIp,
    clientRequestId: context.clientRequestId,
    model: context.scan?.model ?? null,
    stream: context.scan?.stream ?? null,
    bytes: request.body.length,
    endpoint: context.route.path,
    id: context.parameter("id"),
  };
  response.send(
    200,
    ["content-type", "application/json"],
    JSON.stringify(answer),
  );
}

/** A table with something of every scope. */
export function routes(handler: RouteHandler = echo): Route[] {
  const inference = (path: string, protocol: ProtocolName): Route => ({
    method: "POST",
    path,
    scope: "inference",
    protocol,
    limits: INFERENCE_LIMITS,
    handler,
  });
  const read = (path: string, scope: Route["scope"]): Route => ({
    method: "GET",
    path,
    scope,
    protocol: null,
    limits: READ_LIMITS,
    handler: echo,
  });
  return [
    inference("/v1/chat/completions", "chat"),
    inference("/v1/messages", "messages"),
    inference("/v1/responses", "responses"),
    { ...read("/v1/models/{id}", "inference"), slashInParameter: true },
    read("/v1/responses/{id}", "inference"),
    read("/health", "public"),
    read("/metrics", "metrics"),
    read("/api/config", "admin"),
    {
      method: "POST",
      path: "/api/reload",
      scope: "admin",
      protocol: null,
      limits: WRITE_LIMITS,
      handler: echo,
    },
  ];
}

/** What the hooks of a server heard. */
export interface Heard {
  /** Limits that were hit, in order. */
  readonly limits: string[];
  /** Reasons of refused callers. */
  readonly refusals: string[];
  /** `METHOD endpoint status`. */
  readonly requests: string[];
}

/** A running server and what it told. */
export interface Running extends AsyncDisposable {
  /** The server. */
  readonly server: GatewayServer;
  /** Its port on 127.0.0.1. */
  readonly port: number;
  /** What its hooks heard. */
  readonly heard: Heard;
  /** Resolves when no request is under way any more, not even one that was just answered. */
  idle(): Promise<void>;
}

/** What a test changes of the defaults. */
export interface StartOptions
  extends Partial<Omit<ServerOptions, "limits" | "auth">> {
  /** Limits that differ. */
  readonly limits?: Partial<ListenerLimits>;
  /** Access that differs. */
  readonly access?: Partial<AccessOptions>;
  /** What the inference routes do. */
  readonly handler?: RouteHandler;
}

/** Starts a server on 127.0.0.1. */
export async function start(options: StartOptions = {}): Promise<Running> {
  const { limits, access, handler, ...rest } = options;
  const heard: Heard = { limits: [], refusals: [], requests: [] };
  let ids = 0;
  const server = createServer({
    routes: routes(handler),
    ids: () => `id-${++ids}`,
    encodeError,
    hooks: {
      onLimit: (limit) => heard.limits.push(limit),
      onAuthFailure: (reason) => heard.refusals.push(reason),
      onRequest: (method, endpoint, status) =>
        heard.requests.push(`${method} ${endpoint} ${status}`),
    },
    ...rest,
    limits: { ...LIMITS, ...limits },
    auth: new Authenticator({ ...ACCESS, ...access }),
  });
  const address = await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    server,
    port: address?.port ?? 0,
    heard,
    idle: () => idle(server),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function idle(server: GatewayServer): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (server.inFlight.count > 0) {
    if (performance.now() > deadline) throw new Error("Cannot become idle");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
