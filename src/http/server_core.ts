/** What all requests of a server share. @module */

import type { Clock } from "../support/clock.ts";
import type { ClientIdentity } from "../exchange/exchange.ts";
import type { GatewayError } from "../exchange/gateway_error.ts";
import type { Admission } from "./admission.ts";
import type { AccessRefusal, Authenticator } from "./auth.ts";
import type { BodyBudget } from "./body.ts";
import type { EncodeError } from "./error_answer.ts";
import type { LimitName, ListenerLimits } from "./limits.ts";
import type { Router } from "./router.ts";
import type { JsonWatch } from "../support/json_scan.ts";

/** A request that the server itself answered with an error. */
export interface Refused {
  /** What it was told. */
  readonly error: GatewayError;
  /** Who asked, as far as that is known. */
  readonly client: ClientIdentity;
  /** The request. */
  readonly request: {
    /** Our id of it. */
    readonly id: string;
    /** The peer's address, or the first untrusted one it forwards for. */
    readonly clientIp: string;
  };
}

/** What the server tells others. Called synchronously; must not throw. */
export interface ServerHooks {
  /** A handler threw: a bug of ours. */
  onBug?(requestId: string, endpoint: string, error: unknown): void;
  /** A limit was hit. */
  onLimit?(limit: LimitName): void;
  /** A caller was refused. */
  onAuthFailure?(reason: AccessRefusal): void;
  /** A request is over; `refusal` says if no handler answered it. `endpoint` is a route template or `other`; status 0: no answer was sent. */
  onRequest?(
    method: string,
    endpoint: string,
    status: number,
    seconds: number,
    refusal: Refused | null,
  ): void;
}

/** The shared state, as one request sees it. */
export interface ServerCore {
  /** Current limits. */
  readonly limits: ListenerLimits;
  /** Current table. */
  readonly router: Router;
  /** Current clients and tokens. */
  readonly authenticator: Authenticator;
  /** Places. */
  readonly admission: Admission;
  /** Memory of bodies. */
  readonly budget: BodyBudget;
  /** Error shapes. */
  readonly encodeError: EncodeError;
  /** What the scan of a body looks for. */
  readonly watch: JsonWatch;
  /** Whether a shutdown has begun: connections end with their answer. */
  readonly draining: boolean;
  /** Whether new work is refused because of it. */
  readonly refusing: boolean;
  /** Makes a request id. */
  newId(): string;
  /** Time. */
  readonly clock: Clock;
  /** Counts a limit. */
  onLimit(limit: LimitName): void;
  /** Counts a refused caller. */
  onAuthFailure(reason: AccessRefusal): void;
  /** Logs a bug. */
  onHandlerError(requestId: string, endpoint: string, error: unknown): void;
}
