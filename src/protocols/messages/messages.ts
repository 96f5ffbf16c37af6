/** Anthropic's Messages protocol: its codec in both directions and its observer. @module */

import type { Protocol } from "../protocol.ts";
import { decodeMessagesRequest } from "./decode_request.ts";
import { decodeMessagesResponse } from "./decode_response.ts";
import { encodeMessagesRequest } from "./encode_request.ts";
import { encodeMessagesResponse } from "./encode_response.ts";
import {
  decodeMessagesError,
  encodeMessagesError,
  encodeMessagesStreamError,
} from "./errors.ts";
import { MessagesObserver } from "./observer.ts";
import { MessagesStreamDecoder } from "./stream_decoder.ts";
import { MessagesStreamEncoder } from "./stream_encoder.ts";
import { readMessagesUsage } from "./usage.ts";

/** The messages protocol. */
export const messages: Protocol = {
  name: "messages",
  decodeRequest: decodeMessagesRequest,
  encodeRequest: encodeMessagesRequest,
  decodeResponse: decodeMessagesResponse,
  encodeResponse: encodeMessagesResponse,
  streamDecoder: (context) => new MessagesStreamDecoder(context),
  streamEncoder: (context) => new MessagesStreamEncoder(context),
  observer: () => new MessagesObserver(),
  encodeError: encodeMessagesError,
  encodeStreamError: encodeMessagesStreamError,
  decodeError: decodeMessagesError,
  readUsage: readMessagesUsage,
} satisfies Protocol;
