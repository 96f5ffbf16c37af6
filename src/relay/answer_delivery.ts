/** Gives one attempt's answer to the client, in the client's protocol and framing. @module */

import type { Attempt } from "../exchange/exchange.ts";
import type { Failure } from "../exchange/failure.ts";
import type { AttemptEvents } from "./attempt_events.ts";
import type { ClientSide } from "./client_side.ts";
import type { RelayDependencies } from "./dependencies.ts";
import type { ErrorReader } from "./error_body.ts";
import type { RelaySettings } from "./snapshot.ts";
import type { CollectingPipe } from "./stream_modes.ts";
import type { StreamPipe } from "./stream_pipe.ts";
import {
  type AnswerContext,
  type AnsweredCall,
  collectedAnswer,
  makeCollector,
  makePipe,
  type WholeAnswer,
  wholeAnswer,
} from "./translate.ts";

/** Where an answer goes and who hears of it. */
export interface DeliveryEnds {
  /** The client's side. */
  readonly client: ClientSide;
  /** Tells the taps. */
  readonly events: AttemptEvents;
  /** Reads an error inside a 200. */
  readonly errors: ErrorReader;
}

/** Makes and sends the answer of one attempt. */
export class AnswerDelivery {
  readonly #context: AnswerContext;
  readonly #call: AnsweredCall;
  readonly #ends: DeliveryEnds;

  /** Delivers the answer to `call`. */
  constructor(
    deps: RelayDependencies,
    settings: RelaySettings,
    call: AnsweredCall,
    ends: DeliveryEnds,
  ) {
    this.#context = {
      deps,
      streamLimits: settings.streamLimits,
      maxBytes: settings.maxResponseBytes,
    };
    this.#call = call;
    this.#ends = ends;
  }

  /** Whether a stream was asked of the provider. */
  get asksStream(): boolean {
    return this.#call.prepared.stream;
  }

  /** Makes the pipe of a stream to a client that wants one. */
  pipe(): StreamPipe {
    return makePipe(this.#context, this.#call);
  }

  /** Makes the pipe of a stream to a client that wants a whole answer. */
  collector(): CollectingPipe {
    return makeCollector(this.#context, this.#call);
  }

  /** Sends a whole answer. Gives a failure if it is none. */
  whole(
    attempt: Attempt,
    headers: readonly string[],
    body: Uint8Array,
  ): Failure | null {
    const { errors } = this.#ends;
    const answer = wholeAnswer(this.#context, this.#call, body, {
      attempt,
      headers,
      errors,
    });
    if (answer.kind === "answered") this.#ends.events.content(attempt);
    return this.#send(answer);
  }

  /** Sends a collected stream as a whole answer. Gives a failure if it is none. */
  collected(
    attempt: Attempt,
    headers: readonly string[],
    pipe: CollectingPipe,
  ): Failure | null {
    const { errors } = this.#ends;
    return this.#send(
      collectedAnswer(this.#context, this.#call, pipe, {
        attempt,
        headers,
        errors,
      }),
    );
  }

  #send(answer: WholeAnswer): Failure | null {
    if (answer.kind === "failed") return answer.failure;
    const { client } = this.#ends;
    if (answer.streamed) {
      client.startStream(answer.headers);
      client.sendPiece(answer.body);
    } else client.sendWhole(200, answer.headers, answer.body);
    return null;
  }
}
