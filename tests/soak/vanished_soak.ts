// F13: clients that vanish without a word, behind a cable that is pulled: a
// network namespace of their own.

import { assert, assertEquals } from "@std/assert";
import { bodyFor } from "../e2e/pair.ts";
import { GatewayProcess } from "../e2e/process.ts";
import { post } from "../e2e/raw_socket/raw_client.ts";
import { needs } from "../skip.ts";
import { CHAT, descriptors, quantile, tell, until } from "./load.ts";
import { EndlessProvider, has, readers } from "./rig/rig.ts";

const CLIENTS = 20;
const MAX_STREAM_MS = 10_000;
const PULLED_AFTER_MS = 2000;
const KEY = "key-of-a-client-0123456789";
const TOKEN = "token-of-the-admin-0123456789";

async function ip(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", {
    args,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new Error(
    `Cannot run ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`,
  );
}

/** A namespace and a cable to it. */
class Cable implements AsyncDisposable {
  readonly namespace = `sbx${Deno.pid}`;
  readonly address = "10.231.77.1";
  readonly #ends = [`sbx${Deno.pid}a`, `sbx${Deno.pid}b`] as const;

  static async plug(): Promise<Cable> {
    const cable = new Cable();
    const [here, there] = cable.#ends;
    const inside = ["-n", cable.namespace];
    await ip("netns", "add", cable.namespace);
    try {
      await ip("link", "add", here, "type", "veth", "peer", "name", there);
      await ip("link", "set", there, "netns", cable.namespace);
      await ip("addr", "add", `${cable.address}/30`, "dev", here);
      await ip("link", "set", here, "up");
      await ip(...inside, "addr", "add", "10.231.77.2/30", "dev", there);
      await ip(...inside, "link", "set", there, "up");
      return cable;
    } catch (error) {
      await cable[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** No packet gets through any more, and nobody is told. */
  async pull(): Promise<void> {
    await ip("-n", this.namespace, "link", "set", this.#ends[1], "down");
  }

  /** The other end of the cable goes with its namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await ip("netns", "del", this.namespace);
  }
}

const able = await has("perl", "-v") && await has("ip", "-V") &&
  await has("unshare", "--net", "true");

Deno.test({
  ...needs(
    able,
    "needs root, perl and iproute2",
    "F13: clients that vanish without FIN cost no more than the longest stream",
  ),
  fn: async () => {
    await using cable = await Cable.plug();
    await using provider = await EndlessProvider.start(20, 50);
    await using gateway = await GatewayProcess.start({
      config: {
        providers: { up: { protocols: { chat: `${provider.url}/v1` } } },
        clients: { one: { key: "${env:KEY}" } },
        admin: { token: "${env:TOKEN}" },
        server: {
          host: cable.address,
          limits: { maxStreamMs: MAX_STREAM_MS, keepAliveTimeoutMs: 2000 },
        },
      },
      environment: { KEY, TOKEN },
    });
    const baseline = await descriptors(gateway);
    const request = post(
      CHAT,
      JSON.stringify(bodyFor(CHAT, "up/m", "hi", true)),
      [`authorization: Bearer ${KEY}`],
    ).replace("host: localhost", `host: ${cable.address}`);
    const startMs = performance.now();
    await using _ = await readers(
      Number(new URL(gateway.url).port),
      CLIENTS,
      request,
      500,
      cable,
    );
    await until(
      "the moment",
      5000,
      () => performance.now() - startMs > PULLED_AFTER_MS,
    );
    assertEquals((await provider.stats()).closed, 0);
    await cable.pull();
    const pulledMs = performance.now();
    await until(
      "the upstream's connections",
      30_000,
      async () => (await provider.stats()).closed >= CLIENTS,
    );
    const closedMs = performance.now() - pulledMs;
    const { livedMs } = await provider.stats();
    await until(
      "descriptors",
      10_000,
      async () => {
        const { open } = await provider.stats();
        return await descriptors(gateway) - open <= baseline + 5;
      },
    );
    tell(
      "F13",
      `${CLIENTS} upstream calls closed ${
        (closedMs / 1000).toFixed(1)
      } s after the cable was pulled, ${
        (quantile(livedMs, 0) / 1000).toFixed(1)
      } to ${
        (quantile(livedMs, 1) / 1000).toFixed(1)
      } s after they had begun (limit ${MAX_STREAM_MS / 1000} s)`,
    );
    assert(quantile(livedMs, 1) < MAX_STREAM_MS + 2000);
    assert(closedMs < MAX_STREAM_MS);
  },
});
