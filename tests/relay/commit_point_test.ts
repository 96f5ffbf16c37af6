/**
 * The commit point in every pair of protocols: an upstream that says 200 and
 * fails before its first content is replaced, and the client gets the very
 * bytes that it would have got without it; after content it never is.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ProtocolName } from "../../src/exchange/names.ts";
import {
  type Behaviour,
  FakeProvider,
  head,
  stream,
} from "../fake_provider/fake_provider.ts";
import {
  bodyFor,
  chatEvents,
  eventsFor,
  messagesEvents,
  responsesEvents,
  wholeAnswer,
} from "../e2e/pair.ts";
import { type Question, TestRelay, type TestTarget } from "./harness.ts";

const PROTOCOLS: readonly ProtocolName[] = ["chat", "messages", "responses"];
const PATHS: { readonly [Name in ProtocolName]: string } = {
  chat: "/v1/chat/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
};

/** What a stream says before its first content. */
const LIFECYCLE: { readonly [Name in ProtocolName]: readonly string[] } = {
  chat: [
    `data: ${
      JSON.stringify({
        id: "c0",
        object: "chat.completion.chunk",
        created: 1,
        model: "up-model",
        choices: [{
          index: 0,
          delta: { role: "assistant", content: "" },
          finish_reason: null,
        }],
      })
    }\n\n`,
  ],
  messages: [
    ...messagesEvents("lost").slice(0, 2),
    'event: ping\ndata: {"type":"ping"}\n\n',
  ],
  responses: responsesEvents("lost").slice(0, 3),
};

/** The same with the first content, and no more. */
const CONTENT: { readonly [Name in ProtocolName]: readonly string[] } = {
  chat: chatEvents("first words").slice(0, 1),
  messages: messagesEvents("first words").slice(0, 3),
  responses: responsesEvents("first words").slice(0, 4),
};

const IN_BAND: { readonly [Name in ProtocolName]: string } = {
  chat:
    'data: {"error":{"message":"overloaded now","type":"server_error"}}\n\n',
  messages:
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"overloaded now"}}\n\n',
  responses:
    'event: error\ndata: {"type":"error","sequence_number":3,"code":"server_error","message":"overloaded now","param":null}\n\n',
};

type FaultName = "error event" | "stall" | "clean end" | "cut" | "reset";
const FAULTS: readonly FaultName[] = [
  "error event",
  "stall",
  "clean end",
  "cut",
  "reset",
];

/** The kind of the failure; an error event has its own words for it. */
const FAILED_AS: { readonly [Fault in FaultName]?: string } = {
  stall: "stream_stalled",
  "clean end": "stream_broken",
  cut: "stream_broken",
  reset: "stream_broken",
};

function failing(
  protocol: ProtocolName,
  events: readonly string[],
  fault: FaultName,
): Behaviour {
  switch (fault) {
    case "error event":
      return stream([...events, IN_BAND[protocol]]);
    case "clean end":
      return stream(events);
    default:
      return stream(events, fault);
  }
}

const QUICK = {
  network: {
    timeouts: {
      connectMs: 2000,
      firstByteMs: 150,
      responseMs: 150,
      streamIdleMs: 150,
    },
  },
};

/** The provider that fails is not waited for long, the one that works is. */
function targets(
  protocol: ProtocolName,
  good: FakeProvider,
  bad: FakeProvider | null = null,
): TestTarget[] {
  const patient = { url: good.url, protocol };
  return bad === null
    ? [patient]
    : [{ url: bad.url, protocol, ...QUICK }, patient];
}

function questionOf(protocol: ProtocolName, streamed: boolean): Question {
  return {
    protocol,
    body: JSON.stringify(bodyFor(PATHS[protocol], "m", "hi", streamed)),
  };
}

async function ask(relay: TestRelay, question: Question) {
  const client = relay.ask(question);
  await client.done;
  assertEquals(relay.bugs, []);
  return client;
}

/** What a client gets from a provider that works, as the first and only one. */
async function undisturbed(
  upstream: ProtocolName,
  good: FakeProvider,
  question: Question,
): Promise<string> {
  await using relay = new TestRelay(targets(upstream, good));
  const client = await ask(relay, question);
  assertEquals(client.status, 200);
  return timeless(client.body);
}

/** Without the moment at which the gateway itself made an answer. */
function timeless(body: string): string {
  return body.replaceAll(/"(created|created_at|completed_at)":\d+/g, '"$1":0');
}

