import { assertEquals } from "@std/assert";
import { EventFramer, splitEvents } from "../../src/support/event_framer.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

for (
  const [name, stream] of [
    ["LF", "event: a\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n"],
    ["CRLF", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n"],
    ["CR", "event: a\rdata: 1\r\rdata: 2\r\r"],
  ]
) {
  Deno.test(`EventFramer gives whole events and changes no byte: ${name}`, () => {
    const bytes = encoder.encode(stream);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const framer = new EventFramer();
      let seen = "";
      for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
        const whole = framer.push(piece);
        if (whole === null) continue;
        const text = decoder.decode(whole);
        assertEquals(/(\n\n|\r\n\r\n|\r\r\n?|^\n)$/.test(text), true, text);
        seen += text;
      }
      const rest = framer.end();
      assertEquals(seen + (rest === null ? "" : decoder.decode(rest)), stream);
    }
  });
}

Deno.test("EventFramer holds back an unfinished event and gives it at the end", () => {
  const framer = new EventFramer();
  assertEquals(
    framer.push(encoder.encode("data: 1\n\ndata: un")),
    encoder.encode("data: 1\n\n"),
  );
  assertEquals(framer.heldBytes, 8);
  assertEquals(framer.push(encoder.encode("finished")), null);
  assertEquals(
    decoder.decode(framer.end() ?? new Uint8Array()),
    "data: unfinished",
  );
});

Deno.test("EventFramer finds the ends of events whatever the pieces they come in", () => {
  const stream =
    "event: a\r\ndata: 1\r\n\r\ndata: 2\n\ndata: 3\r\r: x\n\ndata: 4";
  const bytes = encoder.encode(stream);
  for (let size = 1; size <= 5; size++) {
    const framer = new EventFramer();
    let seen = "";
    for (let at = 0; at < bytes.length; at += size) {
      const whole = framer.push(bytes.subarray(at, at + size));
      if (whole !== null) seen += decoder.decode(whole);
    }
    assertEquals(seen, stream.slice(0, -"data: 4".length), `pieces of ${size}`);
    assertEquals(framer.heldBytes, "data: 4".length);
    assertEquals(decoder.decode(framer.end() ?? undefined), "data: 4");
  }
});

Deno.test("splitEvents() cuts whole events apart", () => {
  const pieces = splitEvents(encoder.encode("a: 1\n\nb: 2\r\n\r\nc: 3\n\n"));
  assertEquals(pieces.map((piece) => decoder.decode(piece)), [
    "a: 1\n\n",
    "b: 2\r\n\r\n",
    "c: 3\n\n",
  ]);
});
