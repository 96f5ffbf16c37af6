// F12 and F14 to F16: clients that leave, do not read, say nothing or come in masses,
// against one real gateway process each.

import { assert, assertEquals } from "@std/assert";
import { connect as connectSocket, type Socket } from "node:net";
import {
  chunk,
  drained,
  FakeProvider,
  head,
  stream,
} from "../fake_provider/fake_provider.ts";
import { bodyFor, chatEvents } from "../e2e/pair.ts";
import { GatewayProcess, sourceProgram } from "../e2e/process.ts";
import { post } from "../e2e/raw_socket/raw_client.ts";
import { needs } from "../skip.ts";
import {
  CHAT,
  descriptors,
  Load,
  metric,
  pause,
  quantile,
  rssMb,
  tell,
  until,
} from "./load.ts";
import { descriptorLimit, has, SlowClients } from "./rig/rig.ts";

/** The default. */
const HEAD_TIMEOUT_MS = 10_000;

const STREAM = post(
  CHAT,
  JSON.stringify(bodyFor(CHAT, "up/m", "hi", true)),
  [],
);

function start(
  providerUrl: string,
  limits: Record<string, unknown> = {},
  program: readonly string[] = sourceProgram(),
): Promise<GatewayProcess> {
  return GatewayProcess.start({
    program,
    config: {
      providers: {
        up: {
          protocols: { chat: `${providerUrl}/v1` },
          pool: { maxConnections: 1024 },
        },
        sim: { simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } } },
      },
      server: { limits },
    },
  });
}

function portOf(gateway: GatewayProcess): number {
  return Number(new URL(gateway.url).port);
}

