/** What the router decided and why: explained, never just a name. @module */

import type { GatewayError } from "./gateway_error.ts";

/** One place a request can go to: `provider/model`. */
export interface TargetRef {
  /** `provider/model`, the id used in configs, headers, logs and metrics. */
  readonly id: string;
  /** Provider id of the config. */
  readonly provider: string;
  /** Model name sent upstream. */
  readonly model: string;
}

/** A target that was looked at. */
export interface Candidate {
  /** The target. */
  readonly target: TargetRef;
  /** Index of the alias' group it stands in, 0 first. */
  readonly group: number;
  /** Selector's score, higher is better; `null` where the selector has none. */
  readonly score: number | null;
  /** Why it stands where it stands. */
  readonly reason: string;
}

/** A target that may not be used for this request. */
export interface Exclusion {
  /** The target. */
  readonly target: TargetRef;
  /** Why, in words that name the value. */
  readonly reason: string;
}

/** How the requested name was understood. */
export type ResolvedBy =
  | "explicit"
  | "rule"
  | "alias"
  | "listed"
  | "default"
  | "budget"
  | "none";

/** The answer of the router for one request. */
export interface Decision {
  /** The name the client asked for. */
  readonly requestedModel: string;
  /** The alias that served it, `null` for a direct target. */
  readonly alias: string | null;
  /** How the name was resolved. */
  readonly resolvedBy: ResolvedBy;
  /** Strategy label: a selector name, `direct` or `none`. */
  readonly strategy: string;
  /** Usable targets in the order in which they will be tried. */
  readonly order: readonly Candidate[];
  /** Targets that may not be used, with the reason. */
  readonly excluded: readonly Exclusion[];
  /** Why nobody will be called, `null` if `order` has someone. */
  readonly refusal: GatewayError | null;
}
