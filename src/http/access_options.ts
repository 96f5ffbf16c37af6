/** What the config says about access, without the secrets themselves. @module */

import { keyDigest } from "../config/client_keys.ts";
import type { ClientConfig, Config } from "../config/schema.ts";
import type { AccessOptions, ClientEntry } from "./auth.ts";
import { parseNetwork } from "./ip.ts";

/** Reads clients, tokens, hosts and proxies off a config. */
export function accessOptions(config: Config): AccessOptions {
  const clients: ClientEntry[] = [];
  for (const [name, client] of config.clients) {
    clients.push({
      name,
      tier: client.tier,
      enabled: client.enabled,
      keySha256: digests(client),
      concurrent: client.limits.concurrent,
    });
  }
  const admin = config.admin.token;
  const metrics = config.metrics.token;
  return {
    clients: clients.length === 0 ? null : clients,
    adminTokenSha256: admin === null ? null : keyDigest(admin.reveal()),
    metricsPublic: config.metrics.public,
    metricsTokenSha256: metrics === null ? null : keyDigest(metrics.reveal()),
    allowedHosts: config.server.allowedHosts,
    trustedProxies: config.server.trustedProxies.map(parseNetwork),
  };
}

function digests(client: ClientConfig): string[] {
  const found: string[] = [];
  const { key, keySha256 } = client;
  if (Array.isArray(key)) {
    for (const one of key) found.push(keyDigest(one.reveal()));
  } else if (key !== null) {
    found.push(keyDigest(key.reveal()));
  }
  if (keySha256 !== null) found.push(keySha256.toLowerCase());
  return found;
}
