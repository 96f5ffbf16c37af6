/**
 * What clients of OpenAI Responses asked to have kept (`store`): answers and
 * their input, per client, bounded in bytes and time. With it
 * `previous_response_id`, item references and `GET /v1/responses/{id}` work for
 * targets that keep nothing. Persistence is in `responses_store_file.ts`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { invalidField } from "../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import {
  inputItemsOf,
  isReference,
  objects,
  replayable,
} from "./stored_items.ts";

/** Bounds of a store. */
export interface ResponsesStoreOptions {
  /** Most bytes of kept JSON; the oldest entries go first. */
  readonly maxBytes: number;
  /** How long an entry is kept, in ms. */
  readonly ttlMs: number;
  /** Wall clock in ms since the epoch. */
  now(): number;
}

/** One exchange to keep. */
export interface StoredExchange {
  /** The request's `input`, with everything that was resolved into it. */
  readonly input: JsonValue | undefined;
  /** The response object as the client got it. */
  readonly body: JsonObject;
  /** The provider that keeps the exchange itself, under the same ids. @default {null} */
  readonly heldBy?: string | null;
}

/** One page of `GET /v1/responses/{id}/input_items`. */
export interface InputItemsQuery {
  /** Most items of the page, 1 to 100. @default {20} */
  readonly limit?: number;
  /** Newest first or oldest first. @default {"desc"} */
  readonly order?: "asc" | "desc";
  /** Id of the item before the page. */
  readonly after?: string | null;
}

type Entry = {
  readonly client: string;
  readonly id: string;
  readonly heldBy: string | null;
  readonly savedAt: number;
  /** The entry as JSON, as it stands in a snapshot. */
  readonly line: string;
  readonly bytes: number;
  readonly itemKeys: readonly string[];
};

type Kept = {
  input: JsonObject[];
  body: JsonObject;
  /** The provider that keeps it itself. */
  heldBy: string | null;
};

/** What an entry costs beside its text: the objects and strings around it. */
const ENTRY_OVERHEAD_BYTES = 512;

const PAGE_ITEMS = 20;
const MAX_PAGE_ITEMS = 100;

function keyOf(client: string, id: string): string {
  return JSON.stringify([client, id]);
}

/** Keeps exchanges of all clients; none sees another's. */
export class ResponsesStore {
  readonly #options: ResponsesStoreOptions;
  /** In order of age: a map keeps the order of insertion. */
  readonly #entries = new Map<string, Entry>();
  /** Item key to entry key. */
  readonly #items = new Map<string, string>();
  #bytes = 0;
  #changes = 0;

