/** The rules of a patch that reach into the messages. What did not change is shared with the body that was given. @module */

import type { RequestError } from "../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import { CallIdMap } from "./call_id_map.ts";
import { removePath } from "./json_path.ts";
import type { ChatRules, EchoRule } from "./patch_rules.ts";

/** How a rule says what it cannot do. */
export interface PatchVoice {
  /** Something was left out. */
  lose(field: string, reason: string): void;
  /** Something may not be left out: gives what is to be thrown. */
  refuse(field: string, what: string, instead: string): RequestError;
}

/** Fields in which providers show thinking and take it back. */
const REASONING_FIELDS: readonly string[] = [
  "reasoning_content",
  "reasoning",
  "reasoning_details",
];

/** Google's word for "this call has no signature, take it all the same". */
const NO_SIGNATURE = "skip_thought_signature_validator";

/**
 * Applies the rules to every message.
 * @throws {RequestError} for what the provider refuses and may not be dropped
 */
export function patchMessages(
  body: JsonObject,
  rules: ChatRules,
  voice: PatchVoice,
): JsonObject {
  const { messages } = body;
  if (!Array.isArray(messages)) return body;
  const patcher = new MessagePatcher(
    rules,
    voice,
    messages,
    stopsThinking(body),
  );
  const patched = messages.map((message, index) =>
    isJsonObject(message) ? patcher.patch(message, index) : message
  );
  return patched.some((message, index) => message !== messages[index])
    ? { ...body, messages: patched }
    : body;
}

/** Whether the request says in any dialect that the model is not to think. */
function stopsThinking(body: JsonObject): boolean {
  return isJsonObject(body.thinking) && body.thinking.type === "disabled";
}

class MessagePatcher {
  readonly #rules: ChatRules;
  readonly #voice: PatchVoice;
  readonly #ids: CallIdMap | null;
  readonly #hasCalls: boolean;
  readonly #stopsThinking: boolean;

  constructor(
    rules: ChatRules,
    voice: PatchVoice,
    messages: readonly JsonValue[],
    stopsThinking: boolean,
  ) {
    this.#rules = rules;
    this.#voice = voice;
    this.#hasCalls = messages.some((message) =>
      isJsonObject(message) && callsOf(message).length > 0
    );
    this.#ids = rules.callIds === undefined || !this.#hasCalls
      ? null
      : new CallIdMap(rules.callIds, messages.flatMap(idsOf));
    this.#stopsThinking = stopsThinking;
  }

  patch(message: JsonObject, index: number): JsonObject {
    const { developerRole, messageNames, imageUrls } = this.#rules;
    let patched = message;
    if (developerRole === false && message.role === "developer") {
      patched = { ...patched, role: "system" };
    }
    if (messageNames === false && Object.hasOwn(patched, "name")) {
      if (patched.role !== "tool" && patched.name) {
        this.#voice.lose(
          `messages[${index}].name`,
          "the provider does not take it",
        );
      }
      patched = removePath(patched, "name");
    }
    if (imageUrls === false) this.#refuseUrls(patched, index);
    if (patched.role === "assistant") patched = this.#assistant(patched);
    const id = patched.tool_call_id;
    if (this.#ids !== null && typeof id === "string") {
      const known = this.#ids.upstreamId(id);
      if (known !== id) patched = { ...patched, tool_call_id: known };
    }
    return patched;
  }

  #refuseUrls(message: JsonObject, index: number): void {
    if (!Array.isArray(message.content)) return;
    message.content.forEach((part, position) => {
      if (!isJsonObject(part) || part.type !== "image_url") return;
      const url = isJsonObject(part.image_url)
        ? part.image_url.url
        : part.image_url;
      if (typeof url !== "string" || !/^https?:/i.test(url)) return;
      throw this.#voice.refuse(
        `messages[${index}].content[${position}]`,
        "an image by its URL",
        "send its bytes as a data: URL",
      );
    });
  }

  #assistant(message: JsonObject): JsonObject {
    const { echo, thoughtSignatures } = this.#rules;
    let patched = message;
    if (echo !== undefined) patched = this.#echo(patched, echo);
    if (thoughtSignatures === true) patched = signed(patched);
    const ids = this.#ids;
    return ids === null
      ? patched
      : withCalls(patched, (call) =>
        typeof call.id === "string" && ids.upstreamId(call.id) !== call.id
          ? { ...call, id: ids.upstreamId(call.id) }
          : call);
  }

  /** Thinking of the past changes no answer by itself: what is not taken back is no loss. */
  #echo(message: JsonObject, rule: EchoRule): JsonObject {
    switch (rule.kind) {
      case "never":
        return REASONING_FIELDS.reduce(removePath, message);
      case "only":
        return REASONING_FIELDS.filter((field) => !rule.fields.includes(field))
          .reduce(removePath, message);
      case "required": {
        const wanted = rule.on === "all"
          ? this.#hasCalls
          : callsOf(message).length > 0;
        if (!wanted || this.#stopsThinking) return message;
        if (message.reasoning_content) return message;
        const { reasoning } = message;
        const kept = typeof reasoning === "string" && reasoning !== ""
          ? reasoning
          : rule.filler;
        return message.reasoning_content === kept
          ? message
          : { ...message, reasoning_content: kept };
      }
    }
  }
}

function callsOf(message: JsonObject): JsonObject[] {
  const { tool_calls: calls } = message;
  return Array.isArray(calls) ? calls.filter(isJsonObject) : [];
}

function idsOf(message: JsonValue): string[] {
  if (!isJsonObject(message)) return [];
  return [message.tool_call_id, ...callsOf(message).map((call) => call.id)]
    .filter((id) => typeof id === "string");
}

function withCalls(
  message: JsonObject,
  change: (call: JsonObject, index: number) => JsonObject,
): JsonObject {
  const { tool_calls: calls } = message;
  if (!Array.isArray(calls)) return message;
  const changed = calls.map((call, index) =>
    isJsonObject(call) ? change(call, index) : call
  );
  return changed.some((call, index) => call !== calls[index])
    ? { ...message, tool_calls: changed }
    : message;
}

/** Of parallel calls the first carries the signature. */
function signed(message: JsonObject): JsonObject {
  return withCalls(message, (call, index) => {
    const extra = isJsonObject(call.extra_content) ? call.extra_content : {};
    const google = isJsonObject(extra.google) ? extra.google : {};
    if (index > 0 || google.thought_signature) return call;
    return {
      ...call,
      extra_content: {
        ...extra,
        google: { ...google, thought_signature: NO_SIGNATURE },
      },
    };
  });
}
