/** Events of a whole stream text, read as the gateway reads them. @module */

import type { SseEvent } from "../../../src/protocols/protocol.ts";
import { SseReader } from "../../../src/support/sse.ts";

/** Reads all events of `stream`. */
export function eventsOf(stream: string | Uint8Array): SseEvent[] {
  const events: SseEvent[] = [];
  const reader = new SseReader(
    { onEvent: (event) => events.push(event) },
    1 << 24,
  );
  reader.push(
    typeof stream === "string" ? new TextEncoder().encode(stream) : stream,
  );
  reader.end();
  return events;
}
