/**
 * Which back ends may register: http and https only, host and port on the
 * allow-list. Addresses are compared in one form, whatever they are written in.
 *
 * @module
 */

import { isIPv4 } from "node:net";
import { matchesWildcard } from "../support/wildcard.ts";

/** An endpoint that was looked at. */
export type EndpointCheck =
  | {
    readonly ok: true;
    /** The URL in its one form, without a slash at the end. */
    readonly url: string;
  }
  | {
    readonly ok: false;
    /** Whether the URL is fine and only not allowed. */
    readonly kind: "invalid" | "not_allowed";
    /** Why, in words that name the value and the fix. */
    readonly problem: string;
  };

/** Checks a head's endpoint against `host:port` patterns. */
export function checkEndpoint(
  endpoint: string,
  allow: readonly string[],
): EndpointCheck {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return invalid("it is no http or https URL");
  }
  if (url.username !== "" || url.password !== "") {
    return invalid("it holds a user name or password");
  }
  if (url.search !== "" || url.hash !== "") {
    return invalid("it holds a query or fragment");
  }
  const host = canonicalHost(url.hostname);
  const port = url.port === ""
    ? (url.protocol === "https:" ? "443" : "80")
    : url.port;
  if (isForbidden(host)) {
    return notAllowed(`${host} is never called: it is link-local or no host`);
  }
  if (!allow.some((pattern) => allows(pattern, host, port))) {
    return notAllowed(`${host}:${port} is not in routing.heads.allow`);
  }
  const shownPort = url.port === "" ? "" : `:${url.port}`;
  const path = url.pathname.replace(/\/+$/, "");
  return { ok: true, url: `${url.protocol}//${host}${shownPort}${path}` };
}

/** The URL parser has brought IPv4 into one form already; what is left are mapped addresses and the root's dot. */
function canonicalHost(hostname: string): string {
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  if (mapped !== null) {
    const high = parseInt(mapped[1] ?? "", 16);
    const low = parseInt(mapped[2] ?? "", 16);
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  }
  return hostname.toLowerCase().replace(/\.$/, "");
}

function isForbidden(host: string): boolean {
  return host === "" || /^169\.254\./.test(host) || /^0\./.test(host) ||
    /^(?:22[4-9]|23\d|24\d|25[0-5])\./.test(host) || host === "[::]" ||
    /^\[(?:fe[89ab]|ff)/.test(host);
}

function allows(pattern: string, host: string, port: string): boolean {
  const colon = pattern.lastIndexOf(":");
  const [hostPattern, portPattern] = colon < 0 || pattern.endsWith("]")
    ? [pattern, "*"]
    : [pattern.slice(0, colon), pattern.slice(colon + 1)];
  // `10.*` is meant for addresses: not for a name such as 10.example.com.
  if (/^[\d.*]*\d[\d.*]*$/.test(hostPattern) && !isIPv4(host)) return false;
  return matchesWildcard(hostPattern.toLowerCase(), host) &&
    matchesWildcard(portPattern, port);
}

function invalid(why: string): EndpointCheck {
  return {
    ok: false,
    kind: "invalid",
    problem: `Cannot use the endpoint: ${why}; use http://host:port/path`,
  };
}

function notAllowed(why: string): EndpointCheck {
  return {
    ok: false,
    kind: "not_allowed",
    problem: `Cannot register the endpoint: ${why}`,
  };
}
