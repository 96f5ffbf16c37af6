/** What the listener allows, by the names of `server.limits`. @module */

/** The part of `server.limits` that holds before the relay. `0` switches a limit off. */
export interface ListenerLimits {
  /** Open connections; beyond it only the reserved ones. */
  readonly maxConnections: number;
  /** Open connections of one address; not for loopback and trusted proxies. */
  readonly maxConnectionsPerIp: number;
  /** Connections beyond `maxConnections` that serve everything but inference. */
  readonly reservedAdminConnections: number;
  /** Admitted requests that run at once. */
  readonly maxConcurrent: number;
  /** Requests that wait for a place. */
  readonly queueLength: number;
  /** How long a request waits for a place, ms. */
  readonly queueWaitMs: number;
  /** From the first byte of a connection's request to the end of its head, ms. */
  readonly headTimeoutMs: number;
  /** From the end of the head to the end of the body, ms. */
  readonly bodyTimeoutMs: number;
  /** Between two pieces of a body, ms. */
  readonly bodyIdleTimeoutMs: number;
  /** Between two requests of a connection, ms. */
  readonly keepAliveTimeoutMs: number;
  /** Request line and headers together, bytes. */
  readonly maxHeadBytes: number;
  /** Header lines. */
  readonly maxHeaders: number;
  /** Request target, bytes. */
  readonly maxTargetBytes: number;
  /** One body, bytes. */
  readonly maxBodyBytes: number;
  /** All bodies that are held at once, bytes. */
  readonly maxBodiesInMemoryBytes: number;
  /** Containers inside each other in a JSON body. */
  readonly maxJsonDepth: number;
  /** Containers and commas in a JSON body. */
  readonly maxJsonTokens: number;
  /** Bytes of a stream that wait for a slow client before its upstream is paused. */
  readonly streamBufferBytes: number;
  /** How long a client may take nothing of its answer, ms. */
  readonly writeStallMs: number;
  /** Resident memory above which new requests are refused, bytes. */
  readonly maxRssBytes: number;
  /** Event-loop delay above which, if it lasts, new requests are refused, ms. */
  readonly shedAtLoopDelayMs: number;
}

/** Names under which breaches are counted. */
export type LimitName =
  | keyof ListenerLimits
  | "clientConcurrent";
