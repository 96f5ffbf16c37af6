/** The memory of bodies (`maxBodiesInMemoryBytes`) is accounted for as long as it is held. */

import { assertEquals } from "@std/assert";
import {
  type Behaviour,
  chunk,
  stream,
} from "../fake_provider/fake_provider.ts";
import { bodyFor, eventsFor, PATHS, postJson, startPair } from "./pair.ts";

/** A provider that says the first words, and the rest when it is told to. */
function held(): { behaviour: Behaviour; release: () => void } {
  const released = Promise.withResolvers<void>();
  const behaviour: Behaviour = async (socket, request) => {
    const events = eventsFor(request.target, "hello");
    const first = events.findIndex((event) => event.includes("hello")) + 1;
    await stream(events.slice(0, first), "stall")(socket, request);
    await released.promise;
    for (const event of events.slice(first)) socket.write(chunk(event));
    socket.write("0\r\n\r\n");
  };
  return { behaviour, release: () => released.resolve() };
}

Deno.test("the body of a call that is read on counts although its client has gone", async () => {
  const { behaviour, release } = held();
  await using pair = await startPair(behaviour, {}, { onDisconnect: "drain" });
  const [path] = PATHS;
  const body = bodyFor(path, "up/up-model", "x".repeat(60_000), true);
  const abort = new AbortController();
  const answer = await fetch(`${pair.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: abort.signal,
  });
  const reader = answer.body?.getReader();
  await reader?.read();
  abort.abort();
  await reader?.closed.catch(() => {});
  const { server } = pair.gateway.gateway;
  while (server.inFlight.count > 0) await pause();
  assertEquals(server.budget.usedBytes, JSON.stringify(body).length);
  release();
  while (server.budget.usedBytes > 0) await pause();
});

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

for (
  const [kind, model] of [["native", "up"], ["translated", "messages-only"]]
) {
  Deno.test(`the body of a ${kind} request counts until its stream has ended`, async () => {
    const { behaviour, release } = held();
    await using pair = await startPair(behaviour, {
      server: { limits: { maxBodiesInMemoryBytes: 100_000 } },
    });
    const [path] = PATHS;
    const body = bodyFor(path, `${model}/up-model`, "x".repeat(60_000), true);
    const first = await postJson(`${pair.url}${path}`, body);
    const reader = first.body?.getReader();
    await reader?.read();
    const { budget } = pair.gateway.gateway.server;
    assertEquals(budget.usedBytes, JSON.stringify(body).length);
    const second = await postJson(`${pair.url}${path}`, body);
    assertEquals(second.status, 503);
    await second.body?.cancel();
    release();
    while (!(await reader?.read())?.done);
    while (budget.usedBytes > 0) await pause();
    const third = await postJson(`${pair.url}${path}`, body);
    assertEquals(third.status, 200);
    await third.body?.cancel();
  });
}