for (const client of PROTOCOLS) {
  for (const upstream of PROTOCOLS) {
    const pair = `${client} from ${upstream}`;
    Deno.test(`${pair}: a stream that fails before its first content is replaced unseen`, async () => {
      const question = questionOf(client, true);
      await using good = await FakeProvider.start(
        stream(eventsFor(PATHS[upstream], "second words")),
      );
      const expected = await undisturbed(upstream, good, question);
      for (const fault of FAULTS) {
        await using bad = await FakeProvider.start(
          failing(upstream, LIFECYCLE[upstream], fault),
        );
        await using relay = new TestRelay(targets(upstream, good, bad));
        const answer = await ask(relay, question);
        assertEquals(answer.status, 200, fault);
        assertEquals(timeless(answer.body), expected, fault);
        assertEquals(answer.header("x-signalbox-target"), "p1/up-model");
        assertEquals(answer.header("x-signalbox-attempts"), "2");
        assertEquals(relay.finished?.outcome, "success");
        assertEquals(
          relay.finished?.attempts.map(({ outcome }) => outcome?.kind),
          ["failed", "answered"],
          fault,
        );
        assertFailedAs(relay, fault);
      }
    });

    Deno.test(`${pair}: a stream that fails after its first content is never replaced`, async () => {
      const question = questionOf(client, true);
      await using good = await FakeProvider.start(
        stream(eventsFor(PATHS[upstream], "second words")),
      );
      for (const fault of FAULTS) {
        await using bad = await FakeProvider.start(
          failing(upstream, CONTENT[upstream], fault),
        );
        await using relay = new TestRelay(targets(upstream, good, bad));
        const answer = await ask(relay, question);
        assertEquals(answer.status, 200, fault);
        assertStringIncludes(answer.body, "first words", fault);
        assert(!answer.body.includes("second words"), fault);
        assertEndsInError(client, answer.body, fault);
        assertEquals(good.requests.length, 0, fault);
        assertEquals(relay.finished?.outcome, "stream_broken", fault);
        assertFailedAs(relay, fault);
      }
    });

    Deno.test(`${pair}: a whole answer that fails after its 200 is replaced unseen`, async () => {
      const question = questionOf(client, false);
      const whole = wholeAnswer(PATHS[upstream], "second words");
      const headOf = (length: number) =>
        head(200, {
          "content-type": "application/json",
          "content-length": String(length),
        });
      const behaviours: readonly Behaviour[] = [
        (socket) => socket.write(headOf(whole.length) + whole.slice(0, 40)),
        (socket) => socket.end(headOf(whole.length) + whole.slice(0, 40)),
        (socket) => socket.end(headOf(40) + whole.slice(0, 40)),
        (socket) => {
          socket.write(headOf(whole.length) + whole.slice(0, 40));
          setTimeout(() => socket.resetAndDestroy(), 2);
        },
        (socket) => {
          const error =
            '{"type":"error","error":{"type":"api_error","message":"no"}}';
          socket.write(headOf(error.length) + error);
        },
      ];
      await using good = await FakeProvider.start((socket) => {
        socket.write(headOf(whole.length) + whole);
      });
      const expected = await undisturbed(upstream, good, question);
      for (const [index, behaviour] of behaviours.entries()) {
        await using bad = await FakeProvider.start(behaviour);
        await using relay = new TestRelay(targets(upstream, good, bad));
        const answer = await ask(relay, question);
        assertEquals(answer.status, 200, `${index}`);
        assertEquals(timeless(answer.body), expected, `${index}`);
        assertEquals(relay.finished?.attempts.length, 2);
      }
    });
  }
}

/** What the failure is called does not depend on whether its stream is translated. */
function assertFailedAs(relay: TestRelay, fault: FaultName): void {
  const outcome = relay.finished?.attempts[0]?.outcome;
  const kind = outcome?.kind === "failed" ? outcome.failure.kind : null;
  assertEquals(kind, FAILED_AS[fault] ?? kind, fault);
}

/** The protocol's error event ends the stream; its sign of a good end is not there. */
function assertEndsInError(
  protocol: ProtocolName,
  body: string,
  fault: string,
): void {
  const last = body.trimEnd().split("\n\n").at(-1) ?? "";
  switch (protocol) {
    case "chat":
      assertStringIncludes(body, '"error":{', fault);
      assert(!body.includes('"finish_reason":"stop"'), fault);
      break;
    case "messages":
      assert(last.startsWith("event: error\n"), fault);
      assert(!body.includes("message_stop"), fault);
      break;
    case "responses":
      assert(/"type":"(error|response\.failed)"/.test(last), fault);
      assert(!body.includes("response.completed"), fault);
      break;
  }
}
