/**
 * Two gateways in a row: the front one's providers speak one protocol each, the
 * back one is the simulator. Every pair of protocols can be asked of it.
 *
 * @module
 */

import { FAST_SIMULATOR, startGateway } from "./gateway.ts";

/** The protocols of both sides; a provider `<name>-only` speaks one of them. */
export const PROTOCOLS = ["chat", "messages", "responses"] as const;

/** A running chain. */
export interface Chain extends AsyncDisposable {
  /** Base URL of the front gateway. */
  readonly url: string;
}

/** Starts both gateways; `provider` is added to each of the front one's providers, `config` to its config. */
export async function startChain(
  provider: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
): Promise<Chain> {
  const back = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    rules: [{ when: { model: "*" }, use: "sim/*" }],
  });
  const front = await startGateway({
    providers: {
      "chat-only": { ...provider, protocols: { chat: `${back.url}/v1` } },
      "messages-only": { ...provider, protocols: { messages: back.url } },
      "responses-only": {
        ...provider,
        protocols: { responses: `${back.url}/v1` },
      },
    },
    ...config,
  });
  return {
    url: front.url,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await back[Symbol.asyncDispose]();
    },
  };
}
