/**
 * Between streams and whole answers: a stream collected for a client that
 * wants a whole answer, a whole answer given out in parts to one that wants a
 * stream. Both go through the codecs, also where the protocol is the same.
 *
 * @module
 */

import { gatewayError } from "../exchange/gateway_error.ts";
import type { CanonicalResponse } from "../protocols/canonical.ts";
import { Collector, partsOf } from "../protocols/collect.ts";
import type {
  EncodeContext,
  Protocol,
  StreamDecoder,
  StreamEncoder,
} from "../protocols/protocol.ts";
import type { StreamPart } from "../protocols/stream_part.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import type { StreamLimits } from "./stream_pipe.ts";
import { TranslatedPipe } from "./translated_pipe.ts";

/** Keeps the parts instead of writing them. */
class CollectingEncoder implements StreamEncoder {
  readonly collector = new Collector();

  push(part: StreamPart): string {
    this.collector.push(part);
    return "";
  }
}

/** Collects a stream; nothing goes to the client before it is complete. */
export class CollectingPipe extends TranslatedPipe {
  readonly #encoder: CollectingEncoder;

  /** Reads a stream with `decoder`. */
  constructor(decoder: StreamDecoder, limits: StreamLimits) {
    const encoder = new CollectingEncoder();
    super(decoder, encoder, limits);
    this.#encoder = encoder;
  }

  /**
   * The whole answer.
   * @throws {RequestError} when the stream ended in an error or has not ended
   */
  get response(): CanonicalResponse {
    return this.#encoder.collector.response;
  }
}

/**
 * Writes a whole answer for a client. The usage of a provider of the same
 * protocol is given on as it came.
 */
export function encodeWhole(
  response: CanonicalResponse,
  protocol: Protocol,
  context: EncodeContext,
  native: boolean,
): JsonObject {
  const body = protocol.encodeResponse(response, context);
  const { raw } = response.usage;
  return native && isJsonObject(raw) ? { ...body, usage: raw } : body;
}

/** Writes a whole answer as the stream that a client of `protocol` reads, or the error in it. */
export function encodeAsStream(
  response: CanonicalResponse,
  protocol: Protocol,
  context: EncodeContext,
): string {
  const encoder = protocol.streamEncoder(context);
  return partsOf(response).map((part) => encoder.push(part)).join("");
}

/** Why an answer cannot be framed anew, `null` if it can. */
export function framingProblem(answer: JsonObject): string | null {
  const { choices } = answer;
  return Array.isArray(choices) && choices.length > 1
    ? `The provider gave ${choices.length} choices in the wrong framing, which holds one`
    : null;
}

/** The error of an answer that ended in one. */
export function failedAnswer(response: CanonicalResponse):
  | ReturnType<
    typeof gatewayError
  >
  | null {
  return response.finish.kind === "error"
    ? gatewayError("upstream", "The provider's answer ended in an error", {
      code: response.finish.raw,
    })
    : null;
}
