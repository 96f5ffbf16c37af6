/** Builds what can be called, out of the config: network and embedded providers. @module */

import type { Config, ProviderConfig } from "../config/schema.ts";
import { DrainSlots } from "../providers/drain_slots.ts";
import { keyName, type KeyRing } from "../providers/key_ring.ts";
import { providerProfile } from "../providers/profile.ts";
import type { Provider } from "../providers/provider.ts";
import { createSimulator } from "../simulator/simulator.ts";
import type { DescribedProvider } from "../relay/outbound.ts";
import type { Logger } from "../support/logger.ts";
import type { Ticker } from "../support/ticker.ts";
import { NAME, VERSION } from "../support/version.ts";
import { patchedAuth, requestAdapter } from "../upstream/configured_adapter.ts";
import { NetworkProvider } from "../upstream/network_provider.ts";

/** The providers of one config, and how to let go of them. */
export interface BuiltProviders {
  /** By id, in the order of the config. */
  readonly providers: ReadonlyMap<string, Provider>;
  /** The keys of each, by id. */
  readonly rings: ReadonlyMap<string, KeyRing>;
  /** Closes every connection. */
  close(): Promise<void>;
}

/**
 * Builds all providers of a config.
 *
 * @throws {Deno.errors.NotFound} and the like when a TLS file cannot be read
 */
export async function buildProviders(
  config: Config,
  ticker: Ticker,
  log: Logger,
  makeRing: (provider: string, names: readonly string[]) => KeyRing,
): Promise<BuiltProviders> {
  const providers = new Map<string, Provider>();
  const rings = new Map<string, KeyRing>();
  const closers: (() => Promise<void>)[] = [];
  for (const [id, section] of config.providers) {
    const names = section.keys.map((key) => keyName(key.reveal()));
    const ring = makeRing(id, names);
    rings.set(id, ring);
    if (section.simulator !== null) {
      providers.set(id, simulated(id, section, log));
      continue;
    }
    const built = await buildNetworkProvider(id, section, ticker, ring);
    closers.push(built.close);
    providers.set(id, built.provider);
  }
  return {
    providers,
    rings,
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

/** A provider with connections of its own. */
export interface BuiltNetwork {
  /** The provider. */
  readonly provider: Provider;
  /** Closes every connection. */
  readonly close: () => Promise<void>;
}

/** Builds one provider that is called over the network. */
export async function buildNetworkProvider(
  id: string,
  section: ProviderConfig,
  ticker: Ticker,
  ring: KeyRing,
): Promise<BuiltNetwork> {
  const network = await networkProvider(id, section, ticker, ring);
  return {
    provider: {
      ...describeProvider(id, section),
      start: network.start,
      urlOf: (request) => network.urlOf(request),
    },
    close: () => network[Symbol.asyncDispose](),
  };
}

/** What the config alone says of a provider. */
export function describeProvider(
  id: string,
  section: ProviderConfig,
): DescribedProvider {
  return {
    ...providerProfile(id, section),
    includeUsage: section.includeUsage,
    eofIsFinish: section.eofIsFinish,
    adapter: requestAdapter(id, section),
    stream: section.stream,
    drain: section.onDisconnect === "drain"
      ? new DrainSlots(section.drain)
      : null,
    commentsOnlyMs: section.timeouts.commentsOnlyMs,
  };
}

function simulated(
  id: string,
  section: ProviderConfig,
  log: Logger,
): Provider {
  const settings = section.simulator;
  if (settings === null) {
    throw new TypeError(`Cannot build provider ${id}: it is no simulator`);
  }
  return {
    ...describeProvider(id, section),
    start: createSimulator(settings, {
      now: Date.now,
      monotonicMs: () => performance.now(),
      timers: { setTimeout, clearTimeout },
      logger: log,
    }),
    urlOf: () => "",
  };
}

async function networkProvider(
  id: string,
  section: ProviderConfig,
  ticker: Ticker,
  ring: KeyRing,
): Promise<NetworkProvider> {
  const { tls } = section;
  const reveal = (secrets: ReadonlyMap<string, { reveal(): string }>) =>
    Object.fromEntries(
      [...secrets].map(([name, secret]) => [name, secret.reveal()]),
    );
  return new NetworkProvider(
    {
      id,
      protocols: Object.fromEntries(section.protocols ?? []),
      keys: section.keys.map((key) => key.reveal()),
      auth: section.auth === "auto"
        ? patchedAuth(section.patches) ?? "auto"
        : section.auth,
      headers: reveal(section.headers),
      query: reveal(section.query),
      timeouts: section.timeouts,
      pool: section.pool,
      proxyUrl: section.proxyUrl?.reveal() ?? null,
      tls: {
        ca: await readFile(tls.caFile),
        cert: await readFile(tls.certFile),
        key: await readFile(tls.keyFile),
      },
      maxHeadBytes: 65_536,
      userAgent: `${NAME}/${VERSION}`,
    },
    ticker,
    ring,
  );
}

async function readFile(path: string | null): Promise<string | null> {
  return path === null ? null : await Deno.readTextFile(path);
}
