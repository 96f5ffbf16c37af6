/** OpenAI Chat Completions as one wire protocol. @module */

import type { Protocol } from "../protocol.ts";
import {
  decodeChatError,
  encodeChatError,
  encodeChatStreamError,
} from "./errors.ts";
import { ChatObserver } from "./observer.ts";
import { decodeChatRequest } from "./request_decoder.ts";
import { encodeChatRequest } from "./request_encoder.ts";
import { decodeChatResponse, encodeChatResponse } from "./response.ts";
import { ChatStreamDecoder } from "./stream_decoder.ts";
import { ChatStreamEncoder } from "./stream_encoder.ts";
import { readChatUsage } from "./usage.ts";

/** The codec and observer of Chat Completions. */
export const chat: Protocol = {
  name: "chat",
  decodeRequest: decodeChatRequest,
  encodeRequest: encodeChatRequest,
  decodeResponse: decodeChatResponse,
  encodeResponse: encodeChatResponse,
  streamDecoder: (context) => new ChatStreamDecoder(context),
  streamEncoder: (context) => new ChatStreamEncoder(context),
  observer: () => new ChatObserver(),
  encodeError: encodeChatError,
  encodeStreamError: encodeChatStreamError,
  decodeError: decodeChatError,
  readUsage: readChatUsage,
} satisfies Protocol;
