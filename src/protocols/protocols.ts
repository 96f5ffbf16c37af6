/** The three codecs by name: the table that decides which one is used. @module */

import type { ProtocolName } from "../exchange/names.ts";
import { chat } from "./chat/chat.ts";
import { messages } from "./messages/messages.ts";
import type { Protocol } from "./protocol.ts";
import { responses } from "./responses/responses.ts";

/** The codecs. */
export const PROTOCOLS: { readonly [P in ProtocolName]: Protocol } = {
  chat,
  messages,
  responses,
};
