/** A gateway in this process, on a free port, over a config given as an object. @module */

import { Gateway } from "../../src/cli/gateway.ts";
import type { Tap } from "../../src/exchange/events.ts";
import { loadConfig } from "../../src/config/load.ts";
import { SILENT_LOGGER } from "../../src/support/logger.ts";

/** A gateway that listens on loopback. */
export interface TestGateway extends AsyncDisposable {
  /** Base URL, without a slash at the end. */
  readonly url: string;
  /** The gateway itself. */
  readonly gateway: Gateway;
  /** Its folder: config file and state. */
  readonly folder: string;
  /** Writes another config and reloads. Gives what went wrong, or `null`. */
  reload(config: unknown): Promise<Error | null>;
}

/** Starts a gateway with `config`; variables of `environment` may be referred to. A folder that is given stays; `taps` hear of exchanges too. */
export async function startGateway(
  config: Record<string, unknown>,
  environment: Record<string, string> = {},
  keptFolder: string | null = null,
  taps: readonly Tap[] = [],
): Promise<TestGateway> {
  const folder = keptFolder ??
    await Deno.makeTempDir({ prefix: "signalbox-" });
  const path = `${folder}/signalbox.jsonc`;
  const write = (value: unknown) =>
    Deno.writeTextFile(path, JSON.stringify(value));
  const server = { port: 0, ...config["server"] as object | undefined };
  const complete = (value: Record<string, unknown>) => ({
    ...value,
    server,
    stateDir: `${folder}/state`,
  });
  await write(complete(config));
  const variables = new Map(Object.entries(environment));
  const load = () => loadConfig({ path, environment: variables });
  const gateway = await Gateway.build({
    loaded: await load(),
    load,
    log: SILENT_LOGGER,
    logWriter: null,
    taps,
  });
  await gateway.listen({ host: "127.0.0.1", port: 0 });
  const port = gateway.server.address?.port ?? 0;
  return {
    url: `http://127.0.0.1:${port}`,
    gateway,
    folder,
    reload: async (next) => {
      await write(complete(next as Record<string, unknown>));
      return await gateway.reload();
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      if (keptFolder === null) await Deno.remove(folder, { recursive: true });
    },
  };
}

/** A simulator without delays. */
export const FAST_SIMULATOR = {
  simulator: {
    firstTokenMs: { mean: 0 },
    tokenMs: { mean: 0 },
    outputTokens: { mean: 12 },
  },
};
