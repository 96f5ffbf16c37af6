/**
 * Keeps Responses conversations in the gateway (`responses.store`), so that
 * `store` and `previous_response_id` work for targets that keep nothing.
 *
 * Towards a provider of another protocol the whole conversation is put into the
 * input. Towards one of the same protocol a reference stays as it came where
 * that provider made the answer and keeps it itself, or where the gateway does
 * not know the id; only what another target answered is put in. Every answer
 * is kept here too unless the client said `store: false`, so that routing may
 * choose another target for the next turn.
 *
 * @module
 */

import type { Exchange } from "../exchange/exchange.ts";
import { RequestError } from "../exchange/gateway_error.ts";
import type { ResponsesStore } from "../protocols/responses_store.ts";
import { isReference, objects } from "../protocols/stored_items.ts";
import type { JsonObject, JsonValue } from "../support/json.ts";
import type { Inbound } from "./inbound.ts";
import { ResponseWatcher, WatchedPipe } from "./watched_pipe.ts";
import type { StreamPipe } from "./stream_pipe.ts";

/** Opens the conversation of a request, `null` where nothing is kept. */
export function conversationOf(
  store: ResponsesStore | null,
  exchange: Exchange,
  inbound: Inbound,
): Conversation | null {
  const kept = store !== null && exchange.protocol === "responses" &&
    exchange.operation === "generate";
  if (!kept) return null;
  try {
    return new Conversation(store, exchange.client.name, inbound.json());
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    // No JSON after all: whoever needs the body will say so.
    return null;
  }
}

/** One request's view of what is kept. */
export class Conversation {
  /** Whether the request refers to what was said before. */
  readonly refers: boolean;
  /** Whether the answer will be kept. */
  readonly keeps: boolean;
  readonly #store: ResponsesStore;
  readonly #client: string;
  readonly #body: JsonObject;
  readonly #watcher = new ResponseWatcher();
  #answer: JsonObject | null = null;

  /** Opens the conversation of `client`'s request `body`. */
  constructor(store: ResponsesStore, client: string, body: JsonObject) {
    this.#store = store;
    this.#client = client;
    this.#body = body;
    this.refers = refersBack(body);
    this.keeps = body.store !== false && body.background !== true;
  }

  /**
   * The body with everything that is kept put into its input.
   * @throws {RequestError} naming what is not kept
   */
  wholeBody(): JsonObject {
    return this.#store.resolveBody(this.#client, this.#body);
  }

  /** The body for a provider of the same protocol: what it keeps itself stays a reference. */
  nativeBody(body: JsonObject, provider: string): JsonObject {
    return this.#store.resolveBody(this.#client, body, provider);
  }

  /** Reads along an event stream on its way to the client. */
  watch(pipe: StreamPipe): StreamPipe {
    return this.keeps ? new WatchedPipe(pipe, this.#watcher) : pipe;
  }

  /** The client gets this event stream. */
  streamed(text: string): void {
    if (this.keeps) this.#watcher.push(text);
  }

  /** The client gets this answer. */
  answered(answer: JsonObject): void {
    this.#answer = answer;
  }

  /** Keeps the answer: the client has all of it. `heldBy` is the provider that keeps it too. */
  commit(heldBy: string | null): void {
    const answer = this.#watcher.response ?? this.#answer;
    if (!this.keeps || answer === null || !isFinal(answer)) return;
    const input = this.#wholeInput();
    if (input === undefined) return;
    this.#store.save(this.#client, String(answer.id), {
      input,
      body: answer,
      heldBy,
    });
  }

  /** The whole input, `undefined` where its beginning is another's alone. */
  #wholeInput(): JsonValue | undefined {
    try {
      return this.wholeBody().input;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return undefined;
    }
  }
}

/** Whether a request names answers or items of before instead of sending them. */
export function refersBack(body: JsonObject): boolean {
  return (body.previous_response_id ?? null) !== null ||
    objects(body.input).some(isReference);
}

function isFinal(answer: JsonObject): boolean {
  return typeof answer.id === "string" &&
    (answer.status === "completed" || answer.status === "incomplete");
}
