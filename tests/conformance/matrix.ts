/**
 * What becomes of each feature in each of the nine pairs, found out by running
 * the codecs over the probes, and the table of it.
 *
 * @module
 */

import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { collect, partsOf } from "../../src/protocols/collect.ts";
import type { TargetProfile } from "../../src/protocols/protocol.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import { capabilitiesOf } from "../../src/providers/model_table.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { ANSWER_FEATURES, type AnswerFeature } from "./answer_features.ts";
import {
  decodeContext,
  decodeStream,
  encodeContext,
  encodeStream,
  eventsOf,
  requestOutcome,
} from "./fixtures.ts";
import { REQUEST_FEATURES, type RequestFeature } from "./request_features.ts";

/** What became of a feature; `dropped` is a bug: lost and not said so. */
export type Verdict = "works" | "loss" | "refused" | "dropped" | "-";

/** A feature's verdicts by pair, `chat-to-messages` and so on. */
export interface Row {
  readonly name: string;
  readonly unary: ReadonlyMap<string, Verdict>;
  readonly streamed: ReadonlyMap<string, Verdict>;
}

/** The least that a client of each protocol can ask. */
export const LEAST: { readonly [P in ProtocolName]: JsonObject } = {
  chat: { model: "alias", messages: [{ role: "user", content: "hi" }] },
  messages: {
    model: "alias",
    max_tokens: 1000,
    messages: [{ role: "user", content: "hi" }],
  },
  responses: { model: "alias", input: "hi" },
};

const MODELS: { readonly [P in ProtocolName]: readonly [string, string] } = {
  chat: ["gpt-4.1", "gpt-5-mini"],
  messages: ["claude-sonnet-4-5", "claude-opus-4-8"],
  responses: ["gpt-4.1", "gpt-5-mini"],
};

function targetFor(to: ProtocolName, thinks: boolean): TargetProfile {
  const model = MODELS[to][thinks ? 1 : 0];
  return {
    provider: to,
    model,
    capabilities: capabilitiesOf(model),
    cacheControl: false,
  };
}

function needle(
  arrives: RequestFeature["arrives"],
  to: ProtocolName,
): string | null {
  return typeof arrives === "string" ? arrives : arrives[to] ?? null;
}

function ofRequest(
  feature: RequestFeature,
  from: ProtocolName,
  to: ProtocolName,
  stream: boolean,
): Verdict {
  const said = feature.said[from];
  if (said === undefined) return "-";
  const body = { ...LEAST[from], ...said, ...(stream ? { stream } : {}) };
  const target = targetFor(to, feature.thinks === true);
  const outcome = requestOutcome(from, to, JSON.stringify(body), target);
  if ("refused" in outcome) return "refused";
  if (outcome.losses.length > 0) return "loss";
  const wanted = needle(feature.arrives, to);
  const arrived = wanted !== null &&
    JSON.stringify(outcome.body).includes(wanted);
  return arrived ? "works" : "dropped";
}

function ofAnswer(
  feature: AnswerFeature,
  from: ProtocolName,
  to: ProtocolName,
  stream: boolean,
): Verdict {
  // The client is on the left of a pair, the answer comes from the right.
  const said = feature.said[to];
  if (said === undefined) return "-";
  if (from === to) return "works";
  const answer = PROTOCOLS[to].decodeResponse(said, decodeContext());
  const least = {
    ...LEAST[from],
    stream: true,
    ...(from === "chat" ? { stream_options: { include_usage: true } } : {}),
  };
  let arriving = answer;
  if (stream) {
    const sent = eventsOf(encodeStream(to, partsOf(answer)));
    arriving = collect(decodeStream(
      from,
      eventsOf(encodeStream(
        from,
        decodeStream(to, sent),
        encodeContext(from, least),
      )),
    ));
  }
  const own = PROTOCOLS[from].encodeResponse(
    arriving,
    encodeContext(from, least),
  );
  const wanted = needle(feature.arrives, from);
  return wanted !== null && JSON.stringify(own).includes(wanted)
    ? "works"
    : "loss";
}

function rowsOf<F extends { readonly name: string }>(
  features: readonly F[],
  verdict: (
    feature: F,
    from: ProtocolName,
    to: ProtocolName,
    stream: boolean,
  ) => Verdict,
): Row[] {
  return features.map((feature) => {
    const unary = new Map<string, Verdict>();
    const streamed = new Map<string, Verdict>();
    for (const from of PROTOCOL_NAMES) {
      for (const to of PROTOCOL_NAMES) {
        unary.set(`${from}-to-${to}`, verdict(feature, from, to, false));
        streamed.set(`${from}-to-${to}`, verdict(feature, from, to, true));
      }
    }
    return { name: feature.name, unary, streamed };
  });
}

/** Runs every probe. */
export function matrix(): { requests: Row[]; answers: Row[] } {
  return {
    requests: rowsOf(REQUEST_FEATURES, ofRequest),
    answers: rowsOf(ANSWER_FEATURES, ofAnswer),
  };
}

function table(rows: readonly Row[]): string {
  const pairs = [...rows[0]?.unary.keys() ?? []];
  const head = ["feature", ...pairs.map((pair) => pair.replace("-to-", " → "))];
  const lines = rows.map(({ name, unary, streamed }) =>
    [
      name,
      ...pairs.map((pair) => {
        const whole = unary.get(pair) ?? "-";
        const stream = streamed.get(pair) ?? "-";
        return whole === stream ? whole : `${whole} / ${stream}`;
      }),
    ].join(" | ")
  );
  return [
    head.join(" | "),
    head.map(() => "---").join(" | "),
    ...lines,
  ].map((line) => `| ${line} |`).join("\n");
}

/** Writes the page. */
export function matrixPage(): string {
  const { requests, answers } = matrix();
  const thinkers = MODELS.messages[1];
  return `# What works between which protocols

Generated by \`UPDATE_MATRIX=1 deno test --no-check -A tests/conformance/matrix_test.ts\`; the same test keeps this page equal
to what the code does. Each cell is found out by running the codecs over a probe.

- A column is \`client → provider\`. Equal protocols pass byte by byte.
- **works**: it arrives whole. **loss**: it is left out or changed, and the request says so in \`x-signalbox-losses\` (with
  \`onLoss: "reject"\` it is refused instead); of an answer, the client's protocol has no place for it. **refused**: a 400 that
  names the field, because leaving it out would change the meaning. **-**: the one who speaks cannot say it.
- A cell holds for whole answers and streams alike; where they differ it is \`whole / streamed\`.
- Targets: ${MODELS.chat[0]}, ${MODELS.messages[0]}, ${
    MODELS.responses[0]
  }; for the rows about reasoning ${MODELS.chat[1]}, ${thinkers}, ${
    MODELS.responses[1]
  }.

## Requests

${table(requests)}

## Answers

${table(answers)}
`;
}
