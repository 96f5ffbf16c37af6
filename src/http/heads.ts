/** The routes by which heads register, renew their lease, drain and leave. Every change is audited before it is made. @module */

import { z } from "zod";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import {
  type Head,
  HEAD_STATUSES,
  type HeadRegistration,
  type HeadStatus,
} from "../providers/head.ts";
import { checkEndpoint } from "../providers/head_endpoint.ts";
import { headRegistrationSchema } from "../providers/head_registration.ts";
import type { HeadRegistry } from "../providers/heads.ts";
import type { JsonObject } from "../support/json.ts";
import { camelKeys, readBody, sendJson } from "./admin_body.ts";
import { type Actor, actorOf, type AuditTrail } from "./audit_trail.ts";
import {
  READ_LIMITS,
  type RequestContext,
  type Route,
  type RouteHandler,
  type RouteMethod,
  WRITE_LIMITS,
} from "./route.ts";

/** Why a registration was refused, as it is counted. */
export type HeadRejection =
  | "disabled"
  | "invalid"
  | "not_allowed"
  | "conflict"
  | "full"
  | "audit";

/** All reasons. */
export const HEAD_REJECTIONS: readonly HeadRejection[] = [
  "disabled",
  "invalid",
  "not_allowed",
  "conflict",
  "full",
  "audit",
];

/** What the routes act on. */
export interface HeadAdmin {
  /** Where deeds are written down. */
  readonly audit: AuditTrail;
  /** The registered ones. */
  readonly registry: HeadRegistry;
  /** The section of the config at hand. */
  settings(): {
    readonly enabled: boolean;
    readonly allow: readonly string[];
    readonly leaseMs: number;
    readonly minimum: number;
  };
  /** Whether the config has a provider of that id. */
  isProvider(id: string): boolean;
  /** Registers a head that was checked, with a connection pool of its own. */
  register(registration: HeadRegistration): Promise<Head>;
  /** Counts a registration that was refused. */
  rejected(reason: HeadRejection): void;
  /** Counts a heartbeat or change of status. */
  updated(): void;
}

const STATUS = z.enum(HEAD_STATUSES);

const registrationSchema = z.preprocess(
  (value) => camelKeys(value, { headId: "id" }),
  headRegistrationSchema,
);

const updateSchema = z.preprocess(
  (value) => camelKeys(value),
  z.strictObject({
    status: STATUS.optional(),
    currentLoad: z.number().min(0).max(100).optional(),
  }),
);

const changeSchema = z.preprocess(
  (value) => camelKeys(value),
  z.strictObject({ status: STATUS }),
);

/** Makes the routes. */
export function headRoutes(admin: HeadAdmin): Route[] {
  const one = "/api/routing/heads/{id}";
  return [
    route("GET", "/api/routing/heads", (_context, _request, response) => {
      const { enabled, minimum } = admin.settings();
      const heads = admin.registry.all.map(headJson);
      sendJson(response, 200, { enabled, minimum, heads });
    }),
    route("POST", "/api/routing/heads", async (context, request, response) => {
      const { head, isNew } = await register(
        admin,
        context,
        () => readBody(request, registrationSchema),
      );
      const { leaseMs } = admin.settings();
      sendJson(response, isNew ? 201 : 200, { ...headJson(head), leaseMs });
    }),
    route("POST", `${one}/heartbeat`, async (context, request, response) => {
      const update = readBody(request, updateSchema);
      const head = await heartbeat(admin, context, update);
      const { leaseMs } = admin.settings();
      sendJson(response, 200, { ...headJson(head), leaseMs });
    }),
    route("PATCH", one, async (context, request, response) => {
      const { status } = readBody(request, changeSchema);
      const head = await change(admin, context, status);
      sendJson(response, 200, headJson(head));
    }),
    route("DELETE", one, async (context, _request, response) => {
      const head = known(admin, context);
      await admin.audit.record(actorOf(context), {
        action: "head.remove",
        target: head.id,
        before: auditJson(head),
      });
      admin.registry.remove(head.id);
      sendJson(response, 200, { ok: true, id: head.id });
    }),
  ];
}

function route(
  method: RouteMethod,
  path: string,
  handler: RouteHandler,
): Route {
  return {
    method,
    path,
    scope: "admin",
    protocol: null,
    limits: method === "GET" ? READ_LIMITS : WRITE_LIMITS,
    handler,
  };
}

async function register(
  admin: HeadAdmin,
  context: RequestContext,
  read: () => HeadRegistration,
): Promise<{ head: Head; isNew: boolean }> {
  if (!admin.settings().enabled) {
    throw rejected(
      admin,
      "disabled",
      gatewayError(
        "not_found",
        "Cannot register heads: routing.heads.enabled is false",
      ),
    );
  }
  const asked = readCounted(admin, read);
  const actor = actorOf(context);
  const endpoint = await allowedEndpoint(admin, actor, asked);
  const registration = { ...asked, endpoint };
  const before = admin.registry.find(registration.id) ?? null;
  refuseConflict(admin, registration.id, before);
  try {
    await admin.audit.record(actor, {
      action: "head.register",
      target: registration.id,
      before: before === null ? null : auditJson(before),
      after: auditJson(registration),
    });
  } catch (error) {
    admin.rejected("audit");
    throw error;
  }
  const head = await admin.register(registration);
  return { head, isNew: before === null };
}

