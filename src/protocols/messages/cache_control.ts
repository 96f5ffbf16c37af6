/** Cache breakpoints of the messages protocol. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { CacheHint } from "../canonical.ts";

/** Reads `cache_control`; `null` where there is none. */
export function decodeCacheControl(
  value: JsonValue | undefined,
): CacheHint | null {
  if (!isJsonObject(value)) return null;
  const { ttl } = value;
  return { ttl: ttl === "5m" || ttl === "1h" ? ttl : null };
}

/** Adds `cache_control` to a block or tool, in place, where there is a hint. */
export function withCacheControl(
  value: JsonObject,
  cache: CacheHint | null,
): JsonObject {
  if (cache !== null) {
    value.cache_control = cache.ttl === null
      ? { type: "ephemeral" }
      : { type: "ephemeral", ttl: cache.ttl };
  }
  return value;
}
