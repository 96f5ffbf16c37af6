import { assert, assertEquals, assertThrows } from "@std/assert";
import { UNKNOWN_CAPABILITIES } from "../../../src/exchange/capabilities.ts";
import { RequestError } from "../../../src/exchange/gateway_error.ts";
import { noUsage } from "../../../src/exchange/usage.ts";
import {
  type CanonicalRequest,
  type CanonicalResponse,
  type DocumentBlock,
  type InputBlock,
  NO_SAMPLING,
  textBlock,
} from "../../../src/protocols/canonical.ts";
import { collect, partsOf } from "../../../src/protocols/collect.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import {
  bodiesOf,
  decodeContext,
  decodeEvents,
  encodeContext,
  encodeParts,
  target,
} from "./fixtures.ts";
import { withPlaces } from "../places.ts";
import { plainRequest } from "../plain_request.ts";

function encode(overrides: Partial<CanonicalRequest>, profile = target()) {
  return responses.encodeRequest(withPlaces(plainRequest(overrides)), profile);
}

function contentOf(...blocks: InputBlock[]) {
  const { body, losses } = encode({ turns: [{ role: "user", blocks }] });
  const [item] = body.input as JsonObject[];
  return { content: item?.content, losses: losses.map(({ field }) => field) };
}

const DOCUMENT: DocumentBlock = {
  type: "document",
  source: { kind: "text", text: "body" },
  title: "Title",
  context: "about",
  citations: true,
  cache: null,
};

function answer(overrides: Partial<CanonicalResponse>): CanonicalResponse {
  return {
    id: "x",
    model: "m",
    createdAt: 1,
    content: [],
    finish: { kind: "stop", raw: null, stopSequence: null, details: null },
    usage: noUsage(),
    serviceTier: null,
    ...overrides,
  };
}

Deno.test("encodeRequest() sends a plain text document as text under its title", () => {
  assertEquals(contentOf(DOCUMENT), {
    content: [{ type: "input_text", text: "Title\n\nbody" }],
    losses: ["citations", "context"],
  });
});

Deno.test("encodeRequest() names files with inline bytes only", () => {
  const source = { kind: "url", url: "https://x.test/a.pdf" } as const;
  const plain = { ...DOCUMENT, citations: false, context: null };
  assertEquals(contentOf({ ...plain, source }), {
    content: [{ type: "input_file", file_url: "https://x.test/a.pdf" }],
    losses: ["title"],
  });
  const inline = {
    kind: "base64",
    mediaType: "text/csv",
    data: "YQ==",
  } as const;
  assertEquals(contentOf({ ...plain, title: null, source: inline }).content, [
    {
      type: "input_file",
      filename: "document.csv",
      file_data: "data:text/csv;base64,YQ==",
    },
  ]);
});

Deno.test("encodeRequest() refuses an image whose source is text", () => {
  assertThrows(
    () =>
      contentOf({
        type: "image",
        source: { kind: "text", text: "x" },
        detail: null,
        cache: null,
      }),
    RequestError,
    "it is an image made of text",
  );
});

Deno.test("decodeRequest() tells a bare file's type from its bytes, else from its name", () => {
  const decode = (part: JsonObject) => {
    const { turns } = responses.decodeRequest({
      model: "m",
      input: [{
        role: "user",
        content: [{ type: "input_file", ...part }],
      }],
    });
    const block = turns[0]?.blocks[0];
    assert(block?.type === "document" && block.source.kind === "base64");
    return block.source.mediaType;
  };
  assertEquals(decode({ file_data: btoa("%PDF-1.7\nx") }), "application/pdf");
  const csv = { file_data: btoa("a,b"), filename: "t.csv" };
  assertEquals(decode(csv), "text/csv");
  assertThrows(
    () => decode({ file_data: "not base64!" }),
    RequestError,
    "input[0].content[0].file_data",
  );
});

Deno.test("encodeRequest() marks a failed tool's output in words, images and all", () => {
  const { body } = encode({
    turns: [{
      role: "tool",
      blocks: [{
        type: "tool-result",
        callId: "c1",
        content: [{
          type: "image",
          source: { kind: "url", url: "https://x.test/a.png" },
          detail: "low",
          cache: null,
        }],
        isError: true,
        kind: "function",
        cache: null,
      }],
    }],
  });
  assertEquals(body.input, [{
    type: "function_call_output",
    call_id: "c1",
    output: [
      { type: "input_text", text: "Error:" },
      {
        type: "input_image",
        detail: "low",
        image_url: "https://x.test/a.png",
      },
    ],
  }]);
});

