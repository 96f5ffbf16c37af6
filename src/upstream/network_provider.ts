/**
 * The one way out of the process: calls a provider of the config over HTTP.
 * Destinations come from the config alone; redirects are never followed.
 *
 * @module
 */

import "./load_undici.ts";
import { type Dispatcher, Pool, ProxyAgent } from "undici";
import { failure } from "../exchange/failure.ts";
import { headerOf } from "../exchange/headers.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type {
  StartCall,
  UpstreamCall,
  UpstreamRequest,
  UpstreamSink,
} from "../exchange/upstream.ts";
import { keyName, KeyRing } from "../providers/key_ring.ts";
import type { Ticker } from "../support/ticker.ts";
import { makeConnector } from "./connector.ts";
import { type CallDeadlines, NetworkCall } from "./network_call.ts";
import { upstreamPath } from "./paths.ts";

/** How a key is shown to the provider. */
export type AuthStyle = "auto" | "bearer" | "x-api-key" | "api-key" | "none";

/** What the network must know of one provider; the config's section, resolved. */
export interface NetworkSettings {
  /** Provider id. */
  readonly id: string;
  /** Base URL by protocol. */
  readonly protocols: { readonly [P in ProtocolName]?: string | undefined };
  /** The provider's keys, revealed. */
  readonly keys: readonly string[];
  /** How a key is sent. */
  readonly auth: AuthStyle;
  /** Extra headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Extra query parameters. */
  readonly query: Readonly<Record<string, string>>;
  /** Deadlines in ms, 0 = off. */
  readonly timeouts: CallDeadlines & { readonly connectMs: number };
  /** Connection pool per origin. */
  readonly pool: { readonly maxConnections: number; readonly idleMs: number };
  /** Forward proxy, `null` for none. */
  readonly proxyUrl: string | null;
  /** PEM texts, `null` for the system's. */
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
  /** Longest response head in bytes. */
  readonly maxHeadBytes: number;
  /** `user-agent` of our calls. */
  readonly userAgent: string;
}

interface Route {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly basePath: string;
  /** Static headers by key index; the last stands for "no key". */
  readonly headers: readonly (readonly string[])[];
}

/** Calls one provider over the network. */
export class NetworkProvider {
  readonly #settings: NetworkSettings;
  readonly #ticker: Ticker;
  readonly #dispatchers = new Map<string, Dispatcher>();
  readonly #routes = new Map<ProtocolName, Route>();
  readonly #query: string;
  readonly #ring: KeyRing;

