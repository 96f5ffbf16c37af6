/** Probes the gateway's own listener. @module */

import type { GatewayServer } from "../http/server.ts";
import type { Logger } from "../support/logger.ts";
import { probeListener } from "../upstream/loopback_probe.ts";
import { SelfProbe } from "./self_probe.ts";

const PROBE_TIMEOUT_MS = 1000;

/** Begins to watch the listener of a server at the address that it has now. */
export function watchListener(server: GatewayServer, log: Logger): SelfProbe {
  const listening = server.address;
  return new SelfProbe({
    probe: () =>
      listening === null || server.draining
        ? null
        : probeListener(listening.host, listening.port, PROBE_TIMEOUT_MS),
    accepted: () => server.connections.accepted,
    reopen: () => server.relisten(),
    log,
  });
}
