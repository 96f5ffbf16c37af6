/**
 * Names and call ids that every provider takes. What is changed depends on the
 * name alone, not on its neighbours or on chance, so that the same request
 * gives the same prompt prefix and a call and its result stay together.
 *
 * @module
 */

import type { CanonicalRequest } from "./canonical.ts";

const HASH_CHARACTERS = 10;
const VALID = /^[a-zA-Z0-9_-]+$/;
const INVALID_CHARACTERS = /[^a-zA-Z0-9_-]/g;

function fnv1a(text: string, seed: number): string {
  let state = seed;
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  return (state >>> 0).toString(16).padStart(8, "0");
}

function hash(text: string): string {
  return (fnv1a(text, 0x811c9dc5) + fnv1a(text, 0x2f1b8a6d)).slice(
    -HASH_CHARACTERS,
  );
}

function repair(text: string, maxLength: number, salt: string): string {
  const kept = text.replace(INVALID_CHARACTERS, "_").slice(
    0,
    maxLength - HASH_CHARACTERS - 1,
  );
  return `${kept}_${hash(text + salt)}`;
}

function isValid(text: string, maxLength: number): boolean {
  return text.length <= maxLength && VALID.test(text);
}

/** Tool names of one request, in the client's words and in the upstream's. */
export class ToolNameMap {
  readonly #upstreamOfClient = new Map<string, string>();
  readonly #clientOfUpstream = new Map<string, string>();
  readonly #changed = new Map<string, string>();

  /**
   * Takes every name of the request: of tools, of the tool choice and of calls
   * in the history. Names that are valid as they are always stay.
   */
  constructor(names: Iterable<string>, maxLength = 64) {
    const invalid = new Set<string>();
    for (const name of names) {
      if (isValid(name, maxLength)) this.#add(name, name);
      else invalid.add(name);
    }
    for (const name of invalid) {
      let candidate = repair(name, maxLength, "");
      for (let salt = 1; this.#clientOfUpstream.has(candidate); salt++) {
        candidate = repair(name, maxLength, `\n${salt}`);
      }
      this.#add(name, candidate);
      this.#changed.set(candidate, name);
    }
  }

  /** Upstream name to client name, only where they differ. */
  get changed(): ReadonlyMap<string, string> {
    return this.#changed;
  }

  /** Gives the name to send upstream. A name that was not announced stays. */
  upstreamName(clientName: string): string {
    return this.#upstreamOfClient.get(clientName) ?? clientName;
  }

  /** Gives the client's name back. A name that is not known stays. */
  clientName(upstreamName: string): string {
    return this.#clientOfUpstream.get(upstreamName) ?? upstreamName;
  }

  #add(clientName: string, upstreamName: string): void {
    this.#upstreamOfClient.set(clientName, upstreamName);
    this.#clientOfUpstream.set(upstreamName, clientName);
  }
}

/** Gives a call id of `[a-zA-Z0-9_-]`, the id itself where it is one already. */
export function repairCallId(id: string, maxLength = 64): string {
  return isValid(id, maxLength) ? id : repair(id, maxLength, "");
}

/** Makes the id of a call that came without one: the same seed, the same id. */
export function syntheticCallId(seed: string): string {
  return `call_${hash(seed)}${hash(`${seed}\n`)}`;
}

/** Gives every tool name that a request speaks of: of tools, of the choice and of calls in the history. */
export function* toolNamesIn(request: CanonicalRequest): Generator<string> {
  for (const tool of request.tools) {
    if (tool.kind !== "native") yield tool.name;
  }
  const choice = request.toolChoice;
  if (choice?.kind === "tool") yield choice.name;
  if (choice?.kind === "allowed") yield* choice.names;
  for (const turn of request.turns) {
    if (turn.role !== "assistant") continue;
    for (const block of turn.blocks) {
      if (block.type === "tool-call") yield block.name;
    }
  }
}
