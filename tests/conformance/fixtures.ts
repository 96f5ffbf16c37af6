/**
 * The fixtures of tests/fixtures/ and what the three codecs are told in the
 * tests that use them: one target that nothing is known of, ids that count up,
 * a clock that stands still.
 *
 * @module
 */

import { UNKNOWN_CAPABILITIES } from "../../src/exchange/capabilities.ts";
import { RequestError } from "../../src/exchange/gateway_error.ts";
import type { ProtocolName } from "../../src/exchange/names.ts";
import type { Loss } from "../../src/protocols/canonical.ts";
import type {
  DecodeContext,
  EncodeContext,
  SseEvent,
  TargetProfile,
} from "../../src/protocols/protocol.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import type { StreamPart } from "../../src/protocols/stream_part.ts";
import { translateRequest } from "../../src/protocols/translate_document.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { SseReader } from "../../src/support/sse.ts";

const FOLDER = new URL("../fixtures/", import.meta.url);

/** A target that nothing is known of. */
export const UNKNOWN_TARGET: TargetProfile = {
  provider: "p0",
  model: "up-model",
  capabilities: UNKNOWN_CAPABILITIES,
  cacheControl: false,
};

/** Names of the fixtures of a protocol that end in `ending`, without it. */
export function fixtureNames(protocol: ProtocolName, ending: string): string[] {
  return [...Deno.readDirSync(new URL(`${protocol}/`, FOLDER))]
    .map((entry) => entry.name)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

/** Reads a fixture. */
export function fixtureText(protocol: ProtocolName, file: string): string {
  return Deno.readTextFileSync(new URL(`${protocol}/${file}`, FOLDER));
}

/** Documents by case: those of files of their own and those of collections. */
export function documents(
  protocol: ProtocolName,
  kind: "request" | "response",
): Map<string, string> {
  const all = new Map<string, string>();
  for (const name of fixtureNames(protocol, `.${kind}.json`)) {
    all.set(name, fixtureText(protocol, `${name}.${kind}.json`));
  }
  for (const name of fixtureNames(protocol, `.${kind}s.json`)) {
    const file = fixtureText(protocol, `${name}.${kind}s.json`);
    for (const [title, body] of Object.entries(JSON.parse(file))) {
      all.set(`${name}: ${title}`, JSON.stringify(body));
    }
  }
  return all;
}

/** What a decoder of answers is told. */
export function decodeContext(
  details: Partial<DecodeContext> = {},
): DecodeContext {
  return {
    provider: "p0",
    model: "up-model",
    toolNames: new Map(),
    eofIsFinish: false,
    ...details,
  };
}

/** What an encoder of answers is told for a client that asked `body`. */
export function encodeContext(
  protocol: ProtocolName,
  body: JsonObject = JSON.parse(
    fixtureText(protocol, "conversation.request.json"),
  ),
): EncodeContext {
  let count = 0;
  return {
    request: PROTOCOLS[protocol].decodeRequest(body),
    body,
    newId: (prefix) => `${prefix}${String(++count).padStart(4, "0")}`,
    now: () => 1_750_000_000_500,
  };
}

/** A translated request, or its refusal as the client sees it. */
export type RequestOutcome =
  | { readonly body: JsonObject; readonly losses: readonly Loss[] }
  | { readonly status: number; readonly refused: JsonObject };

/** Translates a request, or gives the refusal. */
export function requestOutcome(
  from: ProtocolName,
  to: ProtocolName,
  text: string,
  target: TargetProfile = UNKNOWN_TARGET,
): RequestOutcome {
  try {
    const { text: body, losses } = translateRequest(
      text,
      { from: PROTOCOLS[from], to: PROTOCOLS[to] },
      target,
    );
    return { body: JSON.parse(body), losses };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return {
      status: error.error.status,
      refused: PROTOCOLS[from].encodeError(error.error, "req_1"),
    };
  }
}

/** Reads the events of a stream that comes in the pieces given. */
export function eventsOf(
  ...pieces: readonly (string | Uint8Array)[]
): SseEvent[] {
  const events: SseEvent[] = [];
  const reader = new SseReader(
    { onEvent: (event) => events.push(event) },
    1 << 24,
  );
  const encoder = new TextEncoder();
  for (const piece of pieces) {
    reader.push(typeof piece === "string" ? encoder.encode(piece) : piece);
  }
  reader.end();
  return events;
}

/** Decodes a whole stream. */
export function decodeStream(
  protocol: ProtocolName,
  events: readonly SseEvent[],
  context: DecodeContext = decodeContext(),
): StreamPart[] {
  const decoder = PROTOCOLS[protocol].streamDecoder(context);
  const parts = events.flatMap((event) => decoder.push(event));
  return [...parts, ...decoder.end()];
}

/** Encodes a whole stream. */
export function encodeStream(
  protocol: ProtocolName,
  parts: readonly StreamPart[],
  context: EncodeContext = encodeContext(protocol),
): string {
  const encoder = PROTOCOLS[protocol].streamEncoder(context);
  return parts.map((part) => encoder.push(part)).join("");
}
