/**
 * Tool calls of a chat stream, put together from deltas that name them by
 * index, by id, or by nothing at all.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { BlockKey, StreamPart } from "../stream_part.ts";
import type { DecodeContext } from "../protocol.ts";
import { customInput } from "./custom_tools.ts";
import { syntheticCallId } from "../tool_names.ts";

type Call = {
  id: string;
  name: string;
  kind: "function" | "custom";
  /** Arguments that came before id and name were known. */
  held: string;
  /** Everything that came, to tell a call that is repeated whole. */
  text: string;
  key: BlockKey | null;
  /** A custom call inside a function call: told when it is whole. */
  wrapped: boolean;
  ended: boolean;
};

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Turns tool-call deltas into parts. */
export class ToolCallTracker {
  readonly #calls: Call[] = [];
  /** By the upstream's index; a second call under one index takes its place. */
  readonly #byIndex = new Map<JsonValue, Call>();
  readonly #context: Pick<DecodeContext, "toolNames" | "customTools">;
  readonly #newKey: () => BlockKey;

  /** `newKey` gives the next block key, `context` the client's names and kinds of tools. */
  constructor(
    context: Pick<DecodeContext, "toolNames" | "customTools">,
    newKey: () => BlockKey,
  ) {
    this.#context = context;
    this.#newKey = newKey;
  }

  /** Whether any call has been started. */
  get any(): boolean {
    return this.#calls.some((call) => call.key !== null);
  }

  /** Takes the `tool_calls` of one delta. */
  push(deltas: JsonValue | undefined): StreamPart[] {
    if (!Array.isArray(deltas)) return [];
    return deltas.flatMap((delta) =>
      isJsonObject(delta) ? this.#delta(delta) : []
    );
  }

  /** Takes the deprecated `function_call` of one delta: the only call there is. */
  pushFunctionCall(delta: JsonValue | undefined): StreamPart[] {
    if (!isJsonObject(delta)) return [];
    return this.#delta({ index: "function_call", function: delta });
  }

  /** Ends every call. Calls whose name never came are dropped; ids that never came are made from `seed`. */
  end(seed: string): StreamPart[] {
    const parts: StreamPart[] = [];
    this.#calls.forEach((call, position) => {
      if (call.key === null && call.name !== "") {
        call.id ||= syntheticCallId(
          `${seed} ${position} ${call.name} ${call.text}`,
        );
        parts.push(...this.#start(call));
      }
      parts.push(...this.#end(call));
    });
    return parts;
  }

  #delta(delta: JsonObject): StreamPart[] {
    const isCustom = isJsonObject(delta.custom);
    const called = isCustom ? delta.custom : delta.function;
    const body: JsonObject = isJsonObject(called) ? called : {};
    const id = text(delta.id);
    const name = text(body.name);
    const call = this.#find(delta.index ?? null, id, name);
    if (isCustom) call.kind = "custom";
    if (call.key === null) {
      call.id ||= id;
      call.name ||= name;
    }
    const piece = isJsonObject(body.arguments)
      ? JSON.stringify(body.arguments)
      : text(isCustom ? body.input : body.arguments);
    // xAI repeats a whole call, name and all.
    if (name !== "" && piece !== "" && piece === call.text && isJson(piece)) {
      return [];
    }
    call.text += piece;
    if (call.key !== null) return this.#argumentsPart(call, piece);
    call.held += piece;
    if (call.id === "" || call.name === "") return [];
    return [...this.#endComplete(), ...this.#start(call)];
  }

  /**
   * Calls whose arguments are whole end when the next one begins: messages
   * clients get one block at a time and would else wait for the last of them.
   */
  #endComplete(): StreamPart[] {
    return this.#calls.flatMap((call) => {
      const mayBeWhole = !call.ended && call.kind === "function" &&
        call.text.trimEnd().endsWith("}");
      return mayBeWhole && isJson(call.text) ? this.#end(call) : [];
    });
  }

  #end(call: Call): StreamPart[] {
    if (call.key === null || call.ended) return [];
    call.ended = true;
    const end: StreamPart = { type: "tool-call-end", key: call.key };
    const input = call.wrapped ? customInput(call.text) : "";
    return input === ""
      ? [end]
      : [{ type: "tool-call-delta", key: call.key, arguments: input }, end];
  }

  #find(index: JsonValue, id: string, name: string): Call {
    const known = index === null
      ? this.#withoutIndex(id, name)
      : this.#byIndex.get(index);
    // One index for all calls: another id with a name is another call.
    const another = known !== undefined && id !== "" && name !== "" &&
      known.id !== "" && known.id !== id;
    if (known !== undefined && !another) return known;
    const call: Call = {
      id: "",
      name: "",
      kind: "function",
      held: "",
      text: "",
      key: null,
      wrapped: false,
      ended: false,
    };
    this.#calls.push(call);
    if (index !== null) this.#byIndex.set(index, call);
    return call;
  }

  /** Gemini's endpoint leaves the index out: an id or a name begins a call. */
  #withoutIndex(id: string, name: string): Call | undefined {
    if (id !== "") {
      const same = this.#calls.find((call) => call.id === id);
      if (same !== undefined || name !== "") return same;
    }
    return name === "" ? this.#calls.at(-1) : undefined;
  }

  #start(call: Call): StreamPart[] {
    const key = this.#newKey();
    call.key = key;
    const held = call.held;
    call.held = "";
    const name = this.#context.toolNames.get(call.name) ?? call.name;
    call.wrapped = call.kind === "function" &&
      (this.#context.customTools?.has(name) ?? false);
    return [{
      type: "tool-call-start",
      key,
      id: call.id,
      name,
      kind: call.wrapped ? "custom" : call.kind,
    }, ...this.#argumentsPart(call, held)];
  }

  #argumentsPart(call: Call, piece: string): StreamPart[] {
    // After whole arguments only white space can follow.
    if (piece === "" || call.key === null || call.ended) return [];
    if (call.wrapped) return [];
    return [{ type: "tool-call-delta", key: call.key, arguments: piece }];
  }
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
