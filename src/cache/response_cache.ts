/**
 * The response cache, level 1: exact, in the memory of the process, bounded in
 * bytes. What was used longest ago goes first. No client is ever given the
 * answer of another: the name of an entry holds who asked.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Config } from "../config/schema.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { KeptAnswer, KeptQuestion } from "../exchange/kept_answer.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { isCacheable } from "./cacheable.ts";
import { canonicalJson } from "./canonical_json.ts";
import { HitWindow } from "./hit_window.ts";
import { decodeUtf8 } from "../support/utf8.ts";

/** What an entry weighs beside its body: its name, its fields, the map's own cells. */
const ENTRY_BYTES = 1024;
/** One number of a list. */
const END_BYTES = 8;
const CHARACTER_BYTES = 2;
const RATIO_WINDOW_MS = 300_000;
/** Headers that change with every request and no answer. */
const PASSING_HEADERS: ReadonlySet<string> = new Set([
  "traceparent",
  "idempotency-key",
]);

/** How the cache does. */
export interface CacheStats {
  /** Lookups that found an answer. */
  readonly hits: number;
  /** Lookups that found none. */
  readonly misses: number;
  /** Share of hits since the start, `null` without lookups. */
  readonly hitRatio: number | null;
  /** Bytes of all entries. */
  readonly size: number;
  /** Most bytes of all entries. */
  readonly max: number;
  /** Entries. */
  readonly entries: number;
  /** What hits have saved, in 1e-12 USD; answers without a price save nothing. */
  readonly savedPico: bigint;
}

interface Entry {
  readonly answer: KeptAnswer;
  readonly bytes: number;
  readonly expiresMs: number;
}

/** Keeps complete answers and finds them again. */
export class ResponseCache {
  #settings: Config["cache"];
  readonly #clock: Clock;
  /** In the order of use, the longest unused first. */
  readonly #entries = new Map<string, Entry>();
  readonly #recent = new HitWindow(RATIO_WINDOW_MS);
  /** Goes into every name: what was asked before {@linkcode ResponseCache.clear} is never found after it. */
  #epoch = 0;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #savedPico = 0n;

  /** Begins empty. */
  constructor(settings: Config["cache"], clock: Clock = SYSTEM_CLOCK) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Whether anything is kept at all. */
  get enabled(): boolean {
    return this.#settings.l1.enabled;
  }

  /** Longest body that is kept, bytes. */
  get maxEntryBytes(): number {
    return this.#settings.l1.maxEntryBytes;
  }

  /** Takes over other bounds; what does not fit any more goes, switched off everything does. */
  update(settings: Config["cache"]): void {
    this.#settings = settings;
    if (!settings.l1.enabled) this.clear();
    this.#shrink();
  }

  /** Forgets every answer; the counts stay. */
  clear(): void {
    this.#epoch++;
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** Names the answer to a request; `null`: it may not be given again. */
  keyOf(
    exchange: Exchange,
    alias: string,
    question: KeptQuestion,
  ): string | null {
    if (exchange.operation !== "generate") return null;
    const { onlyDeterministic } = this.#settings;
    if (!isCacheable(question.json(), onlyDeterministic)) return null;
    const hash = createHash("sha256");
    // A list of JSON strings: no part can run into the next one.
    hash.update(JSON.stringify([
      this.#epoch,
      exchange.client.name,
      alias,
      exchange.endpoint,
      exchange.stream,
      question.query,
      ...lastingHeaders(question.headers),
    ]));
    hash.update(canonicalJson(decodeUtf8(question.body)));
    return hash.digest("base64url");
  }

  /** Finds an answer, and counts the lookup. */
  find(key: string): KeptAnswer | null {
    const now = this.#clock.monotonicMs();
    const entry = this.#entries.get(key);
    const answer = entry === undefined || entry.expiresMs <= now
      ? null
      : entry.answer;
    this.#recent.add(answer !== null, now);
    if (entry !== undefined) this.#remove(key, entry);
    if (answer === null || entry === undefined) {
      this.#misses++;
      return null;
    }
    this.#add(key, entry);
    this.#hits++;
    this.#savedPico += answer.costPico ?? 0n;
    return answer;
  }

  /** Keeps an answer, if there is room for it. */
  keep(key: string, answer: KeptAnswer): void {
    const { enabled, maxBytes, maxEntryBytes, ttlMs } = this.#settings.l1;
    const bytes = weigh(answer);
    const known = this.#entries.get(key);
    if (known !== undefined) this.#remove(key, known);
    if (!enabled || answer.bytes.length > maxEntryBytes || bytes > maxBytes) {
      return;
    }
    const expiresMs = this.#clock.monotonicMs() + ttlMs;
    this.#add(key, { answer, bytes, expiresMs });
    this.#shrink();
  }

  /** How it does. */
  get stats(): CacheStats {
    const lookups = this.#hits + this.#misses;
    return {
      hits: this.#hits,
      misses: this.#misses,
      hitRatio: lookups === 0 ? null : this.#hits / lookups,
      size: this.#bytes,
      max: this.#settings.l1.maxBytes,
      entries: this.#entries.size,
      savedPico: this.#savedPico,
    };
  }

  /** Share of hits in the last five minutes; NaN without lookups. */
  get recentHitRatio(): number {
    return this.#recent.ratio(this.#clock.monotonicMs());
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  #shrink(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#settings.l1.maxBytes) return;
      this.#remove(key, entry);
    }
  }
}

function weigh({ bytes, ends, losses }: KeptAnswer): number {
  let weight = ENTRY_BYTES + bytes.length + ends.length * END_BYTES;
  for (const loss of losses) weight += loss.length * CHARACTER_BYTES;
  return weight;
}

/** Betas and versions change what a provider answers. */
function lastingHeaders(headers: readonly string[]): string[] {
  const lasting: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (PASSING_HEADERS.has(name)) continue;
    lasting.push(name, headers[index + 1] ?? "");
  }
  return lasting;
}