  /** Makes an empty store. */
  constructor(options: ResponsesStoreOptions) {
    this.#options = options;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of exchanges held. */
  get size(): number {
    return this.#entries.size;
  }

  /** Grows with every change: tells a snapshot that it is out of date. */
  get changes(): number {
    return this.#changes;
  }

  /** Keeps an exchange. `false` when it alone is larger than the store. */
  save(client: string, responseId: string, exchange: StoredExchange): boolean {
    const kept: Kept = {
      input: inputItemsOf(exchange.input, responseId),
      body: exchange.body,
      heldBy: exchange.heldBy ?? null,
    };
    return this.#insert(client, responseId, this.#options.now(), kept);
  }

  /** Gives the response object, `null` if it is not held for this client. */
  get(client: string, responseId: string): JsonObject | null {
    return this.#kept(client, responseId)?.body ?? null;
  }

  /** Forgets an exchange; tells whether it was held. */
  delete(client: string, responseId: string): boolean {
    const key = keyOf(client, responseId);
    const held = this.#live(key) !== null;
    this.#remove(key);
    return held;
  }

  /** Gives a page of the request's input in the shape of the API, `null` if the response is not held. */
  inputItems(
    client: string,
    responseId: string,
    query: InputItemsQuery = {},
  ): JsonObject | null {
    const kept = this.#kept(client, responseId);
    if (kept === null) return null;
    const { limit = PAGE_ITEMS, order = "desc", after = null } = query;
    const items = order === "asc" ? kept.input : kept.input.toReversed();
    const start = after === null
      ? 0
      : items.findIndex((item) => item.id === after) + 1;
    const end = start + Math.min(Math.max(1, limit), MAX_PAGE_ITEMS);
    const data = items.slice(start, end);
    return {
      object: "list",
      data,
      first_id: data.at(0)?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: end < items.length,
    };
  }

  /**
   * Gives the items that stand for `previous_response_id`: the whole
   * conversation until then, `null` if it is not held. Instructions are not
   * among them: the API does not carry them over either.
   */
  resolve(client: string, previousResponseId: string): JsonObject[] | null {
    const kept = this.#kept(client, previousResponseId);
    if (kept === null) return null;
    return [...kept.input, ...objects(kept.body.output)]
      .map(replayable).filter((item) => item !== null);
  }

  /** Gives an item of any exchange of the client by its id, `null` if it is not held. */
  item(client: string, itemId: string): JsonObject | null {
    const key = this.#items.get(keyOf(client, itemId));
    const entry = key === undefined ? null : this.#live(key);
    if (entry === null) return null;
    const kept = this.#kept(client, entry.id);
    const found = [...kept?.input ?? [], ...objects(kept?.body.output)]
      .find((item) => item.id === itemId);
    return found ?? null;
  }

  /**
   * Gives a request body in which nothing refers to this store any more:
   * `previous_response_id` and item references are replaced by the items. The
   * body itself where there is nothing to replace. For a `provider` that keeps
   * exchanges itself, what it holds, or may hold, stays a reference.
   * @throws {RequestError} naming what is not held
   */
  resolveBody(
    client: string,
    body: JsonObject,
    provider: string | null = null,
  ): JsonObject {
    if (provider !== null) return this.#resolveForeign(client, body, provider);
    const { previous_response_id: previous, ...rest } = body;
    const own = typeof body.input === "string"
      ? [{ type: "message", role: "user", content: body.input }]
      : objects(body.input);
    const references = own.some(isReference);
    const hasPrevious = previous !== undefined && previous !== null;
    if (!references && !hasPrevious) return body;
    const items = references
      ? own.flatMap((item, index) =>
        isReference(item) ? this.#referred(client, item, index) : [item]
      )
      : own;
    if (!hasPrevious) return { ...rest, input: items };
    const before = this.resolve(client, String(previous));
    if (before === null) {
      throw invalidField(
        "previous_response_id",
        `Cannot find the previous response ${previous}: it was not stored, has expired or is another client's; send the whole conversation in input`,
        "previous_response_not_found",
      );
    }
    return { ...rest, input: [...before, ...items] };
  }

  /** Replaces what is held here and not at `provider`. */
  #resolveForeign(
    client: string,
    body: JsonObject,
    provider: string,
  ): JsonObject {
    const isForeign = (key: string | undefined): boolean => {
      const entry = key === undefined ? null : this.#live(key);
      return entry !== null && entry.heldBy !== provider;
    };
    const { previous_response_id: previous, ...rest } = body;
    const own = objects(body.input);
    const isReplaced = (item: JsonObject): boolean =>
      isReference(item) &&
      isForeign(this.#items.get(keyOf(client, String(item.id))));
    const input = own.some(isReplaced)
      ? own.flatMap((item, index) =>
        isReplaced(item) ? this.#referred(client, item, index) : [item]
      )
      : body.input;
    const resolved = input === body.input ? body : { ...body, input };
    if (
      typeof previous !== "string" || !isForeign(keyOf(client, previous))
    ) return resolved;
    const before = this.resolve(client, previous) ?? [];
    const now = typeof input === "string"
      ? [{ type: "message", role: "user", content: input }]
      : objects(input);
    return { ...rest, input: [...before, ...now] };
  }

  /** The entries as lines of JSON, oldest first. */
  snapshot(): string[] {
    this.#expire();
    return [...this.#entries.values()].map((entry) => entry.line);
  }

  /** Takes the lines of a snapshot, leaving out what is torn or too old; gives how many were taken. */
  restore(lines: Iterable<string>): number {
    let taken = 0;
    for (const line of lines) {
      const record = parseLine(line);
      if (record === null) continue;
      const { client, id, savedAt, kept } = record;
      if (this.#insert(client, id, savedAt, kept)) taken++;
    }
    return taken;
  }

  #referred(client: string, item: JsonObject, index: number): JsonObject[] {
    const found = this.item(client, String(item.id));
    if (found === null) {
      throw invalidField(
        `input[${index}].id`,
        `Cannot find the item ${item.id}: it was not stored, has expired or is another client's; send the item itself`,
        "item_not_found",
      );
    }
    const sent = replayable(found);
    return sent === null ? [] : [sent];
  }

  #insert(
    client: string,
    id: string,
    savedAt: number,
    kept: Kept,
  ): boolean {
    const key = keyOf(client, id);
    this.#remove(key);
    this.#expire();
    const line = JSON.stringify({ client, id, savedAt, ...kept });
    const bytes = Buffer.byteLength(line) + ENTRY_OVERHEAD_BYTES;
    if (bytes > this.#options.maxBytes || this.#isOld(savedAt)) return false;
    const itemKeys = [...kept.input, ...objects(kept.body.output)]
      .filter((item) => typeof item.id === "string")
      .map((item) => keyOf(client, String(item.id)));
    const { heldBy } = kept;
    this.#entries.set(key, {
      client,
      id,
      heldBy,
      savedAt,
      line,
      bytes,
      itemKeys,
    });
    for (const itemKey of itemKeys) this.#items.set(itemKey, key);
    this.#bytes += bytes;
    this.#changes++;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#options.maxBytes) break;
      this.#remove(oldest);
    }
    return true;
  }

  #kept(client: string, id: string): Kept | null {
    const entry = this.#live(keyOf(client, id));
    return entry === null ? null : parseLine(entry.line)?.kept ?? null;
  }

  #live(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (!this.#isOld(entry.savedAt)) return entry;
    this.#remove(key);
    return null;
  }

  #isOld(savedAt: number): boolean {
    return this.#options.now() - savedAt >= this.#options.ttlMs;
  }

  #expire(): void {
    for (const [key, entry] of this.#entries) {
      if (!this.#isOld(entry.savedAt)) break;
      this.#remove(key);
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const itemKey of entry.itemKeys) {
      // A later exchange may hold the same item: then it is that one's.
      if (this.#items.get(itemKey) === key) this.#items.delete(itemKey);
    }
    this.#bytes -= entry.bytes;
    this.#changes++;
  }
}

function parseLine(
  line: string,
): { client: string; id: string; savedAt: number; kept: Kept } | null {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isJsonObject(record)) return null;
  const { client, id, savedAt, input, body, heldBy } = record;
  if (
    typeof client !== "string" || typeof id !== "string" ||
    typeof savedAt !== "number" || !isJsonObject(body)
  ) return null;
  return {
    client,
    id,
    savedAt,
    kept: {
      input: objects(input),
      body,
      heldBy: typeof heldBy === "string" ? heldBy : null,
    },
  };
}
