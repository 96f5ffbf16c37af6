/**
 * Clients that leave or do not read, with real sockets on both sides: what the
 * upstream notices and how much is pulled from it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type Behaviour,
  chunk,
  drained,
  head,
  stream,
} from "../fake_provider/fake_provider.ts";
import { bodyFor, eventsFor, PATHS, startPair } from "./pair.ts";
import { ask, connect, get, post } from "./raw_socket/raw_client.ts";

const MODELS = ["fast", "chat-only/m", "messages-only/m", "responses-only/m"];
const OFFERED_BYTES = 20_000_000;

Deno.test("a client that disconnects in mid-stream cancels the upstream within a second, in every pair", async () => {
  for (const path of PATHS) {
    for (const model of MODELS) {
      await using pair = await startPair((socket, request) => {
        const events = eventsFor(request.target, "some text");
        const upTo = events.findIndex((event) => event.includes("some text"));
        return stream(events.slice(0, upTo + 1), "stall")(socket, request);
      });
      const client = await connect(pair.port);
      const body = JSON.stringify(bodyFor(path, model, "hi", true));
      await client.write(post(path, body, []));
      await client.until("some text");
      const goneMs = performance.now();
      client[Symbol.dispose]();
      await pair.provider.whenClosed(1);
      const tookMs = performance.now() - goneMs;
      assert(tookMs < 1000, `${path} ${model}: ${tookMs} ms`);
    }
  }
});

Deno.test("a client that half-closes is gone too", async () => {
  await using pair = await startPair((socket, request) =>
    stream(eventsFor(request.target, "x").slice(0, 1), "stall")(socket, request)
  );
  using client = await connect(pair.port);
  const body = JSON.stringify(
    bodyFor("/v1/messages", "chat-only/m", "x", true),
  );
  await client.write(post("/v1/messages", body, []));
  await client.until("event:");
  await client.closeWrite();
  await pair.provider.whenClosed(1);
});

/** Offers as much as is taken, and counts what was. */
function offering(taken: { bytes: number; done: boolean }): Behaviour {
  return async (socket, request) => {
    const events = eventsFor(request.target, "x");
    const at = events.findIndex((event) => event.includes('"x"'));
    const filler = (events[at] ?? "").replaceAll(
      '"x"',
      `"${"x".repeat(8192)}"`,
    );
    socket.write(head(200, {
      "content-type": "text/event-stream",
      "transfer-encoding": "chunked",
    }));
    for (const event of events.slice(0, at)) socket.write(chunk(event));
    const piece = chunk(filler);
    while (taken.bytes < OFFERED_BYTES && !socket.destroyed) {
      taken.bytes += piece.length;
      if (!socket.write(piece)) await drained(socket);
    }
    if (socket.destroyed) return;
    taken.done = true;
    // The reader must see that before the end comes.
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const event of events.slice(at)) socket.write(chunk(event));
    socket.write("0\r\n\r\n");
  };
}

/** Resolves when nothing more has been taken for a while. */
async function settled(taken: { bytes: number }): Promise<number> {
  let last = -1;
  for (let quiet = 0; quiet < 10;) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    quiet = taken.bytes === last ? quiet + 1 : 0;
    last = taken.bytes;
  }
  return last;
}

for (const model of ["fast", "messages-only/m"]) {
  Deno.test(`a client that reads nothing of 20 MB stops the upstream, ${model === "fast" ? "native" : "translated"}, and reads it all later`, async () => {
    const taken = { bytes: 0, done: false };
    await using pair = await startPair(offering(taken));
    using client = await connect(pair.port);
    const before = Deno.memoryUsage().rss;
    const path = "/v1/chat/completions";
    const body = JSON.stringify(bodyFor(path, model, "hi", true));
    await client.write(post(path, body, []));
    await client.until("\r\n\r\n");
    const pulled = await settled(taken);
    // Two sockets' kernel buffers (up to 6 MB each here) and ours.
    assert(pulled < 16_000_000, `${pulled} bytes were pulled`);
    assert(!taken.done);
    const grown = Deno.memoryUsage().rss - before;
    assert(grown < 60_000_000, `grew by ${grown}`);
    // Others are served meanwhile.
    assertEquals((await ask(pair.port, get("/health"))).status, 200);
    // Reads on until little can be left, and keeps what may hold the end.
    while (!taken.done) assert(await client.discard(16_384));
    await client.until("[DONE]");
  });
}
