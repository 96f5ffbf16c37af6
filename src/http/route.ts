/** What a route is: one row of the table that says everything the server serves. @module */

import type { ClientRequest, ClientResponse } from "../exchange/client.ts";
import type { ClientIdentity } from "../exchange/exchange.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { JsonScan } from "../support/json_scan.ts";

/** Who may call a route. There is no default: a route without a scope does not compile. */
export type Scope = "public" | "inference" | "metrics" | "admin";

/** Methods that routes are declared with; HEAD follows from GET. */
export type RouteMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What a route takes and what it counts against. */
export interface RouteLimits {
  /** `scanned`: JSON whose top-level fields are located; `json`: nothing, or JSON for the handler to parse, scanned for limits. */
  readonly body: "none" | "json" | "scanned";
  /** Most body bytes; 0 takes the listener's. */
  readonly maxBodyBytes: number;
  /** Whether it takes one of the `maxConcurrent` places and one of the client's. */
  readonly admitted: boolean;
}

/** Limits of a route that calls a model. */
export const INFERENCE_LIMITS: RouteLimits = {
  body: "scanned",
  maxBodyBytes: 0,
  admitted: true,
};

/** Limits of a route that reads. */
export const READ_LIMITS: RouteLimits = {
  body: "none",
  maxBodyBytes: 0,
  admitted: false,
};

/** Limits of a route that changes the gateway's own state. */
export const WRITE_LIMITS: RouteLimits = {
  body: "json",
  maxBodyBytes: 1_048_576,
  admitted: false,
};

/** Answers one request, through `response`, now or later. */
export type RouteHandler = (
  context: RequestContext,
  request: ClientRequest,
  response: ClientResponse,
) => void | Promise<void>;

/** One row of the table. */
export interface Route {
  /** The method. */
  readonly method: RouteMethod;
  /** `/v1/models/{id}`: a parameter is a whole segment. */
  readonly path: string;
  /** Who may call it. */
  readonly scope: Scope;
  /** Whose error shape it answers in; `null`: the OpenAI one. */
  readonly protocol: ProtocolName | null;
  /** What it takes. */
  readonly limits: RouteLimits;
  /** What answers. */
  readonly handler: RouteHandler;
  /** Whether `%2F` in a parameter stands for a slash (target ids). */
  readonly slashInParameter?: boolean;
}

/** What is known of a request when its handler is called. */
export interface RequestContext {
  /** Our id of the request, ULID in lower case. */
  readonly id: string;
  /** Wall clock at arrival, ms since the epoch. */
  readonly receivedAtMs: number;
  /** Monotonic clock at arrival, ms. */
  readonly startedMs: number;
  /** Who asks. */
  readonly client: ClientIdentity;
  /** The peer's address, or the first untrusted one it forwards for. */
  readonly clientIp: string;
  /** The client's own request id where it sent a valid one. */
  readonly clientRequestId: string | null;
  /** The row of the table. */
  readonly route: Route;
  /** What the scan of the body found; `null` where the route takes no body. */
  readonly scan: JsonScan | null;
  /** A parameter of the path, decoded; "" if the template has none of that name. */
  parameter(name: string): string;
  /** Says that the body is not needed any more: its bytes stop counting. `ClientRequest.body` is empty afterwards. */
  releaseBody(): void;
  /** Whether the body is held although the client may go: its bytes count until {@linkcode RequestContext.releaseBody}. Set by the handler. */
  bodyHeld: boolean;
  /** What runs: asked once, when the server must stop, to write its last words and end within a second. Set by the handler. */
  running: RunningAnswer | null;
}

/** An answer under way. */
export interface RunningAnswer {
  /** Ends it properly, at once. */
  cut(): void;
}

/** Tells the routes of the main listener from those of the admin listener; without one the main listener has all. Probes are on both. */
export function splitRoutes(
  routes: readonly Route[],
  hasAdminListener: boolean,
): { main: readonly Route[]; admin: readonly Route[] | null } {
  if (!hasAdminListener) return { main: routes, admin: null };
  return {
    main: routes.filter(({ scope }) =>
      scope === "inference" || scope === "public"
    ),
    admin: routes.filter(({ scope }) => scope !== "inference"),
  };
}
