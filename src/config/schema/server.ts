/** The listener, its limits, the admin surface and the program's log. @module */

import { z } from "zod";
import {
  choice,
  ID,
  list,
  optional,
  secret,
  section,
  text,
  whole,
} from "./fields.ts";

const PORT = { least: 0, most: 65535 } as const;

/** `server.limits`: what one process takes on before it refuses. */
export const limitsSchema = section({
  maxConnections: whole(4096, "Most open client connections; 0: no limit."),
  maxConnectionsPerIp: whole(
    256,
    "Most open connections of one address; not for loopback and trusted proxies. 0: no limit.",
  ),
  maxConcurrent: whole(
    2048,
    "Most requests served at once; more wait in the queue. 0: no limit.",
  ),
  queueLength: whole(
    128,
    "Most requests that wait for a place; more get 503. 0: none waits.",
  ),
  queueWaitMs: whole(2000, "Longest wait for a place, then 503."),
  reservedAdminConnections: whole(
    16,
    "Connections kept free for health, metrics and admin requests.",
  ),
  headTimeoutMs: whole(
    10000,
    "Longest time for a request's head to arrive; 0: no limit.",
  ),
  bodyTimeoutMs: whole(
    60000,
    "Longest time for a request's body to arrive; 0: no limit.",
  ),
  bodyIdleTimeoutMs: whole(
    15000,
    "Longest pause inside a request's body; 0: no limit.",
  ),
  keepAliveTimeoutMs: whole(
    75000,
    "How long an idle connection is kept open; 0: no limit.",
  ),
  maxHeadBytes: whole(32768, "Largest request head, else 431.", {
    least: 1024,
  }),
  maxHeaders: whole(100, "Most headers of a request, else 431.", { least: 1 }),
  maxTargetBytes: whole(8192, "Longest request target, else 414.", {
    least: 64,
  }),
  maxBodyBytes: whole(33554432, "Largest request body, else 413.", {
    least: 1,
  }),
  maxBodiesInMemoryBytes: whole(
    268435456,
    "Bytes of all request bodies held at once, else 503; a body is held until its answer is complete; 0: no limit.",
  ),
  maxJsonDepth: whole(128, "Deepest nesting of a JSON body, else 400.", {
    least: 1,
    most: 1000,
  }),
  maxJsonTokens: whole(
    200000,
    "Most structural tokens of a JSON body, else 400; 0: no limit.",
  ),
  maxMessages: whole(
    10000,
    "Most messages or input items of a request, else 400; 0: no limit.",
  ),
  maxTools: whole(1024, "Most tools of a request, else 400; 0: no limit."),
  maxModelNameBytes: whole(256, "Longest model name, else 400.", {
    least: 1,
  }),
  maxResponseBytes: whole(
    67108864,
    "Largest answer of a provider that is not a stream, else 502; 0: no limit.",
  ),
  maxSseLineBytes: whole(
    4194304,
    "Longest line of a provider's event stream; 0: no limit.",
  ),
  maxSseEventBytes: whole(
    8388608,
    "Largest event of a provider's event stream; 0: no limit.",
  ),
  streamBufferBytes: whole(
    262144,
    "Bytes held between a provider and a slow client before the provider is slowed.",
    { least: 1024 },
  ),
  writeStallMs: whole(
    60000,
    "How long a client may take no byte before it is cut off; 0: no limit.",
  ),
  maxStreamMs: whole(
    1800000,
    "Longest stream, then an error event; 0: no limit.",
  ),
  maxRequestMs: whole(
    600000,
    "Longest request that is not a stream, then 504; 0: no limit.",
  ),
  maxRssBytes: whole(
    0,
    "Resident memory above which new requests get 503; 0: no limit.",
  ),
  shedAtLoopDelayMs: whole(
    500,
    "Event loop delay above which new requests get 503; 0: no limit.",
  ),
}, "What one process takes on before it refuses. 0 switches a limit off.");

/** `server`: where and how clients are listened to. */
export const serverSchema = section({
  host: text(
    "127.0.0.1",
    "Address to listen on. Beyond loopback only with clients and admin.token.",
  ),
  port: whole(3456, "Port to listen on; 0: any free one.", PORT),
  instance: z.union([z.literal(""), ID]).default("").describe(
    "Name of this process where several share one stateDir.",
  ),
  allowedHosts: list(
    z.string().min(1),
    "Host names that requests may carry beside the loopback ones.",
  ),
  trustedProxies: list(
    z.string().min(1),
    "Addresses or CIDR ranges whose X-Forwarded-For counts.",
  ),
  drainMs: whole(
    30000,
    "How long running requests, and calls that are read on for their usage, may finish at shutdown.",
  ),
  drainDelayMs: whole(
    0,
    "How long /ready says 503 at shutdown before the listener closes.",
  ),
  heartbeatMs: whole(
    15000,
    "Silence on a stream after which a comment is sent to the client; 0: none.",
  ),
  limits: limitsSchema,
}, "Where and how clients are listened to.");

/** `admin`: who may use /api and /debug. */
export const adminSchema = section({
  token: optional(
    secret("Bearer token of the admin surface."),
    "Reference to the token for /api and /debug. Absent: loopback peers only.",
  ),
  host: optional(
    z.string().min(1),
    "Address of an own listener for /health, /ready, /metrics, /api, /debug. null: the main one.",
  ),
  port: optional(
    z.number().int().min(0).max(65535),
    "Port of the own admin listener. null: the main one.",
  ),
}, "Who may use /api and /debug, and where.");

/** `log`: the program's own log lines. */
export const logSchema = section({
  level: choice(
    ["debug", "info", "warn", "error"],
    "info",
    "Least severe level that is written.",
  ),
  format: choice(
    ["auto", "text", "json"],
    "auto",
    "auto: text on a terminal, JSON lines elsewhere.",
  ),
  maxLineBytes: whole(16384, "Longest log line; more is cut.", { least: 256 }),
  maxFieldBytes: whole(2048, "Longest field of a log line; more is cut.", {
    least: 16,
  }),
}, "The program's own log lines.");
