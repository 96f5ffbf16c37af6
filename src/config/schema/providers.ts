/** Who can be called, how, and with which limits. @module */

import { z } from "zod";
import { PROTOCOL_NAMES, type ProtocolName } from "../../exchange/names.ts";
import { PATCH_NAMES } from "../patch_names.ts";
import {
  choice,
  flag,
  HEADER_NAME,
  ID,
  KEY,
  list,
  MODEL_NAME,
  MODEL_PATTERN,
  named,
  optional,
  secret,
  section,
  text,
  whole,
} from "./fields.ts";
import { simulatorSchema } from "./simulator.ts";

const ONLY_FOR = list(
  MODEL_PATTERN,
  "Models the edit is for, with * for any text. Empty: all.",
);
const FIELD = z.string().regex(
  /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
  "use a field name, or names joined by dots",
).describe("Field of the request body; dots lead into objects.");

/** One edit of the request body on its way to the provider. */
export const editSchema = z.union([
  z.strictObject({
    cap: FIELD,
    at: z.number().describe("Largest value that is passed on."),
    models: ONLY_FOR,
  }).describe("Lowers a number that is too large."),
  z.strictObject({
    rename: FIELD,
    to: FIELD.describe("The new name."),
    models: ONLY_FOR,
  }).describe("Moves a field to another name."),
  z.strictObject({ drop: FIELD, models: ONLY_FOR })
    .describe("Removes a field."),
  z.strictObject({
    set: FIELD,
    value: z.json().describe("The value."),
    models: ONLY_FOR,
  }).describe("Sets a field, whatever was sent."),
  z.strictObject({
    default: FIELD,
    value: z.json().describe("The value."),
    models: ONLY_FOR,
  }).describe("Sets a field that was not sent."),
]).describe("One edit of the request body on its way to the provider.");

/** What is known of a model beyond the embedded table. */
export const modelSettingsSchema = z.strictObject({
  contextTokens: optional(
    z.number().int().min(1),
    "Context window in tokens.",
  ),
  maxOutputTokens: optional(
    z.number().int().min(1),
    "Most output tokens. Budgets that reject need it for requests without a limit of their own, where the embedded table does not know the model.",
  ),
  images: optional(z.boolean(), "Takes images."),
  tools: optional(z.boolean(), "Takes tools."),
  forcedToolChoice: optional(
    z.boolean(),
    "Takes a required or named tool choice.",
  ),
  sampling: optional(z.boolean(), "Takes temperature, top_p and top_k."),
  streaming: optional(z.boolean(), "Can stream."),
  thinking: optional(
    z.enum(["none", "budget", "adaptive", "effort"]),
    "How it thinks.",
  ),
  systemTurns: optional(
    z.boolean(),
    "Takes the system role among the messages (messages protocol).",
  ),
}).describe("What a model can do. Absent: the embedded table says.");

const protocolMap = z.record(
  z.string().regex(
    new RegExp(`^(${PROTOCOL_NAMES.join("|")})$`),
    `use ${PROTOCOL_NAMES.join(", ")}`,
  ),
  z.string().min(1).describe("Base URL, without the protocol's own path."),
).transform((record) =>
  new Map(Object.entries(record)) as ReadonlyMap<string, string> as ReadonlyMap<
    ProtocolName,
    string
  >
);

const timeoutsSchema = section({
  connectMs: whole(10000, "Longest time to connect; 0: no limit."),
  firstByteMs: whole(
    60000,
    "Longest wait for the first byte of a stream; 0: no limit.",
  ),
  responseMs: whole(
    300000,
    "Longest wait for an answer that is not a stream; 0: no limit.",
  ),
  streamIdleMs: whole(
    120000,
    "Longest silence inside a stream; 0: no limit.",
  ),
  commentsOnlyMs: whole(
    300000,
    "Longest time in which a stream sends nothing but comments; 0: no limit.",
  ),
}, "How long the provider is waited for.");

const wireShape = {
  headers: named(
    HEADER_NAME,
    secret("Value; a reference where it is secret."),
    "Headers added to every call.",
  ),
  query: named(
    KEY,
    secret("Value; a reference where it is secret."),
    "Query parameters added to every call.",
  ),
  patches: list(
    z.enum(PATCH_NAMES),
    "Built-in edits for providers that deviate from their protocol.",
  ),
  edits: list(editSchema, "Own edits of the request body, in this order."),
  stream: choice(
    ["any", "always", "never"],
    "any",
    "What the provider can do; the gateway converts where it must.",
  ),
  includeUsage: flag(
    true,
    "Ask chat providers for the usage at the end of a stream.",
  ),
  eofIsFinish: flag(
    false,
    "Take the end of the connection for the end of a stream.",
  ),
  trustReportedCost: flag(
    true,
    "Take the cost that the provider states over the computed one.",
  ),
  onDisconnect: choice(
    ["cancel", "drain"],
    "cancel",
    "When the client goes: cancel the call, or read on to learn the usage.",
  ),
  drain: section({
    maxMs: whole(30000, "Longest reading on."),
    maxConcurrent: whole(16, "Most calls read on at once."),
  }, "Bounds for onDisconnect: drain."),
} as const;

/** One provider. */
export const providerSchema = z.strictObject({
  protocols: optional(
    protocolMap,
    "Base URL of each protocol the provider speaks. A client's own protocol is preferred, else the first listed.",
  ),
  simulator: optional(
    simulatorSchema,
    "Lives inside the program instead of being called.",
  ),
  keys: list(
    secret("Reference to a key."),
    "References to keys: rotated, and cooled down one by one.",
  ),
  auth: choice(
    ["auto", "bearer", "x-api-key", "api-key", "none"],
    "auto",
    "How the key is sent; auto: as the protocol's owner does.",
  ),
  models: optional(
    z.array(MODEL_NAME).min(1),
    "Models the provider has. Absent: any name is passed on as provider/model.",
  ),
  ...wireShape,
  modelSettings: named(
    MODEL_PATTERN,
    modelSettingsSchema,
    "What models can do, by name with * for any text; the first match wins over the embedded table.",
  ),
  timeouts: timeoutsSchema,
  pool: section({
    maxConnections: whole(256, "Most connections to the provider.", {
      least: 1,
    }),
    idleMs: whole(60000, "How long an idle connection is kept.", { least: 1 }),
  }, "Connections kept to the provider."),
  maxConcurrent: whole(
    0,
    "Most calls to one target of the provider at once; 0: no limit.",
  ),
  proxyUrl: optional(
    secret("URL of the proxy; a reference where it holds a password."),
    "HTTP proxy that calls go through.",
  ),
  tls: section({
    caFile: optional(z.string().min(1), "PEM file of trusted authorities."),
    certFile: optional(z.string().min(1), "PEM file of our certificate."),
    keyFile: optional(z.string().min(1), "PEM file of its key."),
  }, "TLS towards the provider."),
  region: text("default", "Where it runs; label and head filter."),
  modelType: text("default", "Class of its models; label and head filter."),
}).describe("One provider: exactly one of protocols, simulator.");

/** `providers`: by name. */
export const providersSchema = named(
  ID,
  providerSchema,
  "Who can be called.",
);
