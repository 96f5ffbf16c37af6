/**
 * Holds what the codecs write against the schemas of the official clients'
 * types. Unknown fields are refused, apart from the few that the protocol's
 * other providers have made usual and that are listed here.
 *
 * @module
 */

import { Ajv, type ValidateFunction } from "ajv";

interface Definition {
  anyOf?: readonly { readonly $ref?: string }[];
  required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly const?: unknown }>>;
}

type Definitions = Record<string, Definition>;

const FILES = {
  chat: "openai-chat-7.55.0.json",
  responses: "openai-responses-7.55.0.json",
  messages: "anthropic-messages-1.11.0.json",
} as const;

/** Fields beyond the types, by definition, or `null` for those that are among them. */
const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  // Thinking as DeepSeek and OpenRouter have it.
  "ChatCompletionMessage": ["reasoning_content", "reasoning_details"],
  "ChatCompletionChunk.Choice.Delta": [
    "reasoning_content",
    "reasoning_details",
    "annotations",
  ],
  "ChatCompletionAssistantMessageParam": [
    "reasoning_content",
    "reasoning",
    "reasoning_details",
  ],
  // The live API sends these, and the error both flat and nested.
  "Response": ["frequency_penalty", "presence_penalty", "store", "usage"],
  "ResponseErrorEvent": ["error"],
  "ResponseCustomToolCall": ["status"],
  // Our place for the field and the code.
  ...Object.fromEntries(
    [
      "APIErrorObject",
      "AuthenticationErrorObject",
      "BillingErrorObject",
      "GatewayTimeoutErrorObject",
      "InvalidRequestErrorObject",
      "NotFoundErrorObject",
      "OverloadedErrorObject",
      "PermissionErrorObject",
      "RateLimitErrorObject",
    ].map((name) => [name, ["details"]]),
  ),
  // API version 2023-06-01: the types are those of 2026-10-21.
  "MessageCreateParamsNonStreaming": ["temperature", "top_p", "top_k"],
  "MessageCreateParamsStreaming": ["temperature", "top_p", "top_k"],
};

const USAGE_FIELDS: readonly string[] = [
  "inference_geo",
  "iterations",
  "output_tokens_details",
  "server_tool_use",
  "service_tier",
  "speed",
];

/**
 * Fields that the types demand and the API does not. The types of messages are
 * those of the newest API version; answers of the one before are without them,
 * in the vendor's own recordings too. History items of responses must not have
 * an id that was made elsewhere.
 */
const OPTIONAL: readonly {
  readonly types: readonly TypeName[];
  readonly fields: Readonly<Record<string, readonly string[]>>;
}[] = [
  {
    types: ["messages/Message", "messages/RawMessageStreamEvent"],
    fields: {
      "Message": ["container", "diagnostics", "stop_details"],
      "TextBlock": ["citations"],
      "ToolUseBlock": ["caller"],
      "Usage": USAGE_FIELDS,
      "MessageDeltaUsage": USAGE_FIELDS,
      "RawMessageDeltaEvent.Delta": ["container", "stop_details"],
    },
  },
  {
    types: ["responses/Response", "responses/ResponseStreamEvent"],
    // The client makes the first itself; recordings are without the second.
    fields: { "Response": ["output_text", "access_programs"] },
  },
  {
    types: ["responses/ResponseCreateParams"],
    fields: { "ResponseOutputMessage": ["id", "status"] },
  },
];

/** A type of a client that something is held against. */
export type TypeName =
  | "chat/ChatCompletion"
  | "chat/ChatCompletionChunk"
  | "chat/ChatCompletionCreateParams"
  | "chat/ErrorObject"
  | "responses/Response"
  | "responses/ResponseStreamEvent"
  | "responses/ResponseCreateParams"
  | "messages/Message"
  | "messages/RawMessageStreamEvent"
  | "messages/MessageCreateParams"
  | "messages/ErrorResponse";

/** Validates values against the types of the official clients. */
export class SdkSchemas {
  readonly #compiled = new Map<TypeName, ValidateFunction>();

  /** Says what is wrong with a value, one line a problem; nothing where it has the type. */
  problems(type: TypeName, value: unknown): string[] {
    const validate = this.#validator(type);
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) =>
      `${type}${error.instancePath} ${error.message ?? ""} ${
        JSON.stringify(error.params)
      }`
    );
  }

  #validator(type: TypeName): ValidateFunction {
    let validate = this.#compiled.get(type);
    if (validate === undefined) {
      const [protocol = "", name = ""] = type.split("/");
      validate = new Ajv({
        strict: false,
        allErrors: true,
        discriminator: true,
      })
        .compile({
          $ref: `#/definitions/${name}`,
          definitions: loadDefinitions(type, protocol),
        });
      this.#compiled.set(type, validate);
    }
    return validate;
  }
}

function loadDefinitions(type: TypeName, protocol: string): Definitions {
  const file = FILES[protocol as keyof typeof FILES];
  const { definitions } = JSON.parse(
    Deno.readTextFileSync(new URL(`schemas/${file}`, import.meta.url)),
  ) as { definitions: Definitions };
  for (const [name, fields] of Object.entries(EXTENSIONS)) {
    const properties = definitions[name]?.properties;
    if (properties === undefined) continue;
    for (const field of fields) {
      const known = properties[field];
      Object.assign(properties, {
        [field]: known === undefined
          ? {}
          : { anyOf: [known, { type: "null" }] },
      });
    }
  }
  for (const { types, fields } of OPTIONAL) {
    if (!types.includes(type)) continue;
    for (const [name, optional] of Object.entries(fields)) {
      const definition = definitions[name];
      if (definition === undefined) {
        throw new Error(`Cannot relax ${name}: ${file} has no such definition`);
      }
      definition.required = (definition.required ?? []).filter((field) =>
        !optional.includes(field)
      );
    }
  }
  tagUnions(definitions, definitions);
  return definitions;
}

/**
 * Says of each union whose members differ by `type` that they do: errors then
 * name the one field that is wrong instead of every field of every member.
 */
function tagUnions(value: unknown, definitions: Definitions): void {
  if (typeof value !== "object" || value === null) return;
  for (const inner of Object.values(value)) tagUnions(inner, definitions);
  const schema = value as Definition;
  const tags = schema.anyOf?.map(({ $ref = "" }) => {
    const member = definitions[$ref.replace("#/definitions/", "")];
    const tag = member?.properties?.type?.const;
    return member?.required?.includes("type") === true ? tag : undefined;
  }) ?? [];
  if (tags.length < 2 || tags.includes(undefined)) return;
  if (new Set(tags).size < tags.length) return;
  Object.assign(schema, {
    type: "object",
    discriminator: { propertyName: "type" },
    oneOf: schema.anyOf,
  });
  delete schema.anyOf;
}