/** The endpoint in its one form. A refused one is audited: somebody tried to draw traffic away. */
async function allowedEndpoint(
  admin: HeadAdmin,
  actor: Actor,
  { id, endpoint }: HeadRegistration,
): Promise<string> {
  const checked = checkEndpoint(endpoint, admin.settings().allow);
  if (checked.ok) return checked.url;
  const { kind, problem } = checked;
  if (kind === "invalid") {
    throw rejected(
      admin,
      "invalid",
      gatewayError("invalid_request", problem, { param: "endpoint" }),
    );
  }
  await admin.audit.note(actor, {
    action: "head.register",
    target: id,
    after: { endpoint, problem },
    outcome: "refused",
  });
  throw rejected(
    admin,
    "not_allowed",
    gatewayError("permission", problem, {
      param: "endpoint",
      code: "endpoint_not_allowed",
    }),
  );
}

function readCounted(
  admin: HeadAdmin,
  read: () => HeadRegistration,
): HeadRegistration {
  try {
    return read();
  } catch (error) {
    admin.rejected("invalid");
    throw error;
  }
}

function refuseConflict(
  admin: HeadAdmin,
  id: string,
  before: Head | null,
): void {
  if (admin.isProvider(id)) {
    throw rejected(
      admin,
      "conflict",
      gatewayError(
        "conflict",
        `Cannot register ${id}: the config has a provider of that id; choose another`,
        { param: "id" },
      ),
    );
  }
  if (before === null && !admin.registry.hasRoom) {
    throw rejected(
      admin,
      "full",
      gatewayError(
        "overloaded",
        `Cannot register ${id}: as many heads as routing.heads.max allows are registered`,
      ),
    );
  }
}

async function heartbeat(
  admin: HeadAdmin,
  context: RequestContext,
  update: { status?: HeadStatus | undefined; currentLoad?: number | undefined },
): Promise<Head> {
  const head = known(admin, context);
  const { status } = update;
  // A line for each heartbeat would drown the others: only what changes routing is kept.
  if (status !== undefined && status !== head.status) {
    await auditStatus(admin, context, head, status);
  }
  const renewed = admin.registry.heartbeat(head.id, update);
  if (renewed === null) throw unknownHead(head.id);
  admin.updated();
  return renewed;
}

async function change(
  admin: HeadAdmin,
  context: RequestContext,
  status: HeadStatus,
): Promise<Head> {
  const head = known(admin, context);
  await auditStatus(admin, context, head, status);
  const changed = admin.registry.change(head.id, status);
  if (changed === null) throw unknownHead(head.id);
  admin.updated();
  return changed;
}

async function auditStatus(
  admin: HeadAdmin,
  context: RequestContext,
  head: Head,
  status: HeadStatus,
): Promise<void> {
  await admin.audit.record(actorOf(context), {
    action: "head.status",
    target: head.id,
    before: head.status,
    after: status,
  });
}

function known(admin: HeadAdmin, context: RequestContext): Head {
  const id = context.parameter("id");
  const head = admin.registry.find(id);
  if (head === undefined) throw unknownHead(id);
  return head;
}

function unknownHead(id: string): RequestError {
  return new RequestError(gatewayError(
    "not_found",
    `Cannot find head ${id}: it never registered or its lease has ended; register it again`,
    { code: "head_not_found" },
  ));
}

function rejected(
  admin: HeadAdmin,
  reason: HeadRejection,
  error: ConstructorParameters<typeof RequestError>[0],
): RequestError {
  admin.rejected(reason);
  return new RequestError(error);
}

/** Spells a head for clients. */
export function headJson(head: Head): JsonObject {
  return {
    id: head.id,
    endpoint: head.endpoint,
    protocol: head.protocol,
    modelType: head.modelType,
    region: head.region,
    models: [...head.models],
    capacity: head.capacity,
    currentLoad: head.currentLoad,
    status: head.status,
    version: head.version,
    metadata: { ...head.metadata },
    registeredAt: new Date(head.registeredAtMs).toISOString(),
    lastHeartbeatAt: new Date(head.lastHeartbeatAtMs).toISOString(),
    leaseEndsAt: new Date(head.leaseEndsAtMs).toISOString(),
  };
}

function auditJson(head: HeadRegistration): JsonObject {
  return {
    endpoint: head.endpoint,
    protocol: head.protocol,
    modelType: head.modelType,
    region: head.region,
    models: [...head.models],
    capacity: head.capacity,
    version: head.version,
    metadata: { ...head.metadata },
  };
}