Deno.test("encodeRequest() drops what other servers did in the history, as losses", () => {
  const citation = {
    url: null,
    title: "Book",
    citedText: "x",
    start: null,
    end: null,
    native: { protocol: "messages", value: {} },
  } as const;
  const { body, losses } = encode({
    turns: [{
      role: "assistant",
      blocks: [
        {
          type: "native",
          protocol: "messages",
          value: { type: "server_tool_use" },
        },
        { ...textBlock("a"), citations: [citation] },
        {
          type: "reasoning",
          text: "hm",
          proof: null,
          redacted: false,
          itemId: null,
          origin: null,
        },
      ],
    }],
  });
  assertEquals(losses.map(({ field }) => field), [
    "messages[0].content[0]",
    "citations",
    "messages[0].content[2]",
  ]);
  assertEquals((body.input as JsonObject[]).length, 1);
});

Deno.test("encodeRequest() leaves sampling out for models that take none", () => {
  const { body, losses } = encode(
    { sampling: { ...NO_SAMPLING, temperature: 0.5, topP: 1 } },
    target({ capabilities: { ...UNKNOWN_CAPABILITIES, sampling: false } }),
  );
  assertEquals([body.temperature, body.top_p], [undefined, undefined]);
  assertEquals(losses.map(({ field }) => field), ["temperature", "top_p"]);
});

Deno.test("decodeRequest() keeps instructions with an image a turn of their own", () => {
  const { instructions, turns } = responses.decodeRequest({
    model: "m",
    instructions: "be brief",
    input: [
      { role: "developer", content: "and kind" },
      {
        role: "system",
        content: [{ type: "input_image", image_url: "https://x.test/a.png" }],
      },
      { role: "user", content: "hi" },
    ],
  });
  assertEquals(instructions.map(({ role }) => role), ["system", "developer"]);
  assertEquals(turns.map(({ role }) => role), ["system", "user"]);
});

Deno.test("encodeResponse() and streamEncoder() say that an answer failed, and with what", () => {
  const failed = answer({
    finish: {
      kind: "error",
      raw: "failed",
      stopSequence: null,
      details: { code: "server_error", message: "broke" },
    },
  });
  const body = responses.encodeResponse(failed, encodeContext());
  assertEquals(body.status, "failed");
  assertEquals(body.error, { code: "server_error", message: "broke" });
  assertEquals(
    responses.decodeResponse(body, decodeContext()).finish.details,
    { code: "server_error", message: "broke" },
  );
  const last = bodiesOf(encodeParts(partsOf(failed))).at(-1);
  assertEquals(last?.type, "response.failed");
});

Deno.test("encodeResponse() and streamEncoder() give a call without arguments an empty object", () => {
  const call = answer({
    content: [{
      type: "tool-call",
      id: "c1",
      name: "now",
      arguments: "",
      kind: "function",
      cache: null,
    }],
    finish: {
      kind: "tool-calls",
      raw: null,
      stopSequence: null,
      details: null,
    },
  });
  const [whole] = responses.encodeResponse(call, encodeContext())
    .output as JsonObject[];
  assertEquals(whole?.arguments, "{}");
  const done = bodiesOf(encodeParts(partsOf(call))).find((body) =>
    body.type === "response.function_call_arguments.done"
  );
  assertEquals(done?.arguments, "{}");
});

Deno.test("encodeResponse() says content_filter for a refusal without a refusal part", () => {
  const body = responses.encodeResponse(
    answer({
      content: [textBlock("no")],
      finish: {
        kind: "refusal",
        raw: "refusal",
        stopSequence: null,
        details: null,
      },
    }),
    encodeContext(),
  );
  assertEquals(body.status, "incomplete");
  assertEquals(body.incomplete_details, { reason: "content_filter" });
});

Deno.test("decodeResponse() takes the convenience text of a backend that gives nothing else", () => {
  const { content, finish } = responses.decodeResponse(
    { id: "r", status: "completed", output: [], output_text: "hello" },
    decodeContext(),
  );
  assertEquals(content, [textBlock("hello")]);
  assertEquals(finish.kind, "stop");
});

Deno.test("streamDecoder() holds the arguments of a call until its name is known", () => {
  const delta = (piece: string) => ({
    event: null,
    data: JSON.stringify({
      type: "response.function_call_arguments.delta",
      output_index: 0,
      delta: piece,
    }),
  });
  const done = {
    event: null,
    data: JSON.stringify({
      type: "response.completed",
      response: {
        status: "completed",
        output: [{
          type: "function_call",
          call_id: "c1",
          name: "f",
          arguments: '{"a":1}',
        }],
      },
    }),
  };
  const parts = decodeEvents([delta('{"a"'), delta(":1}"), done]);
  const [call] = collect(parts).content;
  assert(call?.type === "tool-call");
  assertEquals([call.id, call.name, call.arguments], ["c1", "f", '{"a":1}']);
});