  /** Opens pools; connections are made when they are needed. `ring` says whose turn it is among the keys. */
  constructor(
    settings: NetworkSettings,
    ticker: Ticker,
    ring: KeyRing = new KeyRing(settings.keys.map(keyName)),
  ) {
    this.#settings = settings;
    this.#ring = ring;
    this.#ticker = ticker;
    this.#query = new URLSearchParams(settings.query).toString();
    for (const [name, base] of Object.entries(settings.protocols)) {
      if (base === undefined) continue;
      const protocol = name as ProtocolName;
      const url = new URL(base);
      this.#routes.set(protocol, {
        dispatcher: this.#dispatcherFor(url.origin),
        origin: url.origin,
        basePath: url.pathname,
        headers: this.#staticHeaders(protocol),
      });
    }
  }

  /** Starts a call with the next key in turn that does not rest. */
  readonly start: StartCall = (request, sink) => {
    const key = this.#settings.keys.length === 0
      ? -1
      : this.#ring.take(request.model, performance.now());
    return this.startWithKey(request, sink, key);
  };

  /** Starts a call with the key at `keyIndex`, -1 for none. */
  startWithKey(
    request: UpstreamRequest,
    sink: UpstreamSink,
    keyIndex: number,
  ): UpstreamCall {
    const call = new NetworkCall(
      sink,
      request.stream,
      this.#settings.timeouts,
      this.#ticker,
      keyIndex,
    );
    const route = this.#routes.get(request.protocol);
    const path = route === undefined ? null : upstreamPath(
      route.basePath,
      request.protocol,
      request.operation,
    );
    if (route === undefined || path === null) {
      queueMicrotask(() => this.#refuse(call, sink, request));
      return call;
    }
    // undici reports bad options to the handler at once: not before we return.
    queueMicrotask(() => {
      if (call.done) return;
      route.dispatcher.dispatch({
        origin: route.origin,
        path: path + this.#search(request.query),
        method: "POST",
        headers: requestHeaders(route, keyIndex, request),
        // undici takes any Uint8Array; its types name Buffer alone.
        body: request.body as unknown as string,
        headersTimeout: 0,
        bodyTimeout: 0,
      }, call);
    });
    return call;
  }

  /** The URL a call goes to, without its query: for events and logs. */
  urlOf(request: UpstreamRequest): string {
    const route = this.#routes.get(request.protocol);
    if (route === undefined) return "";
    const path = upstreamPath(
      route.basePath,
      request.protocol,
      request.operation,
    );
    return route.origin + (path ?? "");
  }

  /** Closes every connection at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closing = [...this.#dispatchers.values()].map((one) => one.destroy());
    await Promise.all(closing);
  }

  #refuse(
    call: NetworkCall,
    sink: UpstreamSink,
    request: UpstreamRequest,
  ): void {
    if (call.done) return;
    call.abort();
    sink.onFailure(failure(
      "not_found",
      `Provider ${this.#settings.id} has no ${request.operation} in the ${request.protocol} protocol`,
    ));
  }

  #search(clientQuery: string): string {
    if (this.#query === "") return clientQuery;
    return clientQuery === ""
      ? `?${this.#query}`
      : `${clientQuery}&${this.#query}`;
  }

  #dispatcherFor(origin: string): Dispatcher {
    const known = this.#dispatchers.get(origin);
    if (known !== undefined) return known;
    const { timeouts, pool, tls, proxyUrl, maxHeadBytes } = this.#settings;
    const tlsOptions = {
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      ...(tls.cert === null ? {} : { cert: tls.cert }),
      ...(tls.key === null ? {} : { key: tls.key }),
    };
    const options = {
      connections: pool.maxConnections,
      keepAliveTimeout: pool.idleMs,
      keepAliveMaxTimeout: pool.idleMs,
      maxHeaderSize: maxHeadBytes,
      connect: makeConnector(timeouts.connectMs, tlsOptions),
    };
    const dispatcher = proxyUrl === null
      ? new Pool(origin, options)
      : new ProxyAgent({ uri: proxyUrl, requestTls: tlsOptions, ...options });
    this.#dispatchers.set(origin, dispatcher);
    return dispatcher;
  }

  #staticHeaders(protocol: ProtocolName): string[][] {
    const keys: (string | null)[] = this.#settings.keys.length === 0
      ? [null]
      : [...this.#settings.keys];
    return keys.map((key) => {
      const headers = [
        "content-type",
        "application/json",
        "accept-encoding",
        "identity",
        "user-agent",
        this.#settings.userAgent,
      ];
      if (key !== null) {
        headers.push(...authHeader(this.#settings.auth, protocol, key));
      }
      return overridden(headers, this.#settings.headers);
    });
  }
}

/** A configured header takes the place of ours. */
function overridden(
  headers: readonly string[],
  configured: Readonly<Record<string, string>>,
): string[] {
  const all = new Map<string, string>();
  for (let index = 0; index + 1 < headers.length; index += 2) {
    all.set(headers[index] ?? "", headers[index + 1] ?? "");
  }
  for (const [name, value] of Object.entries(configured)) {
    all.set(name.toLowerCase(), value);
  }
  return [...all].flat();
}

function requestHeaders(
  route: Route,
  keyIndex: number,
  request: UpstreamRequest,
): string[] {
  const fixed = route.headers[keyIndex] ?? route.headers[0] ?? [];
  const headers = [...fixed];
  if (headerOf(fixed, "accept") === null) {
    headers.push(
      "accept",
      request.stream ? "text/event-stream" : "application/json",
    );
  }
  for (let index = 0; index + 1 < request.headers.length; index += 2) {
    const name = request.headers[index];
    const value = request.headers[index + 1];
    // A configured header wins over the client's.
    if (name === undefined || value === undefined) continue;
    if (headerOf(fixed, name) === null) headers.push(name, value);
  }
  if (
    request.protocol === "messages" &&
    headerOf(headers, "anthropic-version") === null
  ) {
    headers.push("anthropic-version", "2023-06-01");
  }
  return headers;
}

function authHeader(
  style: AuthStyle,
  protocol: ProtocolName,
  key: string,
): string[] {
  switch (style) {
    case "none":
      return [];
    case "bearer":
      return ["authorization", `Bearer ${key}`];
    case "x-api-key":
    case "api-key":
      return [style, key];
    case "auto":
      return protocol === "messages"
        ? ["x-api-key", key]
        : ["authorization", `Bearer ${key}`];
  }
}
