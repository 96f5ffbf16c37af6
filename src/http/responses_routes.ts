/** What was kept of Responses, for the client that asked for it. @module */

import type { ClientRequest, ClientResponse } from "../exchange/client.ts";
import {
  gatewayError,
  invalidField,
  RequestError,
} from "../exchange/gateway_error.ts";
import type {
  InputItemsQuery,
  ResponsesStore,
} from "../protocols/responses_store.ts";
import type { JsonObject } from "../support/json.ts";
import {
  READ_LIMITS,
  type RequestContext,
  type Route,
  type RouteHandler,
  type RouteMethod,
} from "./route.ts";

const MAX_PAGE_ITEMS = 100;

/** Makes the three routes; `store` gives `null` while nothing is kept. */
export function responsesRoutes(store: () => ResponsesStore | null): Route[] {
  const route = (
    method: RouteMethod,
    path: string,
    handler: RouteHandler,
  ): Route => ({
    method,
    path,
    scope: "inference",
    protocol: "responses",
    limits: READ_LIMITS,
    handler,
  });
  return [
    route("GET", "/v1/responses/{id}", (context, request, response) => {
      const asked = new URLSearchParams(request.query).get("stream");
      if (asked === "true" || asked === "1") {
        throw invalidField(
          "stream",
          "Cannot stream a stored response: leave stream out",
        );
      }
      const found = store()?.get(context.client.name, idOf(context));
      sendJson(response, found ?? notFound(store(), context));
    }),
    route("DELETE", "/v1/responses/{id}", (context, _request, response) => {
      const id = idOf(context);
      const deleted = store()?.delete(context.client.name, id) ?? false;
      sendJson(
        response,
        deleted
          ? { id, object: "response", deleted }
          : notFound(store(), context),
      );
    }),
    route(
      "GET",
      "/v1/responses/{id}/input_items",
      (context, request, response) => {
        const page = store()?.inputItems(
          context.client.name,
          idOf(context),
          pageOf(request),
        );
        sendJson(response, page ?? notFound(store(), context));
      },
    ),
  ];
}

function idOf(context: RequestContext): string {
  return context.parameter("id");
}

/** @throws {RequestError} always: the answer is a 404 */
function notFound(
  store: ResponsesStore | null,
  context: RequestContext,
): never {
  const id = idOf(context).slice(0, 100);
  const why = store === null
    ? "the gateway keeps none; set responses.store to true in its config"
    : "it was not stored, has expired or is another client's";
  throw new RequestError(
    gatewayError("not_found", `Cannot find response ${id}: ${why}`, {
      param: "id",
      code: "response_not_found",
    }),
  );
}

function pageOf(request: ClientRequest): InputItemsQuery {
  const query = new URLSearchParams(request.query);
  const limit = query.get("limit") ?? "20";
  if (
    !/^\d{1,3}$/.test(limit) || Number(limit) < 1 ||
    Number(limit) > MAX_PAGE_ITEMS
  ) {
    throw invalidField(
      "limit",
      `Cannot use limit ${
        limit.slice(0, 20)
      }: give a number from 1 to ${MAX_PAGE_ITEMS}`,
    );
  }
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") {
    throw invalidField(
      "order",
      `Cannot use order ${order.slice(0, 20)}: use asc or desc`,
    );
  }
  return { limit: Number(limit), order, after: query.get("after") };
}

function sendJson(response: ClientResponse, body: JsonObject): void {
  response.send(
    200,
    ["content-type", "application/json"],
    JSON.stringify(body),
  );
}
