/** What the listener lets in: nobody from beyond this machine without keys. @module */

import { isIP } from "node:net";
import type { Config } from "../schema.ts";
import type { PathProblem } from "../schema_problems.ts";
import { type CheckFacts, shown } from "./check.ts";

/** Whether an address is reached from this machine only. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return bare === "localhost" || bare === "::1" ||
    (isIP(bare) === 4 && bare.startsWith("127."));
}

/** Whether a text is an address with or without a prefix length. */
function isCidr(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  const bits = /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : -1;
  return bits >= 0 && bits <= (version === 4 ? 32 : 128);
}

const HOST_REGEXP = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** Whether a text can be listened on. */
function isHost(text: string): boolean {
  return isIP(text) !== 0 || HOST_REGEXP.test(text);
}

/** Checks the listeners. */
export function* checkExposure(facts: CheckFacts): Generator<PathProblem> {
  const { server, admin } = facts.config;
  for (
    const [path, host] of [
      [["server", "host"], server.host],
      [["admin", "host"], admin.host],
    ] as const
  ) {
    if (host === null || isHost(host)) continue;
    yield {
      path,
      problem: `value is ${shown(facts, path, host)}`,
      fix: "give an address or host name, without port or brackets",
    };
  }
  yield* openListener(facts.config);
  yield* adminListener(facts.config);
  for (const [index, entry] of server.trustedProxies.entries()) {
    if (isCidr(entry)) continue;
    yield {
      path: ["server", "trustedProxies", index],
      problem: `value is ${JSON.stringify(entry)}`,
      fix: "give an address or a range such as 10.0.0.0/8",
    };
  }
  for (const [index, entry] of server.allowedHosts.entries()) {
    if (isHost(entry)) continue;
    yield {
      path: ["server", "allowedHosts", index],
      problem: `value is ${JSON.stringify(entry)}`,
      fix: "give a host name or address, without scheme and port",
    };
  }
}

/** Beyond loopback, everyone needs a key. */
function* openListener(
  { server, admin, clients }: Config,
): Generator<PathProblem> {
  if (isHost(server.host) && !isLoopbackHost(server.host)) {
    const missing = [
      ...(clients.size === 0 ? ["clients"] : []),
      ...(admin.token === null ? ["admin.token"] : []),
    ];
    if (missing.length > 0) {
      yield {
        path: ["server", "host"],
        problem: `${server.host} is reachable from other machines, without ${
          missing.join(" and ")
        } everyone there could use your keys`,
        fix: `give ${missing.join(" and ")}, or listen on 127.0.0.1`,
      };
    }
  }
  if (
    admin.host !== null && !isLoopbackHost(admin.host) && admin.token === null
  ) {
    yield {
      path: ["admin", "host"],
      problem:
        `${admin.host} is reachable from other machines, and there is no admin.token`,
      fix: "give admin.token, or listen on 127.0.0.1",
    };
  }
}

/** An own admin listener needs a port, and not the main one's. */
function* adminListener({ server, admin }: Config): Generator<PathProblem> {
  if (admin.host !== null && admin.port === null) {
    yield {
      path: ["admin", "port"],
      problem: "the key is missing while admin.host is given",
      fix: "give the port, or remove admin.host",
    };
  }
  if (
    admin.port !== null && admin.port !== 0 && admin.port === server.port
  ) {
    yield {
      path: ["admin", "port"],
      problem: `value is ${admin.port}, the port of the main listener`,
      fix: "give another port, or remove it to use the main listener",
    };
  }
}
