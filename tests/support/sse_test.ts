import { assert, assertEquals } from "@std/assert";
import { SseReader } from "../../src/support/sse.ts";

type Event = { event: string | null; data: string };

function read(chunks: Uint8Array[]): { events: Event[]; comments: number } {
  const events: Event[] = [];
  let comments = 0;
  const reader = new SseReader({
    onEvent: (event) => events.push(event),
    onComment: () => comments++,
  }, 1 << 20);
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return { events, comments };
}

const STREAM =
  "\uFEFF: hello\nevent: a\ndata: ä1\n\ndata:2\r\ndata: 3\r\n\r\n" +
  "data: 4\r\rdata: last";

Deno.test("SseReader gives the same events wherever the bytes are cut", () => {
  const bytes = new TextEncoder().encode(STREAM);
  const expected = [
    { event: "a", data: "ä1" },
    { event: null, data: "2\n3" },
    { event: null, data: "4" },
    { event: null, data: "last" },
  ];
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { events, comments } = read([
      bytes.subarray(0, cut),
      bytes.subarray(cut),
    ]);
    assertEquals(events, expected, `cut at ${cut}`);
    assertEquals(comments, 1);
  }
});

Deno.test("SseReader stops at an event longer than its cap", () => {
  const reader = new SseReader({ onEvent: () => {} }, 1024);
  const line = new TextEncoder().encode("data: " + "x".repeat(600));
  reader.push(line);
  assert(!reader.failed);
  reader.push(new TextEncoder().encode("x".repeat(600)));
  assert(reader.failed);
  reader.push(line);
  reader.end();
});