function open(port: number): Promise<Socket> {
  const socket = connectSocket({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  return new Promise((resolve) => {
    socket.on("connect", () => resolve(socket));
    socket.on("close", () => resolve(socket));
  });
}

/** /health, asked all the time: how long it takes. */
function watchHealth(gateway: GatewayProcess): Load {
  return new Load(1, async () => {
    const response = await fetch(`${gateway.url}/health`);
    const text = await response.text();
    await pause(20);
    return { status: response.status, text };
  });
}

/** The status of /health, 0 if none comes in time. */
async function healthWithin(
  gateway: GatewayProcess,
  ms: number,
): Promise<number> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ms);
  try {
    const response = await fetch(`${gateway.url}/health`, {
      signal: abort.signal,
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("F12: 1,000 clients that hang up leave no descriptor, no stream and no upstream call", async () => {
  await using provider = await FakeProvider.start(
    stream(chatEvents("some text").slice(0, 1), "stall"),
  );
  await using gateway = await start(provider.url);
  const port = portOf(gateway);
  const warm = await open(port);
  warm.write(STREAM);
  await new Promise<void>((resolve) => warm.once("data", () => resolve()));
  warm.destroy();
  await until("warm-up", 3000, () => provider.closedSockets >= 1);
  const baseline = await descriptors(gateway);
  const rssBefore = await rssMb(gateway);
  let worstMs = 0;
  for (let round = 0; round < 10; round++) {
    const closedBefore = provider.closedSockets;
    const clients = await Promise.all(
      Array.from({ length: 100 }, () => open(port)),
    );
    await Promise.all(clients.map((client, index) => {
      client.write(STREAM);
      // Every fourth goes before a byte has come.
      if (index % 4 === 3) return pause(2);
      return new Promise<void>((resolve) =>
        client.once("data", () => resolve())
      );
    }));
    const asked = provider.requests.length;
    const goneMs = performance.now();
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.destroy();
      else client.resetAndDestroy();
    }
    const calls = asked - closedBefore;
    await until(
      "the upstream's connections",
      5000,
      () => provider.closedSockets - closedBefore >= Math.min(calls, 75),
    );
    worstMs = Math.max(worstMs, performance.now() - goneMs);
  }
  await until(
    "requests in flight",
    5000,
    async () => await metric(gateway, "signalbox_sse_connections") === 0,
  );
  // Upstream connections that were opened and are idle now stay in the pool.
  await until(
    "descriptors",
    5000,
    async () =>
      await descriptors(gateway) - provider.openSockets <= baseline + 5,
  );
  const after = await descriptors(gateway) - provider.openSockets;
  const grown = await rssMb(gateway) - rssBefore;
  tell(
    "F12",
    `${provider.requests.length} calls; upstream closed at most ${
      worstMs.toFixed(0)
    } ms after a batch of 100; descriptors ${baseline} before, ${after} after (and ${provider.openSockets} pooled); RSS +${
      grown.toFixed(0)
    } MB`,
  );
  assert(worstMs < 3000, `${worstMs} ms`);
});

/** Offers each stream so many bytes; counts what was taken in all. */
async function offer(
  socket: Socket,
  bytes: number,
  taken: { bytes: number },
): Promise<void> {
  socket.write(head(200, {
    "content-type": "text/event-stream",
    "transfer-encoding": "chunked",
  }));
  const piece = chunk(
    (chatEvents("x")[0] ?? "").replace('"x"', `"${"x".repeat(65_536)}"`),
  );
  for (let offered = 0; offered < bytes && !socket.destroyed;) {
    offered += piece.length;
    taken.bytes += piece.length;
    if (socket.write(piece)) continue;
    await drained(socket);
  }
}

Deno.test("F14: one reader that stops is offered 200 MB and little of it is pulled", async () => {
  const taken = { bytes: 0 };
  await using provider = await FakeProvider.start((socket) =>
    offer(socket, 200_000_000, taken)
  );
  await using gateway = await start(provider.url, { writeStallMs: 0 });
  const before = await rssMb(gateway);
  const client = await open(portOf(gateway));
  client.pause();
  client.write(STREAM);
  let last = -1;
  let peak = before;
  for (let quiet = 0; quiet < 20;) {
    await pause(50);
    peak = Math.max(peak, await rssMb(gateway));
    quiet = taken.bytes === last && last > 0 ? quiet + 1 : 0;
    last = taken.bytes;
  }
  client.destroy();
  tell(
    "F14",
    `200 MB offered, ${(taken.bytes / 1e6).toFixed(1)} MB pulled, RSS +${
      (peak - before).toFixed(0)
    } MB`,
  );
  assert(taken.bytes < 20_000_000);
  assert(peak - before < 100);
});

const perl = await has("perl", "-v");
// One each for a client and its server, and some to spare.
const SLOW_CLIENTS = Math.min(5000, await descriptorLimit() - 1000);

for (const drips of [true, false]) {
  const kind = drips ? "dripping" : "silent";
  Deno.test({
    ...needs(
      perl && SLOW_CLIENTS > 0,
      perl ? "too few file descriptors" : "no perl",
      `F15: ${SLOW_CLIENTS} ${kind} connections are closed at the head timeout, /health answers meanwhile`,
    ),
    fn: async () => {
      await using provider = await FakeProvider.start(() => {});
      await using gateway = await start(provider.url, {
        headTimeoutMs: HEAD_TIMEOUT_MS,
        maxConnections: SLOW_CLIENTS + 100,
      });
      const baseline = await descriptors(gateway);
      const before = await rssMb(gateway);
      const alone = watchHealth(gateway);
      await pause(4000);
      const quiet = quantile((await alone.stop()).tookMs, 0.99);
      const health = watchHealth(gateway);
      await using clients = await SlowClients.start(
        portOf(gateway),
        SLOW_CLIENTS,
        drips,
      );
      const peak = await descriptors(gateway);
      const [first, last] = await clients.lived();
      const { tookMs, statuses } = await health.stop();
      const p99 = quantile(tookMs, 0.99);
      await until(
        "descriptors",
        5000,
        async () => await descriptors(gateway) <= baseline + 5,
      );
      tell(
        "F15",
        `${SLOW_CLIENTS} ${kind}, ${
          peak - baseline
        } of them open at once: closed after ${first} to ${last} ms (limit ${HEAD_TIMEOUT_MS}); /health p99 ${
          p99.toFixed(1)
        } ms of ${tookMs.length}, ${quiet.toFixed(1)} ms before; RSS +${
          (await rssMb(gateway) - before).toFixed(0)
        } MB`,
      );
      assertEquals([...statuses.keys()], [200]);
      assertEquals(provider.requests.length, 0);
      assert(peak - baseline > SLOW_CLIENTS * 0.9, `${peak - baseline}`);
      assert(first >= HEAD_TIMEOUT_MS - 500, `${first} ms`);
      assert(last < HEAD_TIMEOUT_MS + 3000, `${last} ms`);
      // A machine that others use is slow without slow clients too.
      const [load = 0] = Deno.loadavg();
      const busy = load > navigator.hardwareConcurrency;
      assert(p99 < (busy ? 300 : 100), `${p99} ms, ${quiet} before`);
    },
  });
}

Deno.test("F16: out of descriptors it sheds connections and comes back by itself", async () => {
  await using provider = await FakeProvider.start(() => {});
  const program = sourceProgram().map((word) => `'${word}'`).join(" ");
  await using gateway = await start(provider.url, {}, [
    "sh",
    "-c",
    `ulimit -n 256 && exec ${program} "$@"`,
    "sh",
  ]);
  const port = portOf(gateway);
  const clients: Socket[] = [];
  for (let count = 0; count < 1000; count++) {
    const socket = connectSocket({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    clients.push(socket);
  }
  await until(
    "its own probe fails",
    15_000,
    () =>
      gateway.lines.some(({ message }) =>
        message === "listener does not answer its own probe"
      ),
  );
  await pause(2000);
  for (const client of clients) client.destroy();
  const releasedMs = performance.now();
  let first = 0;
  while (first !== 200) {
    if (performance.now() - releasedMs > 20_000) {
      throw new Error("Cannot reach the gateway any more");
    }
    first = await healthWithin(gateway, 500);
    if (first !== 200) await pause(50);
  }
  const tookMs = performance.now() - releasedMs;
  const reopened =
    gateway.lines.filter(({ message }) => message === "listener opened anew")
      .length;
  tell(
    "F16",
    `first 200 came ${
      tookMs.toFixed(0)
    } ms after the release, listener opened anew ${reopened} times`,
  );
  assert(tookMs < 2000, `${tookMs} ms`);
  assertEquals(
    gateway.lines.filter(({ message }) => message === "listening").length,
    1,
    "the process was never replaced",
  );
  // It goes on to serve.
  for (let count = 0; count < 20; count++) {
    const response = await fetch(`${gateway.url}/health`);
    assertEquals(response.status, 200);
    await response.body?.cancel();
  }
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
});
