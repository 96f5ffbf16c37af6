/** Gets one exchange's request ready for its targets in turn: the money first, then the body. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { GatewayError } from "../exchange/gateway_error.ts";
import type { Provider } from "../providers/provider.ts";
import type { Prepared } from "./outbound.ts";
import type { RelayDependencies } from "./dependencies.ts";
import type { Inbound } from "./inbound.ts";
import { lossTexts, prepareTarget } from "./prepare_target.ts";
import type { Conversation } from "./responses_state.ts";
import type { Snapshot } from "./snapshot.ts";

/** What is prepared, and what is set aside for it. */
export class TargetPreparation {
  /** What the gateway keeps of the conversation. */
  conversation: Conversation | null = null;
  /** Why the first target that could not take the request could not, `null` if all could. */
  refused: GatewayError | null = null;
  readonly #deps: RelayDependencies;
  readonly #snapshot: Snapshot;
  readonly #exchange: Exchange;
  readonly #inbound: Inbound;
  #prepared: Prepared | null = null;
  #reserved = 0n;

  /** Prepares the request of `exchange`. */
  constructor(
    deps: RelayDependencies,
    snapshot: Snapshot,
    exchange: Exchange,
    inbound: Inbound,
  ) {
    this.#deps = deps;
    this.#snapshot = snapshot;
    this.#exchange = exchange;
    this.#inbound = inbound;
  }

  /** Prepares for a target, `null` if it cannot take the request. */
  prepare(target: TargetRef, provider: Provider): Prepared | null {
    const { admission } = this.#deps;
    const exchange = this.#exchange;
    this.giveBack();
    const grant = admission.reserve(exchange, this.#inbound, target, provider);
    if (grant.kind === "refused") return this.#refuse(grant.error);
    this.#reserved = grant.pico;
    const result = prepareTarget(
      {
        exchange,
        inbound: this.#inbound,
        target,
        provider,
        protocols: this.#deps.protocols,
        conversation: this.conversation,
        outputCap: grant.outputTokens,
      },
      this.#snapshot.onLoss(exchange.decision?.alias ?? null),
      (error) => this.#deps.onBug(error, exchange),
    );
    if (result.kind === "refused") return this.#refuse(result.error);
    this.#prepared = result.prepared;
    exchange.losses = lossTexts(result.prepared);
    return result.prepared;
  }

  /** What was prepared last, `null` for nothing. */
  get prepared(): Prepared | null {
    return this.#prepared;
  }

  /** Hands over what is set aside: from now on it is the attempt's. */
  takeReserved(): bigint {
    const pico = this.#reserved;
    this.#reserved = 0n;
    return pico;
  }

  /** Gives back what is set aside and was not taken. */
  giveBack(): void {
    if (this.#reserved === 0n) return;
    this.#deps.admission.release(this.#exchange, this.takeReserved());
  }

  #refuse(error: GatewayError): null {
    this.refused ??= error;
    return null;
  }
}
