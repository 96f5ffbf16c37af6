/** Parts to the event stream of a messages client. @module */

import { noUsage } from "../../exchange/usage.ts";
import type { EncodeContext, StreamEncoder } from "../protocol.ts";
import type { StreamPart } from "../stream_part.ts";
import { BlockWriter } from "./block_writer.ts";
import { finishError, messageId } from "./encode_response.ts";
import { encodeMessagesStreamError } from "./errors.ts";
import { encodeEvent } from "./event_text.ts";
import { encodeFinish } from "./finish.ts";
import { encodeDeltaUsage, encodeMessagesUsage } from "./usage.ts";

/**
 * Encodes one stream for a messages client. Clients know one open block at a
 * time; the {@linkcode BlockWriter} puts parts that interleave into an order.
 */
export class MessagesStreamEncoder implements StreamEncoder {
  readonly #context: EncodeContext;
  readonly #blocks = new BlockWriter();
  #started = false;
  #ended = false;

  /** Begins the answer to one request. */
  constructor(context: EncodeContext) {
    this.#context = context;
  }

  /** Takes one part, gives the text of the events it leads to. */
  push(part: StreamPart): string {
    if (this.#ended) return "";
    switch (part.type) {
      case "start":
        return this.#start(part);
      case "finish":
        return this.#finish(part);
      case "error":
        this.#ended = true;
        return encodeMessagesStreamError(part.error, "");
      default:
        return this.#blocks.push(part);
    }
  }

  #start(part: StreamPart & { type: "start" }): string {
    if (this.#started) return "";
    this.#started = true;
    return encodeEvent("message_start", {
      message: {
        id: messageId(part.id, this.#context),
        type: "message",
        role: "assistant",
        model: part.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        // The final counts come with message_delta and replace these.
        usage: encodeMessagesUsage({
          ...(part.usage ?? noUsage()),
          serviceTier: part.usage?.serviceTier ?? part.serviceTier,
        }),
      },
    });
  }

  #finish(part: StreamPart & { type: "finish" }): string {
    this.#ended = true;
    const { finish } = part;
    if (finish.kind === "error") {
      return encodeMessagesStreamError(finishError(finish.raw), "");
    }
    const blocks = this.#blocks.end();
    return blocks +
      encodeEvent("message_delta", {
        delta: {
          ...encodeFinish(
            finish,
            this.#blocks.sawToolCall,
            this.#blocks.sawRefusal,
          ),
        },
        usage: encodeDeltaUsage(part.usage),
      }) + encodeEvent("message_stop", {});
  }
}
