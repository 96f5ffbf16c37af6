/**
 * How the bytes of a stream arrive makes no difference, and one that stops too
 * early is a failure: every fixture, cut and disguised in every way.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import { TranslatedPipe } from "../../src/relay/translated_pipe.ts";
import { SseReader } from "../../src/support/sse.ts";
import { checkFailed, checkParts } from "../protocols/check_parts.ts";
import {
  decodeContext,
  decodeStream,
  encodeContext,
  encodeStream,
  eventsOf,
  fixtureNames,
  fixtureText,
} from "./fixtures.ts";

const CUT_ALL_BYTES = 16_384;
const NEAR_DELIMITER_BYTES = 8;
const SEEDED_CUTS = 1000;

interface Fixture {
  readonly protocol: ProtocolName;
  readonly name: string;
  readonly text: string;
}

const FIXTURES: readonly Fixture[] = PROTOCOL_NAMES.flatMap((protocol) =>
  fixtureNames(protocol, ".stream.sse").map((name) => ({
    protocol,
    name: `${protocol}/${name}`,
    text: fixtureText(protocol, `${name}.stream.sse`),
  }))
);

/** The parts of a stream that comes in pieces, as one comparable text. */
function partsText(
  protocol: ProtocolName,
  pieces: readonly Uint8Array[],
): string {
  const decoder = PROTOCOLS[protocol].streamDecoder(decodeContext());
  let text = "";
  const reader = new SseReader({
    onEvent: (event) => {
      for (const part of decoder.push(event)) text += JSON.stringify(part);
    },
  }, 1 << 24);
  for (const piece of pieces) reader.push(piece);
  reader.end();
  for (const part of decoder.end()) text += JSON.stringify(part);
  return text;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Where a stream is cut: everywhere, or near its delimiters and at seeded places. */
function cuts(stream: Uint8Array): number[] {
  if (stream.length <= CUT_ALL_BYTES) {
    return Array.from({ length: stream.length - 1 }, (_, index) => index + 1);
  }
  const places = new Set<number>();
  for (let at = 1; at < stream.length; at++) {
    if (stream[at] !== 0x0a || stream[at - 1] !== 0x0a) continue;
    for (
      let near = -NEAR_DELIMITER_BYTES;
      near <= NEAR_DELIMITER_BYTES;
      near++
    ) {
      places.add(at + near);
    }
  }
  let state = 20_261_121;
  for (let count = 0; count < SEEDED_CUTS; count++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    places.add(1 + state % (stream.length - 1));
  }
  return [...places].filter((at) => at > 0 && at < stream.length);
}

Deno.test("every stream cut in two at any byte gives the same parts", () => {
  for (const { protocol, name, text } of FIXTURES) {
    const stream = bytes(text);
    const expected = partsText(protocol, [stream]);
    for (const at of cuts(stream)) {
      const found = partsText(protocol, [
        stream.subarray(0, at),
        stream.subarray(at),
      ]);
      assert(found === expected, `${name} cut at byte ${at}`);
    }
    const single = [...stream].map((byte) => Uint8Array.of(byte));
    assert(partsText(protocol, single) === expected, `${name} byte by byte`);
  }
});

Deno.test("a long stream cut near its delimiters and at seeded places gives the same parts", () => {
  const [line = "", ...rest] = fixtureText("messages", "rich.stream.sse")
    .split(/(?<=\n\n)/);
  const delta =
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":4,"delta":{"type":"text_delta","text":"more 💡 "}}\n\n';
  const at = rest.findIndex((event) => event.includes("Rome is"));
  const long = [
    line,
    ...rest.slice(0, at),
    ...Array.from({ length: 160 }, () => delta),
    ...rest.slice(at),
  ].join("");
  const stream = bytes(long);
  assert(stream.length > CUT_ALL_BYTES);
  const expected = partsText("messages", [stream]);
  for (const place of cuts(stream)) {
    const pieces = [stream.subarray(0, place), stream.subarray(place)];
    assert(partsText("messages", pieces) === expected, `cut at ${place}`);
  }
});

/** Index of the event that ends a stream well; -1 for one that ends in an error. */
function terminalIndex({ protocol, text }: Fixture): number {
  const events = eventsOf(text);
  return events.findIndex(({ data }, index) => {
    const parts = decodeStream(protocol, events.slice(0, index + 1));
    return data !== "" && parts.at(-1)?.type === "finish";
  });
}

Deno.test("every stream that ends before any of its events is a failure", () => {
  for (const fixture of FIXTURES) {
    const { protocol, name, text } = fixture;
    const events = eventsOf(text);
    const terminal = terminalIndex(fixture);
    const least = terminal < 0 ? events.length : terminal;
    // Chat's finish reason may stand before the usage and [DONE].
    if (protocol !== "chat" && terminal >= 0) {
      assertEquals(terminal, events.length - 1, name);
    }
    for (let count = 0; count <= least; count++) {
      const parts = decodeStream(protocol, events.slice(0, count));
      checkFailed(parts);
      for (const to of PROTOCOL_NAMES) {
        const out = encodeStream(to, parts);
        assertStringIncludes(out, '"error"', `${name} after ${count} to ${to}`);
        for (
          const end of [
            "[DONE]",
            "event: message_stop",
            "event: response.completed",
          ]
        ) assert(!out.includes(end), `${name} after ${count} to ${to}`);
      }
    }
  }
});

Deno.test("line ends, a byte order mark, comments and fields of others change nothing", () => {
  const disguises: readonly ((text: string) => string)[] = [
    (text) => text.replaceAll("\n", "\r\n"),
    (text) => text.replaceAll("\n", "\r"),
    (text) => `\ufeff${text}`,
    (text) => text.replaceAll("\n\n", "\n\n: keep-alive\n\n:\n\n"),
    (text) => text.replaceAll("data: ", "id: 7\nretry: 10\nother: x\ndata:"),
    (text) => text.replace(/\n\n$/, "\n"),
    (text) => text.replace(/\n\n$/, ""),
    (text) => text.replaceAll("\n\n", "\n\n\n\n\n"),
  ];
  for (const { protocol, name, text } of FIXTURES) {
    const expected = partsText(protocol, [bytes(text)]);
    disguises.forEach((disguise, index) => {
      const stream = bytes(disguise(text));
      const half = stream.length >> 1;
      const found = partsText(protocol, [
        stream.subarray(0, half),
        stream.subarray(half),
      ]);
      assertEquals(found, expected, `${name}, disguise ${index}`);
    });
  }
});

Deno.test("data on several lines is one event", () => {
  for (const { protocol, name, text } of FIXTURES) {
    const expected = partsText(protocol, [bytes(text)]);
    const lines = text.replaceAll(
      /^data: (\{.*\})$/gm,
      (_, data: string) =>
        JSON.stringify(JSON.parse(data), null, 1).split("\n")
          .map((line) => `data: ${line}`).join("\n"),
    );
    assert(lines.length > text.length, name);
    assertEquals(partsText(protocol, [bytes(lines)]), expected, name);
  }
});

Deno.test("an event of a megabyte arrives whole, and one beyond the cap is an error", () => {
  const million = "x".repeat(1 << 20);
  const streams: { readonly [P in ProtocolName]: string } = {
    chat: "length.stream.sse",
    messages: "stop-sequence.stream.sse",
    responses: "custom-call.stream.sse",
  };
  const marks: { readonly [P in ProtocolName]: RegExp } = {
    chat: /"content":""/,
    messages: /"text":"One"/,
    responses: /"delta":"Raw thoughts"/,
  };
  for (const protocol of PROTOCOL_NAMES) {
    const text = fixtureText(protocol, streams[protocol]).replace(
      marks[protocol],
      (found) => found.replace(/"[^"]*"$/, JSON.stringify(million)),
    );
    assert(text.length > 1 << 20);
    const parts = decodeStream(protocol, eventsOf(text));
    checkParts(parts);
    const said = parts.map((part) =>
      part.type === "text-delta" || part.type === "reasoning-delta"
        ? part.text
        : ""
    );
    assert(said.includes(million), protocol);
    for (const to of PROTOCOL_NAMES) {
      const pipe = new TranslatedPipe(
        PROTOCOLS[protocol].streamDecoder(decodeContext()),
        PROTOCOLS[to].streamEncoder(encodeContext(to)),
        { maxEventBytes: 65_536, maxLineBytes: 1 << 24 },
      );
      const stream = bytes(text);
      let out = "";
      for (let at = 0; at < stream.length; at += 16_384) {
        out += pipe.push(stream.subarray(at, at + 16_384)) ?? "";
      }
      assertStringIncludes(out, "longer than 65536 bytes", `${protocol} ${to}`);
    }
  }
});

Deno.test("bytes that are no UTF-8 become replacement characters, and nothing breaks", () => {
  for (const { protocol, name, text } of FIXTURES) {
    const stream = bytes(text);
    const broken = stream.slice();
    // A letter of a delta becomes a byte that begins no character.
    const at = text.indexOf(protocol === "messages" ? "Rome" : "Hel");
    if (at < 0) continue;
    const place = bytes(text.slice(0, at)).length;
    broken[place] = 0xff;
    const found = partsText(protocol, [broken]);
    assertEquals(
      found.replace("\ufffd", text.charAt(at)),
      partsText(protocol, [stream]),
      name,
    );
  }
});
