// F14: clients that stop reading. Provider, gateway and clients are a process
// each, so that what is measured is the gateway.

import { assert, assertEquals } from "@std/assert";
import { bodyFor } from "../e2e/pair.ts";
import { GatewayProcess } from "../e2e/process.ts";
import { post } from "../e2e/raw_socket/raw_client.ts";
import { needs } from "../skip.ts";
import {
  askChat,
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
import { EndlessProvider, has, readers } from "./rig/rig.ts";

const STALL_MS = 4000;
const CLIENTS = 200;
const REQUEST = post(
  CHAT,
  JSON.stringify(bodyFor(CHAT, "up/m", "hi", true)),
  [],
);

const perl = await has("perl", "-v");

async function startGateway(
  provider: EndlessProvider,
): Promise<{ gateway: GatewayProcess; port: number }> {
  const gateway = await GatewayProcess.start({
    config: {
      providers: {
        up: {
          protocols: { chat: `${provider.url}/v1` },
          pool: { maxConnections: 1024 },
        },
        sim: { simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } } },
      },
      server: { limits: { writeStallMs: STALL_MS } },
    },
  });
  return { gateway, port: Number(new URL(gateway.url).port) };
}

/** Clients that are served all the time. */
function healthy(gateway: GatewayProcess): Load {
  return new Load(4, async () => {
    const answered = await askChat(gateway.url, "sim/tokens-3");
    await pause(10);
    return answered;
  });
}

/** The largest resident memory while `wait` runs, MB. */
async function peakRss(
  gateway: GatewayProcess,
  wait: Promise<unknown>,
): Promise<number> {
  let peak = 0;
  let over = false;
  const done = wait.finally(() => over = true);
  while (!over) {
    peak = Math.max(peak, await rssMb(gateway));
    await pause(50);
  }
  await done;
  return peak;
}

/** Waits until the upstream calls of all are over. */
function evicted(provider: EndlessProvider, count: number): Promise<number> {
  return until(
    "evictions",
    60_000,
    async () => (await provider.stats()).closed >= count,
  );
}

Deno.test({
  ...needs(
    perl,
    "no perl",
    "F14: 200 readers that stop cost no more memory than 200 that read, and nobody else notices",
  ),
  fn: async () => {
    // 8 times what a fast model gives each of its clients.
    await using provider = await EndlessProvider.start(32_768, 200);
    const { gateway, port } = await startGateway(provider);
    await using _ = gateway;
    const cold = await rssMb(gateway);

    const quiet = healthy(gateway);
    await pause(5000);
    const alone = await quiet.stop();

    const beside = healthy(gateway);
    const warm = await peakRss(
      gateway,
      readers(port, CLIENTS, REQUEST, 4_000_000)
        .then((clients) => clients[Symbol.asyncDispose]()),
    );
    const reading = await beside.stop();
    await evicted(provider, CLIENTS);

    const others = healthy(gateway);
    const clients = await readers(port, CLIENTS, REQUEST, 0);
    const peak = await peakRss(gateway, evicted(provider, 2 * CLIENTS));
    const stalled = await others.stop();
    await clients[Symbol.asyncDispose]();
    const p99 = [alone, reading, stalled].map(({ tookMs }) =>
      quantile(tookMs, 0.99)
    );
    tell(
      "F14",
      `RSS ${cold.toFixed(0)} MB idle, at most ${
        warm.toFixed(0)
      } with 200 readers, ${
        peak.toFixed(0)
      } with 200 that stop; p99 of the others ${
        p99.map((ms) => ms.toFixed(1)).join(", ")
      } ms alone, beside readers, beside stopped ones`,
    );
    for (const { statuses } of [alone, reading, stalled]) {
      assertEquals([...statuses.keys()], [200]);
    }
    assert(peak - warm < 100, `${peak - warm} MB more than with readers`);
    const [, besideReaders = 0, besideStalled = 0] = p99;
    assert(
      besideStalled < 3 * besideReaders + 100,
      `${besideReaders} and ${besideStalled} ms`,
    );
  },
});

Deno.test({
  ...needs(
    perl,
    "no perl",
    "F14: 200 readers that stop before a provider without brakes are cut off at the stall limit",
  ),
  fn: async () => {
    await using provider = await EndlessProvider.start(65_536);
    const { gateway, port } = await startGateway(provider);
    await using _ = gateway;
    const before = await descriptors(gateway);
    const { open: openBefore } = await provider.stats();
    await using _clients = await readers(port, CLIENTS, REQUEST, 0);
    await evicted(provider, CLIENTS);
    const { idleMs, bytes } = await provider.stats();
    assertEquals(
      await metric(gateway, "signalbox_limit_hits_total"),
      CLIENTS,
    );
    await until(
      "descriptors",
      5000,
      async () => {
        // The pool keeps a connection for each call that was given up.
        const { open } = await provider.stats();
        return await descriptors(gateway) - open <= before - openBefore + 5;
      },
    );
    tell(
      "F14",
      `evicted ${quantile(idleMs, 0).toFixed(0)} to ${
        quantile(idleMs, 1).toFixed(0)
      } ms after their last byte (limit ${STALL_MS}), ${
        (bytes / 1e6 / CLIENTS).toFixed(1)
      } MB pulled for each`,
    );
    assert(quantile(idleMs, 1) < STALL_MS + 1500, `${quantile(idleMs, 1)} ms`);
  },
});
