/**
 * Who is asking and what they may do. Keys are known by their SHA-256 only and
 * found through a map of digests: nothing is compared key by key.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { ClientIdentity } from "../exchange/exchange.ts";
import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import { inNetworks, isLoopback, type Network } from "./ip.ts";
import { hostName, type RequestHead } from "./request_head.ts";
import type { Scope } from "./route.ts";

/** A client of the config. */
export interface ClientEntry {
  /** Its name. */
  readonly name: string;
  /** Its tier. */
  readonly tier: string;
  /** Whether it may call at all. */
  readonly enabled: boolean;
  /** SHA-256 of its keys, 64 hex digits each. */
  readonly keySha256: readonly string[];
  /** Most requests at once, 0 for any number. */
  readonly concurrent: number;
}

/** What is configured about access. */
export interface AccessOptions {
  /** The clients; `null` where none are configured: loopback is `local`. */
  readonly clients: readonly ClientEntry[] | null;
  /** SHA-256 of the admin token, `null` without one. */
  readonly adminTokenSha256: string | null;
  /** Whether other than loopback peers may scrape without a token. */
  readonly metricsPublic: boolean;
  /** SHA-256 of the scrape token, `null` without one. */
  readonly metricsTokenSha256: string | null;
  /** Host names served beside the loopback ones. */
  readonly allowedHosts: readonly string[];
  /** Peers whose `x-forwarded-for` counts. */
  readonly trustedProxies: readonly Network[];
}

/** A caller that may go on. */
export interface Grant {
  /** Who it is. */
  readonly client: ClientIdentity;
  /** Most requests at once, 0 for any number. */
  readonly concurrent: number;
}

/** The answer to "may it?". */
export type Access =
  | { readonly granted: Grant }
  | { readonly refused: GatewayError; readonly reason: AccessRefusal };

/** Reasons of refusals, as they are counted. */
export type AccessRefusal =
  | "missing"
  | "unknown"
  | "ambiguous"
  | "disabled"
  | "not_loopback"
  | "scope"
  | "host"
  | "cross_site";

interface KnownClient {
  readonly grant: Grant;
  readonly enabled: boolean;
  readonly digest: Buffer;
}

const LOCAL: Grant = {
  client: { name: "local", tier: "default" },
  concurrent: 0,
};
const ADMIN: Grant = {
  client: { name: "admin", tier: "admin" },
  concurrent: 0,
};
const ANONYMOUS: Grant = {
  client: { name: "anonymous", tier: "default" },
  concurrent: 0,
};
const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "::1"];

/** Decides about access. Immutable: a reload makes a new one. */
export class Authenticator {
  readonly #options: AccessOptions;
  readonly #byDigest = new Map<string, KnownClient>();
  readonly #hosts: ReadonlySet<string>;

