/** Sends a recorded event stream through the pipes that live streams go through. @module */

import { gatewayError } from "../exchange/gateway_error.ts";
import type {
  AnswerContext,
  Direction,
} from "../protocols/translate_document.ts";
import { NativePipe } from "../relay/native_pipe.ts";
import type { Output, StreamLimits, StreamPipe } from "../relay/stream_pipe.ts";
import { TranslatedPipe } from "../relay/translated_pipe.ts";
import { decodeUtf8, encodeUtf8 } from "../support/utf8.ts";

const LIMITS: StreamLimits = {
  maxEventBytes: 64 << 20,
  maxLineBytes: 64 << 20,
};

/** An event stream for a client. */
export interface TranslatedStream {
  /** The stream. */
  readonly text: string;
  /** The status that the error in it would have had, `null` where it ended well. */
  readonly status: number | null;
}

/** Translates an event stream; one without its terminal event ends in an error. */
export function translateStream(
  text: string,
  direction: Direction,
  context: AnswerContext,
): TranslatedStream {
  const pipe = pipeFor(direction, context);
  const out = [pipe.push(encodeUtf8(text)), pipe.end()];
  let { error } = pipe;
  if (!pipe.finished && error === null) {
    error = gatewayError(
      "upstream",
      "The provider's stream ended before its terminal event",
    );
    out.push(pipe.fail(error));
  }
  return { text: out.map(textOf).join(""), status: error?.status ?? null };
}

function pipeFor(
  { from, to }: Direction,
  context: AnswerContext,
): StreamPipe {
  if (from.name === to.name) {
    return new NativePipe({
      protocol: to,
      requestId: "req_translated",
      stripUsage: to.name === "chat" && !context.encode.request.includeUsage,
      eofIsFinish: context.decode.eofIsFinish,
      ...LIMITS,
    });
  }
  return new TranslatedPipe(
    from.streamDecoder(context.decode),
    to.streamEncoder(context.encode),
    LIMITS,
  );
}

function textOf(output: Output | null): string {
  if (output === null) return "";
  return typeof output === "string" ? output : decodeUtf8(output);
}
