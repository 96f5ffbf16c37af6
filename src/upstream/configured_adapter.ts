/** The patches and edits of one provider, compiled: what the config says of its requests. @module */

import type { PatchName } from "../config/patch_names.ts";
import type { EditConfig } from "../config/schema.ts";
import type { ProtocolName } from "../exchange/names.ts";
import {
  type AdaptedBody,
  type AdaptedCall,
  type Dialect,
  NO_ADAPTER,
  PLAIN_DIALECT,
  type RequestAdapter,
} from "../providers/request_adapter.ts";
import type { JsonObject } from "../support/json.ts";
import { ChatPatcher } from "./chat_patcher.ts";
import { applyEdits, editsFor } from "./edits.ts";
import type { ChatRules, Patch } from "./patch_rules.ts";
import { PATCHES } from "./patches.ts";

/** The parts of a provider's section that concern its requests. */
export interface AdapterSection {
  /** Named patches, in order. */
  readonly patches: readonly PatchName[];
  /** Own edits, after the patches. */
  readonly edits: readonly EditConfig[];
}

/** Compiles the adapter of the provider `id`. */
export function requestAdapter(
  id: string,
  section: AdapterSection,
): RequestAdapter {
  return section.patches.length === 0 && section.edits.length === 0
    ? NO_ADAPTER
    : new ConfiguredAdapter(id, section);
}

/** How the patches want keys to be sent where the config leaves it open, `null` if they do not say. */
export function patchedAuth(
  patches: readonly PatchName[],
): "api-key" | null {
  return patches.map((name) => PATCHES[name].auth).find((auth) =>
    auth !== undefined
  ) ?? null;
}

class ConfiguredAdapter implements RequestAdapter {
  readonly #id: string;
  readonly #patches: readonly Patch[];
  readonly #edits: readonly EditConfig[];

  constructor(id: string, section: AdapterSection) {
    this.#id = id;
    this.#patches = section.patches.map((name) => PATCHES[name]);
    this.#edits = section.edits;
  }

  applies(call: AdaptedCall): boolean {
    return isPatched(call) && this.#patches.length > 0 ||
      editsFor(this.#edits, call).length > 0;
  }

  adapt(body: JsonObject, call: AdaptedCall): AdaptedBody {
    const patched: AdaptedBody = isPatched(call)
      ? this.#patched(body, call)
      : { body, losses: [] };
    return {
      body: applyEdits(patched.body, editsFor(this.#edits, call)),
      losses: patched.losses,
    };
  }

  dialect(protocol: ProtocolName, model: string): Dialect {
    if (protocol !== "chat") return PLAIN_DIALECT;
    const call: AdaptedCall = {
      protocol,
      operation: "generate",
      model,
      stream: true,
    };
    const rules = this.#patches.map((patch) => rulesFor(patch, call));
    return {
      cacheControl: rules.some((one) => one.cacheControl === true),
      topK: rules.some((one) => one.topK === true),
      stopsThinking: rules.some(({ thinking }) =>
        thinking !== undefined &&
        (thinking.kind !== "effort" || thinking.efforts.has("none"))
      ),
    };
  }

  #patched(body: JsonObject, call: AdaptedCall): AdaptedBody {
    let adapted: AdaptedBody = { body, losses: [] };
    for (const patch of this.#patches) {
      const next = new ChatPatcher(
        adapted.body,
        rulesFor(patch, call),
        call,
        this.#id,
      ).patch();
      adapted = {
        body: next.body,
        losses: [...adapted.losses, ...next.losses],
      };
    }
    return adapted;
  }
}

/** Patches know Chat Completions, and what is sent to generate with. */
function isPatched(call: AdaptedCall): boolean {
  return call.protocol === "chat" && call.operation === "generate";
}

function rulesFor(patch: Patch, call: AdaptedCall): ChatRules {
  const name = call.model.slice(call.model.lastIndexOf("/") + 1).toLowerCase();
  const asked = call.stream ? "stream" : "whole";
  return (patch.models ?? []).reduce<ChatRules>(
    (rules, { models, when = asked, rules: own }) =>
      when === asked && models.test(name) ? { ...rules, ...own } : rules,
    patch.chat,
  );
}
