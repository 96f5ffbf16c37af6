/**
 * Keeps requests that belong together on one target, so that the provider's
 * prompt cache lives on. This is the routing-decision cache.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { AliasConfig } from "../config/schema.ts";
import type { RequestFacts } from "./facts.ts";

/** `models.*.affinity`. */
export type AffinitySettings = NonNullable<AliasConfig["affinity"]>;

/**
 * Names what a request belongs to, `null` if nothing tells. Clients are kept
 * apart, and what they send is kept as a digest only.
 */
export function affinityKey(
  facts: RequestFacts,
  settings: AffinitySettings,
): string | null {
  const { by, header } = settings;
  const value = by === "header" && header !== null
    ? facts.header(header.toLowerCase())
    : facts.conversationPrefix();
  if (value === null || value === "") return null;
  return createHash("sha256").update(facts.client.name).update("\n")
    .update(value).digest("base64url");
}

interface Entry {
  readonly targetId: string;
  readonly untilMs: number;
}

/** Remembers targets by key, the latest used ones, each until it was unused for its time. */
export class AffinityTable {
  #ttlMs: number;
  #maxEntries: number;
  /** In the order of their last use, the oldest first. */
  readonly #entries = new Map<string, Entry>();

  /** Begins empty. */
  constructor(settings: Pick<AffinitySettings, "ttlMs" | "maxEntries">) {
    this.#ttlMs = settings.ttlMs;
    this.#maxEntries = settings.maxEntries;
  }

  /** How many targets are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** Takes over the bounds of a new config. */
  update(settings: Pick<AffinitySettings, "ttlMs" | "maxEntries">): void {
    this.#ttlMs = settings.ttlMs;
    this.#maxEntries = settings.maxEntries;
    this.#trim();
  }

  /** Tells the target of a key, `null` if none is remembered. Changes nothing. */
  peek(key: string, nowMs: number): string | null {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.untilMs <= nowMs
      ? null
      : entry.targetId;
  }

  /** Remembers the target of a key, anew. */
  remember(key: string, targetId: string, nowMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { targetId, untilMs: nowMs + this.#ttlMs });
    this.#trim();
  }

  #trim(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries) return;
      this.#entries.delete(key);
    }
  }
}
