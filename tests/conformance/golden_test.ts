/**
 * What every fixture becomes in all nine pairs, compared with tests/golden/.
 * To write the goldens anew after a wanted change, read the diff, then:
 * `UPDATE_GOLDENS=1 deno test --no-check -A tests/conformance/golden_test.ts`.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import {
  translateAnswer,
  translateRequest,
} from "../../src/protocols/translate_document.ts";
import { translateStream } from "../../src/cli/translate_stream.ts";
import { capabilitiesOf } from "../../src/providers/model_table.ts";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { TestRelay } from "../relay/harness.ts";
import {
  decodeContext,
  decodeStream,
  documents,
  encodeContext,
  encodeStream,
  eventsOf,
  fixtureNames,
  fixtureText,
  requestOutcome,
  UNKNOWN_TARGET,
} from "./fixtures.ts";

const GOLDEN = new URL("../golden/", import.meta.url);
const isUpdate = Deno.env.get("UPDATE_GOLDENS") === "1" ||
  Deno.args.includes("--update");

/** Models that differ in how they think: the cases about thinking go to each. */
const THINKERS: { readonly [P in ProtocolName]: readonly string[] } = {
  chat: ["gpt-4o", "gpt-5-mini", "o3-mini", "deepseek-reasoner"],
  messages: ["claude-3-5-haiku-latest", "claude-sonnet-4-5", "claude-opus-4-8"],
  responses: ["gpt-4o", "gpt-5-mini"],
};

function compare(folder: string, file: string, actual: string): void {
  const path = new URL(`${folder}/${file}`, GOLDEN);
  if (isUpdate) {
    Deno.mkdirSync(new URL(`${folder}/`, GOLDEN), { recursive: true });
    Deno.writeTextFileSync(path, actual);
    return;
  }
  assertEquals(actual, Deno.readTextFileSync(path), `${folder}/${file}`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Puts the cases of one collection back together. */
function byFile(cases: Map<string, unknown>): Map<string, unknown> {
  const files = new Map<string, unknown>();
  for (const [name, value] of cases) {
    const [file = "", title] = name.split(": ", 2);
    if (title === undefined) files.set(file, value);
    else {
      const entries = files.get(file) ?? {};
      files.set(file, Object.assign(entries, { [title]: value }));
    }
  }
  return files;
}

function requestGoldens(from: ProtocolName, to: ProtocolName) {
  const outcomes = new Map<string, unknown>();
  for (const [name, text] of documents(from, "request")) {
    outcomes.set(
      name,
      !name.startsWith("thinking") || from === to
        ? requestOutcome(from, to, text)
        : Object.fromEntries(THINKERS[to].map((model) => [
          model,
          requestOutcome(from, to, text, {
            ...UNKNOWN_TARGET,
            model,
            capabilities: capabilitiesOf(model),
          }),
        ])),
    );
  }
  return byFile(outcomes);
}

function answerGoldens(from: ProtocolName, to: ProtocolName) {
  const outcomes = new Map<string, unknown>();
  const codecs = { from: PROTOCOLS[from], to: PROTOCOLS[to] };
  for (const [name, text] of documents(from, "response")) {
    const result = translateAnswer(text, codecs, {
      decode: decodeContext(),
      encode: encodeContext(to),
    });
    if (result.kind === "failed") {
      const { error } = result;
      outcomes.set(name, {
        status: error.status,
        error: codecs.to.encodeError(error, "req_1"),
      });
    } else if (from !== to) outcomes.set(name, JSON.parse(result.text));
    else {
      // Natively the bytes are the provider's; the codec is still needed where
      // a stream is made out of a whole answer or the other way round.
      assertEquals(result.text, text);
      outcomes.set(
        name,
        codecs.to.encodeResponse(
          codecs.from.decodeResponse(JSON.parse(text), decodeContext()),
          encodeContext(to),
        ),
      );
    }
  }
  return byFile(outcomes);
}

for (const from of PROTOCOL_NAMES) {
  for (const to of PROTOCOL_NAMES) {
    const folder = `${from}-to-${to}`;

    Deno.test(`${folder}: every request becomes what its golden says`, () => {
      for (const [name, value] of requestGoldens(from, to)) {
        compare(folder, `${name}.request.json`, json(value));
      }
    });

    Deno.test(`${folder}: every whole answer becomes what its golden says`, () => {
      for (const [name, value] of answerGoldens(from, to)) {
        compare(folder, `${name}.response.json`, json(value));
      }
    });

    Deno.test(`${folder}: every stream becomes what its golden says`, () => {
      for (const name of fixtureNames(from, ".stream.sse")) {
        const stream = fixtureText(from, `${name}.stream.sse`);
        const { text } = translateStream(
          stream,
          { from: PROTOCOLS[from], to: PROTOCOLS[to] },
          { decode: decodeContext(), encode: encodeContext(to) },
        );
        if (from === to) assertEquals(text, stream, `${folder} ${name}`);
        const again = encodeStream(to, decodeStream(from, eventsOf(stream)));
        if (from !== to) assertEquals(again, text, `${folder} ${name}`);
        compare(folder, `${name}.stream.sse`, again);
      }
    });

    Deno.test(`${folder}: the relay sends what translateRequest() says`, async () => {
      await using provider = await FakeProvider.start(answer(400, "{}"));
      for (const [name, text] of documents(from, "request")) {
        // A fresh relay each: its clients are told to wait after a refusal.
        await using relay = new TestRelay([{
          url: provider.url,
          protocol: to,
        }]);
        const before = provider.requests.length;
        const client = relay.ask({ protocol: from, body: text });
        await client.done;
        const outcome = requestOutcome(from, to, text);
        const sent = provider.requests.slice(before);
        if ("refused" in outcome) {
          assertEquals([sent.length, client.status], [0, 400], name);
          assertEquals(
            JSON.parse(client.body).error.message,
            (outcome.refused.error as { message: string }).message,
            name,
          );
          continue;
        }
        const { text: expected } = translateRequest(
          text,
          { from: PROTOCOLS[from], to: PROTOCOLS[to] },
          UNKNOWN_TARGET,
        );
        assertEquals(new TextDecoder().decode(sent[0]?.body), expected, name);
        const losses = client.header("x-signalbox-losses");
        assertEquals(losses !== null, outcome.losses.length > 0, name);
      }
      assert(provider.requests.length > 0);
    });
  }
}

Deno.test("the goldens hold nothing that no fixture leads to", () => {
  for (const from of PROTOCOL_NAMES) {
    const known = new Set(
      ["request", "response"].flatMap((kind) => [
        ...fixtureNames(from, `.${kind}.json`).map((name) => `${name}.${kind}`),
        ...fixtureNames(from, `.${kind}s.json`).map((name) =>
          `${name}.${kind}`
        ),
      ]).map((name) => `${name}.json`),
    );
    for (const name of fixtureNames(from, ".stream.sse")) {
      known.add(`${name}.stream.sse`);
    }
    for (const to of PROTOCOL_NAMES) {
      const folder = new URL(`${from}-to-${to}/`, GOLDEN);
      const found = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assertEquals(found.sort(), [...known].sort(), `${from}-to-${to}`);
    }
  }
});
