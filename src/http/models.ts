/** The list of models, in the shape of whoever asks. @module */

import type { ClientRequest, ClientResponse } from "../exchange/client.ts";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { JsonObject } from "../support/json.ts";
import {
  READ_LIMITS,
  type RequestContext,
  type Route,
  type RouteHandler,
} from "./route.ts";

/** A name that a client may ask for. */
export interface ModelEntry {
  /** The name. */
  readonly id: string;
  /** Provider id, or `signalbox` for an alias. */
  readonly ownedBy: string;
}

/** Where the names come from. */
export interface ModelSource {
  /** Every name that `client` may ask for, in order. */
  models(client: string): readonly ModelEntry[];
  /** When the config was loaded, ms since the epoch. */
  loadedAtMs(): number;
}

/** Makes the two routes. */
export function modelRoutes(source: ModelSource): Route[] {
  const route = (path: string, handler: RouteHandler): Route => ({
    method: "GET",
    path,
    scope: "inference",
    protocol: null,
    limits: READ_LIMITS,
    handler,
    slashInParameter: true,
  });
  return [
    route("/v1/models", (context, request, response) => {
      const entries = source.models(context.client.name);
      const createdMs = source.loadedAtMs();
      sendJson(
        response,
        asksAnthropic(request)
          ? anthropicList(entries, createdMs)
          : openaiList(entries, createdMs),
      );
    }),
    route("/v1/models/{id}", (context, request, response) => {
      const entry = findEntry(source, context);
      const createdMs = source.loadedAtMs();
      sendJson(
        response,
        asksAnthropic(request)
          ? anthropicModel(entry, createdMs)
          : openaiModel(entry, createdMs),
      );
    }),
  ];
}

function findEntry(source: ModelSource, context: RequestContext): ModelEntry {
  const id = context.parameter("id");
  const entry = source.models(context.client.name)
    .find((candidate) => candidate.id === id);
  if (entry !== undefined) return entry;
  throw new RequestError(gatewayError(
    "not_found",
    "Cannot find this model: GET /v1/models lists those there are",
    { code: "model_not_found", param: "model" },
  ));
}

function asksAnthropic(request: ClientRequest): boolean {
  return request.header("anthropic-version") !== null;
}

function openaiModel(entry: ModelEntry, createdMs: number): JsonObject {
  return {
    id: entry.id,
    object: "model",
    created: Math.floor(createdMs / 1000),
    owned_by: entry.ownedBy,
  };
}

function openaiList(
  entries: readonly ModelEntry[],
  createdMs: number,
): JsonObject {
  return {
    object: "list",
    data: entries.map((entry) => openaiModel(entry, createdMs)),
  };
}

function anthropicModel(entry: ModelEntry, createdMs: number): JsonObject {
  return {
    type: "model",
    id: entry.id,
    display_name: entry.id,
    created_at: new Date(createdMs).toISOString(),
  };
}

function anthropicList(
  entries: readonly ModelEntry[],
  createdMs: number,
): JsonObject {
  return {
    data: entries.map((entry) => anthropicModel(entry, createdMs)),
    has_more: false,
    first_id: entries[0]?.id ?? null,
    last_id: entries[entries.length - 1]?.id ?? null,
  };
}

function sendJson(response: ClientResponse, body: JsonObject): void {
  response.send(
    200,
    ["content-type", "application/json"],
    JSON.stringify(body),
  );
}
