import { assert, assertEquals } from "@std/assert";
import OpenAI from "openai";
import { collect } from "../../../src/protocols/collect.ts";
import { PROTOCOLS } from "../../../src/protocols/protocols.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import {
  decodeContext,
  decodeEvents,
  encodeContext,
  encodeParts,
  eventsOf,
} from "./fixtures.ts";

const FOLDER = "../shared/data/transcripts";

type Answer = { name: string; parts: StreamPart[] };

/** What the other protocols' decoders make of every recording. */
function answers(): Answer[] {
  try {
    return [...Deno.readDirSync(FOLDER)]
      .sort((left, right) => left.name < right.name ? -1 : 1)
      .flatMap(({ name }) => {
        const protocol = name.split("--")[0];
        if (protocol !== "chat" && protocol !== "messages") return [];
        const decoder = PROTOCOLS[protocol].streamDecoder(
          decodeContext({ eofIsFinish: name.includes("snowflake") }),
        );
        const parts = eventsOf(Deno.readFileSync(`${FOLDER}/${name}`))
          .flatMap((event) => decoder.push(event));
        return [{ name, parts: [...parts, ...decoder.end()] }];
      });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const ANSWERS = answers();
const ignore = ANSWERS.length === 0;

function visible(parts: readonly StreamPart[]): unknown[] {
  return collect(parts).content.flatMap((block): unknown[] => {
    switch (block.type) {
      case "text":
      case "refusal":
      case "reasoning":
        return block.text === "" ? [] : [[block.type, block.text]];
      case "tool-call":
        return [[block.name, block.arguments || "{}"]];
      default:
        return [];
    }
  });
}

function failed({ parts }: Answer): boolean {
  return parts.at(-1)?.type === "error";
}

Deno.test({
  name:
    "streamEncoder() carries over every recording of the other protocols (needs ../shared)",
  ignore,
  fn() {
    for (const answer of ANSWERS) {
      const again = decodeEvents(eventsOf(encodeParts(answer.parts)));
      assertEquals(again.at(-1)?.type, answer.parts.at(-1)?.type, answer.name);
      if (failed(answer)) continue;
      assertEquals(visible(again), visible(answer.parts), answer.name);
      const whole = responses.decodeResponse(
        responses.encodeResponse(collect(answer.parts), encodeContext()),
        decodeContext(),
      );
      assertEquals(whole.finish.kind, collect(again).finish.kind, answer.name);
      assertEquals(whole.usage.ledger, collect(again).usage.ledger);
    }
  },
});

Deno.test({
  name:
    "responses.stream() of openai takes every recording of the other protocols (needs ../shared)",
  ignore,
  async fn() {
    for (const answer of ANSWERS) {
      if (failed(answer)) continue;
      const client = new OpenAI({
        apiKey: "none",
        maxRetries: 0,
        fetch: () =>
          Promise.resolve(
            new Response(encodeParts(answer.parts), {
              headers: { "content-type": "text/event-stream" },
            }),
          ),
      });
      const final = await client.responses.stream({ model: "m", input: "hi" })
        .finalResponse();
      assert(final.status !== "in_progress", answer.name);
      const texts = collect(answer.parts).content.flatMap((block) =>
        block.type === "text" ? [block.text] : []
      );
      assertEquals(final.output_text, texts.join(""), answer.name);
    }
  },
});
