/** A head: a back end that registers itself for as long as it says that it lives. @module */

import type { ProtocolName } from "../exchange/names.ts";

/** What a head does with requests. */
export type HeadStatus = "active" | "draining" | "offline";

/** All of them. */
export const HEAD_STATUSES: readonly HeadStatus[] = [
  "active",
  "draining",
  "offline",
];

/** What a head says of itself. */
export interface HeadRegistration {
  /** Names it, as a provider's id does. */
  readonly id: string;
  /** Base URL. */
  readonly endpoint: string;
  /** The protocol it speaks. */
  readonly protocol: ProtocolName;
  /** Class, for aliases and metrics. */
  readonly modelType: string;
  /** Where it is. */
  readonly region: string;
  /** What it serves; aliases ask for the first. */
  readonly models: readonly string[];
  /** Requests it serves at once; 0: unknown. */
  readonly capacity: number;
  /** Its version, in its own words. */
  readonly version: string;
  /** Anything else. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A registered head. Times are ms since the epoch. */
export interface Head extends HeadRegistration {
  /** What it does with requests. */
  readonly status: HeadStatus;
  /** How busy it says it is, 0 to 100. */
  readonly currentLoad: number;
  /** When it registered. */
  readonly registeredAtMs: number;
  /** When it was last heard of. */
  readonly lastHeartbeatAtMs: number;
  /** When its lease ends. */
  readonly leaseEndsAtMs: number;
}
