/** Reads what an upstream says when it refuses. @module */

import { type Failure, failure } from "../exchange/failure.ts";
import type { GatewayError } from "../exchange/gateway_error.ts";
import { retryAfterOf } from "../exchange/headers.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import { classifyErrorAnswer } from "../upstream/classify.ts";
import type { Protocols } from "./outbound.ts";
import type { Output } from "./stream_pipe.ts";
import { decodeUtf8 } from "../support/utf8.ts";

const MAX_ERROR_BYTES = 65_536;
const MAX_MESSAGE_CHARS = 2_000;

/** Collects the body of an error answer; what exceeds 64 KiB is cut off. */
export class ErrorBody {
  readonly #status: number;
  readonly #headers: readonly string[];
  readonly #decoder = new TextDecoder();
  #text = "";

  /** Begins to collect. */
  constructor(status: number, headers: readonly string[]) {
    this.#status = status;
    this.#headers = headers;
  }

  /** Takes a piece. */
  push(bytes: Uint8Array): void {
    if (this.#text.length >= MAX_ERROR_BYTES) return;
    this.#text += this.#decoder.decode(bytes, { stream: true });
  }

  /** Says what the answer means. */
  failure(reader: ErrorReader): Failure {
    return reader.ofAnswer(this.#status, this.#headers, this.#text);
  }
}

/** The error readers of all protocols. */
export type ErrorReaders = { readonly [P in ProtocolName]: ErrorReader };

/** Makes the readers; `scrub` takes secrets out of a text. */
export function errorReaders(
  protocols: Protocols,
  scrub: (text: string) => string,
): ErrorReaders {
  return {
    chat: new ErrorReader(protocols.chat, scrub),
    messages: new ErrorReader(protocols.messages, scrub),
    responses: new ErrorReader(protocols.responses, scrub),
  };
}

/** Turns error answers and error events into failures; frees their words of secrets. */
export class ErrorReader {
  readonly #protocol: Protocol;
  readonly #scrub: (text: string) => string;

  /** Reads errors of `protocol`; `scrub` takes secrets out of a text. */
  constructor(protocol: Protocol, scrub: (text: string) => string) {
    this.#protocol = protocol;
    this.#scrub = scrub;
  }

  /** Takes the gateway's secrets out of header values: one look for all, since it is taken at every answer. */
  scrubHeaders(headers: readonly string[]): readonly string[] {
    let values = headers[1] ?? "";
    for (let index = 3; index < headers.length; index += 2) {
      values += `\n${headers[index]}`;
    }
    const scrubbed = this.#scrub(values);
    if (scrubbed === values) return headers;
    const clean = scrubbed.split("\n");
    return headers.map((text, index) =>
      index % 2 === 0 ? text : clean[index >> 1] ?? ""
    );
  }

  /** Takes them out of what goes to the client. */
  scrubOutput(output: Output): Output {
    const text = typeof output === "string" ? output : decodeUtf8(output);
    const scrubbed = this.#scrub(text);
    return scrubbed === text ? output : scrubbed;
  }

  /** An answer with an error status. */
  ofAnswer(
    status: number,
    headers: readonly string[],
    text: string,
  ): Failure {
    const body = parseObject(text);
    const said = this.#protocol.decodeError(status, body);
    return classifyErrorAnswer({
      status,
      message: this.#message(status, said.message),
      code: this.#word(said.code),
      type: this.#word(said.type),
      param: this.#word(said.param),
      retryAfterMs: retryAfterOf(headers, Date.now()),
    });
  }

  /** An error inside a 200: an event, or the whole body. */
  ofInBandError(error: GatewayError): Failure {
    // What decoders say of a stream that ends early: the same as where nothing is decoded.
    if (error.code === "stream_broken") {
      return failure("stream_broken", this.#message(200, error.message));
    }
    return classifyErrorAnswer({
      status: error.status === 200 || error.status < 400 ? 200 : error.status,
      message: this.#message(error.status, error.message),
      code: this.#word(error.code),
      type: error.kind,
      param: this.#word(error.param),
      retryAfterMs: error.retryAfterMs,
    });
  }

  #word(said: string | null): string | null {
    return said === null ? null : this.#scrub(said);
  }

  #message(status: number, said: string): string {
    // The gateway's own credentials: their provider's words help nobody else.
    if (status === 401 || status === 403) {
      return `The provider refused the gateway's credentials with status ${status}`;
    }
    const text = this.#scrub(said).slice(0, MAX_MESSAGE_CHARS);
    return text === "" ? `The provider answered with status ${status}` : text;
  }
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
    // Google's OpenAI endpoint wraps its error into an array.
    if (Array.isArray(value) && isJsonObject(value[0])) return value[0];
    return null;
  } catch {
    return null;
  }
}
