/** Events of a messages stream as text. @module */

import type { JsonObject } from "../../support/json.ts";

/** Writes one event. The official client drops events without an `event:` line. */
export function encodeEvent(type: string, fields: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}