  /**
   * Indexes the clients.
   *
   * @throws {TypeError} when two clients have the same key.
   */
  constructor(options: AccessOptions) {
    this.#options = options;
    this.#hosts = new Set(
      options.allowedHosts.map((name) => name.toLowerCase()),
    );
    for (const entry of options.clients ?? []) this.#add(entry);
  }

  /** Whether a peer's `x-forwarded-for` counts. */
  trusts(peerIp: string): boolean {
    return inNetworks(peerIp, this.#options.trustedProxies);
  }

  /** The right-most address of the chain that is no trusted proxy. */
  clientIp(
    peerIp: string,
    forwardedFor: string | null,
    canonical: (ip: string) => string,
  ): string {
    if (forwardedFor === null || !this.trusts(peerIp)) return peerIp;
    const chain = forwardedFor.split(",");
    let ip = peerIp;
    for (let index = chain.length - 1; index >= 0; index--) {
      const text = (chain[index] ?? "").trim();
      // What is no address may be anything, also a lie: stop before it.
      if (!/^[0-9A-Fa-f.:]{2,45}$/.test(text)) return ip;
      ip = canonical(text);
      if (!this.trusts(ip)) return ip;
    }
    return ip;
  }

  /** Decides about a request for a route of `scope`. */
  check(
    scope: Scope,
    head: RequestHead,
    clientIp: string,
    write: boolean,
  ): Access {
    switch (scope) {
      case "public":
        return { granted: ANONYMOUS };
      case "inference":
        return this.#inference(head, clientIp);
      case "metrics":
        return this.#metrics(head, clientIp);
      case "admin":
        return this.#admin(head, clientIp, write);
    }
  }

  #add(entry: ClientEntry): void {
    const grant: Grant = {
      client: { name: entry.name, tier: entry.tier },
      concurrent: entry.concurrent,
    };
    for (const key of entry.keySha256) {
      const digest = Buffer.from(key, "hex");
      const name = digest.toString("latin1");
      const other = this.#byDigest.get(name);
      if (other !== undefined) {
        throw new TypeError(
          `Cannot tell clients apart: ${entry.name} and ${other.grant.client.name} have the same key`,
        );
      }
      this.#byDigest.set(name, { grant, enabled: entry.enabled, digest });
    }
  }

  #find(secret: string): KnownClient | null {
    const digest = sha256(secret);
    const known = this.#byDigest.get(digest.toString("latin1"));
    if (known === undefined) return null;
    return timingSafeEqual(known.digest, digest) ? known : null;
  }

  #inference(head: RequestHead, clientIp: string): Access {
    if (this.#options.clients === null) return this.#local(head, clientIp);
    const bearer = bearerToken(head.authorization);
    if (head.authorization === null && head.apiKey === null) {
      return refuse("missing", unauthenticated("no API key was sent"));
    }
    if (head.credentialRepeated) return ambiguous();
    const first = bearer === null ? null : this.#find(bearer);
    const second = head.apiKey === null ? null : this.#find(head.apiKey);
    if (head.authorization !== null && head.apiKey !== null) {
      if (first === null && second === null) return unknownKey();
      if (first?.grant !== second?.grant) return ambiguous();
    }
    const known = first ?? second;
    if (known === null) return unknownKey();
    if (!known.enabled) {
      return refuse(
        "disabled",
        gatewayError(
          "permission",
          "Cannot serve this client: it is disabled in the gateway's configuration",
        ),
      );
    }
    return { granted: known.grant };
  }

  /** No clients are configured: this machine only, and no page of another site that was rebound to it. */
  #local(head: RequestHead, clientIp: string): Access {
    if (!isLoopback(clientIp)) {
      return refuse(
        "not_loopback",
        unauthenticated("without configured clients only loopback is served"),
      );
    }
    if (!this.#hostAllowed(head)) return wrongHost();
    if (head.fetchSite === "cross-site") return crossSite();
    return { granted: LOCAL };
  }

  #metrics(head: RequestHead, clientIp: string): Access {
    if (!this.#hostAllowed(head)) return wrongHost();
    const expected = this.#options.metricsTokenSha256;
    if (expected !== null) {
      const secret = bearerToken(head.authorization) ?? head.apiKey;
      if (secret !== null && matches(expected, secret)) {
        return { granted: ANONYMOUS };
      }
      return refuse(
        secret === null ? "missing" : "unknown",
        unauthenticated("the metrics token is missing or wrong"),
      );
    }
    if (this.#options.metricsPublic || isLoopback(clientIp)) {
      return { granted: ANONYMOUS };
    }
    return refuse(
      "not_loopback",
      gatewayError(
        "permission",
        "Cannot show metrics: metrics.public is false and the peer is not on loopback",
      ),
    );
  }

  #admin(head: RequestHead, clientIp: string, write: boolean): Access {
    if (!this.#hostAllowed(head)) return wrongHost();
    if (head.fetchSite === "cross-site") return crossSite();
    // A page of another site can send forms and empty requests, but no JSON.
    const harmless = isJson(head.contentType) ||
      (!head.hasBody && !head.fromForeignPage);
    if (write && !harmless) {
      return refuse(
        "cross_site",
        gatewayError(
          "unsupported_media_type",
          "Cannot take the request: its content type is not application/json",
        ),
      );
    }
    const secret = bearerToken(head.authorization) ?? head.apiKey;
    if (secret === null) return this.#tokenlessAdmin(head, clientIp);
    const expected = this.#options.adminTokenSha256;
    if (expected !== null && matches(expected, secret)) {
      return { granted: ADMIN };
    }
    if (this.#find(secret) !== null) {
      return refuse(
        "scope",
        gatewayError("permission", "Cannot use this key for administration"),
      );
    }
    return refuse(
      "unknown",
      unauthenticated("the admin token is wrong"),
    );
  }

  #tokenlessAdmin(head: RequestHead, clientIp: string): Access {
    if (
      this.#options.adminTokenSha256 !== null || head.authorization !== null
    ) {
      return refuse("missing", unauthenticated("no admin token was sent"));
    }
    const host = head.host === null ? "" : hostName(head.host);
    // A proxy on this machine makes every peer look like loopback.
    const direct = !head.forwarded || this.trusts(clientIp);
    if (isLoopback(clientIp) && LOOPBACK_NAMES.includes(host) && direct) {
      return { granted: ADMIN };
    }
    return refuse(
      "not_loopback",
      gatewayError(
        "permission",
        "Cannot administrate from here: without admin.token only loopback peers with a loopback Host may",
      ),
    );
  }

  /** An address cannot be rebound by DNS, a name can. */
  #hostAllowed(head: RequestHead): boolean {
    if (head.host === null) return false;
    const name = hostName(head.host);
    return LOOPBACK_NAMES.includes(name) || this.#hosts.has(name) ||
      /^[0-9.]+$/.test(name) || name.includes(":");
  }
}

/** Whether a content type is JSON. */
export function isJson(contentType: string | null): boolean {
  return contentType !== null &&
    /^application\/(?:json|[a-z0-9.-]+\+json)[ \t]*(?:;|$)/i.test(contentType);
}

/** The token of `Bearer <token>`, `null` for anything else. */
function bearerToken(authorization: string | null): string | null {
  if (authorization === null) return null;
  const match = /^bearer +(\S+) *$/i.exec(authorization);
  return match?.[1] ?? null;
}

function matches(expectedHex: string, secret: string): boolean {
  const expected = Buffer.from(expectedHex, "hex");
  return expected.length === 32 && timingSafeEqual(expected, sha256(secret));
}

/** Synchronous on purpose: the asynchronous digest shares 32 threads with DNS and files. */
function sha256(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function refuse(reason: AccessRefusal, refused: GatewayError): Access {
  return { refused, reason };
}

function unauthenticated(why: string): GatewayError {
  return gatewayError(
    "authentication",
    `Cannot authenticate the request: ${why}; send Authorization: Bearer <key> or x-api-key`,
    { code: "invalid_api_key" },
  );
}

function unknownKey(): Access {
  return refuse("unknown", unauthenticated("the API key is not known"));
}

function ambiguous(): Access {
  return refuse(
    "ambiguous",
    gatewayError(
      "invalid_request",
      "Cannot authenticate the request: Authorization and x-api-key do not belong to one client; send one of them",
    ),
  );
}

function wrongHost(): Access {
  return refuse(
    "host",
    gatewayError(
      "permission",
      "Cannot serve this Host: it is neither a loopback name nor in server.allowedHosts",
    ),
  );
}

function crossSite(): Access {
  return refuse(
    "cross_site",
    gatewayError(
      "permission",
      "Cannot serve this request: it was sent by a page of another site",
    ),
  );
}
