/** Which path an operation has at a provider. @module */

import type { Operation, ProtocolName } from "../exchange/names.ts";

const GENERATE: { readonly [P in ProtocolName]: string } = {
  chat: "/chat/completions",
  messages: "/messages",
  responses: "/responses",
};

/**
 * Finds the path below a provider's base URL, or `null` where the protocol has
 * no such operation. Base URLs of chat and responses contain the version
 * (`https://api.openai.com/v1`), those of messages may (`/v1` is added if not).
 */
export function upstreamPath(
  basePath: string,
  protocol: ProtocolName,
  operation: Operation,
): string | null {
  const base = basePath.replace(/\/+$/, "");
  const rest = operationPath(protocol, operation);
  if (rest === null) return null;
  if (protocol !== "messages" || /\/v\d+$/.test(base)) return base + rest;
  return `${base}/v1${rest}`;
}

function operationPath(
  protocol: ProtocolName,
  operation: Operation,
): string | null {
  switch (operation) {
    case "generate":
      return GENERATE[protocol];
    case "count-tokens":
      if (protocol === "messages") return "/messages/count_tokens";
      return protocol === "responses" ? "/responses/input_tokens" : null;
    case "embeddings":
      return protocol === "chat" ? "/embeddings" : null;
  }
}
