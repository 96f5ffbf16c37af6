/** The OpenAI Responses protocol, whole. @module */

import type { Protocol } from "../protocol.ts";
import {
  decodeResponsesError,
  encodeResponsesError,
  encodeResponsesStreamError,
} from "./errors.ts";
import { ResponsesObserver } from "./observer.ts";
import { decodeResponsesRequest } from "./request_decoder.ts";
import { encodeResponsesRequest } from "./request_encoder.ts";
import {
  decodeResponsesResponse,
  encodeResponsesResponse,
} from "./response_codec.ts";
import { ResponsesStreamDecoder } from "./stream_decoder.ts";
import { ResponsesStreamEncoder } from "./stream_encoder.ts";
import { readResponsesUsage } from "./usage.ts";

/** Codec and observer of OpenAI Responses. */
export const responses: Protocol = {
  name: "responses",
  decodeRequest: decodeResponsesRequest,
  encodeRequest: encodeResponsesRequest,
  decodeResponse: decodeResponsesResponse,
  encodeResponse: encodeResponsesResponse,
  streamDecoder: (context) => new ResponsesStreamDecoder(context),
  streamEncoder: (context) => new ResponsesStreamEncoder(context),
  observer: () => new ResponsesObserver(),
  encodeError: encodeResponsesError,
  encodeStreamError: (error) => encodeResponsesStreamError(error),
  decodeError: decodeResponsesError,
  readUsage: readResponsesUsage,
} satisfies Protocol;
