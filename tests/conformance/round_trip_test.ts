/**
 * There and back between two protocols: what both can say comes back with the
 * same words, calls and results in the same order.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { UNKNOWN_CAPABILITIES } from "../../src/exchange/capabilities.ts";
import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import type {
  CanonicalRequest,
  OutputBlock,
} from "../../src/protocols/canonical.ts";
import { collect, partsOf } from "../../src/protocols/collect.ts";
import type { TargetProfile } from "../../src/protocols/protocol.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import {
  baseRequest,
  type Expressible,
  text,
  toolCall,
  usage,
} from "../protocols/generators.ts";
import {
  decodeContext,
  decodeStream,
  encodeContext,
  encodeStream,
  eventsOf,
} from "./fixtures.ts";

const CASES = 1700;
const SEED = 20_261_121;

/** What all three protocols can say. */
const CAN: Expressible = {
  protocol: "chat",
  cache: false,
  imageDetail: false,
  toolResultImages: false,
  toolResultErrors: false,
  documentUrls: false,
  fileIds: false,
  refusals: false,
  systemTurns: false,
  customTools: false,
  assistantTexts: 2,
};

function target(provider: ProtocolName): TargetProfile {
  return {
    provider,
    model: "up-model",
    capabilities: UNKNOWN_CAPABILITIES,
    cacheControl: false,
  };
}

/** Who says what in which order; blank texts and the borders of turns and blocks are not told by every protocol. */
function story(request: CanonicalRequest): string[] {
  const told: string[] = [];
  const words = (role: string, value: string) => {
    if (value.trim() === "") return;
    const last = told.at(-1);
    if (last?.startsWith(`${role}: `)) told[told.length - 1] = last + value;
    else told.push(`${role}: ${value}`);
  };
  for (const turn of request.turns) {
    for (const block of turn.blocks) {
      switch (block.type) {
        case "text":
          words(turn.role, block.text);
          break;
        case "image":
        case "document":
          told.push(`${block.type} ${JSON.stringify(block.source)}`);
          break;
        case "tool-call":
          told.push(
            `call ${block.id} ${block.name} ${
              JSON.stringify(JSON.parse(block.arguments || "{}"))
            }`,
          );
          break;
        case "tool-result": {
          const said = block.content.map((inner) =>
            inner.type === "text" ? inner.text : ""
          ).join("");
          told.push(`result ${block.callId} ${said.trim() === "" ? "" : said}`);
        }
      }
    }
  }
  return told;
}

for (const from of PROTOCOL_NAMES) {
  for (const to of PROTOCOL_NAMES) {
    if (from === to) continue;

    Deno.test(`${from} to ${to} and back: a request tells the same story`, () => {
      fc.assert(
        fc.property(baseRequest(CAN), (generated) => {
          const body = PROTOCOLS[from].encodeRequest(generated, target(from))
            .body;
          const request = PROTOCOLS[from].decodeRequest(body);
          const there = PROTOCOLS[to].encodeRequest(request, target(to)).body;
          const across = PROTOCOLS[to].decodeRequest(there);
          const back = PROTOCOLS[from].encodeRequest(across, target(from)).body;
          const again = PROTOCOLS[from].decodeRequest(back);
          assertEquals(story(across), story(request));
          assertEquals(story(again), story(request));
          const names = ({ tools }: CanonicalRequest) =>
            tools.map((tool) => tool.kind === "native" ? "" : tool.name);
          const called = request.turns.some(({ blocks }) =>
            blocks.some((block) => block.type === "tool-call")
          );
          // Messages names the tools of the history where none are offered.
          if (request.tools.length > 0 || !called) {
            assertEquals(names(again), names(request));
            assertEquals(again.toolChoice, request.toolChoice);
          }
        }),
        { numRuns: CASES, seed: SEED },
      );
    });

    Deno.test(`${from} to ${to}: an answer says the same, whole and streamed`, () => {
      const answers = fc.record({
        texts: fc.array(text(), { maxLength: 2 }),
        calls: fc.uniqueArray(toolCall(CAN), {
          maxLength: 3,
          selector: (call) => call.id,
        }),
        usage: usage("input", "cacheRead", "output", "reasoning"),
      });
      const shown = (blocks: readonly OutputBlock[]) => ({
        text: blocks.map((block) => block.type === "text" ? block.text : "")
          .join(""),
        calls: blocks.flatMap((block) =>
          block.type === "tool-call"
            ? [[block.id, block.name, JSON.parse(block.arguments || "{}")]]
            : []
        ),
      });
      fc.assert(
        fc.property(answers, ({ texts, calls, usage: counted }) => {
          const kind = calls.length > 0 ? "tool-calls" : "stop";
          const answer = {
            id: "x",
            model: "m",
            createdAt: 1,
            content: [
              ...texts.filter((value) => value.trim() !== "").map((value) => ({
                type: "text" as const,
                text: value,
                citations: [],
                cache: null,
              })),
              ...calls,
            ],
            finish: { kind, raw: null, stopSequence: null, details: null },
            usage: counted,
            serviceTier: null,
          } as const;
          const native = PROTOCOLS[from].decodeResponse(
            PROTOCOLS[from].encodeResponse(answer, encodeContext(from)),
            decodeContext(),
          );
          const whole = PROTOCOLS[to].decodeResponse(
            PROTOCOLS[to].encodeResponse(native, encodeContext(to)),
            decodeContext(),
          );
          const stream = encodeStream(from, partsOf(answer));
          const streamed = collect(decodeStream(
            to,
            eventsOf(
              encodeStream(to, decodeStream(from, eventsOf(stream))),
            ),
          ));
          const expected = shown(answer.content);
          assertEquals(shown(whole.content), expected);
          assertEquals(shown(streamed.content), expected);
          assertEquals(whole.finish.kind, kind);
          assertEquals(streamed.finish.kind, kind);
          assertEquals(whole.usage.ledger, counted.ledger);
          assertEquals(streamed.usage.ledger, counted.ledger);
        }),
        { numRuns: 300, seed: SEED },
      );
    });
  }
}
