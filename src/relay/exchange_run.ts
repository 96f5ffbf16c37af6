/** The story of one exchange: decision, attempts in order, the answer, the end. @module */

import type { Candidate } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { type Failure, failure } from "../exchange/failure.ts";
import {
  type GatewayError,
  gatewayError,
  RequestError,
} from "../exchange/gateway_error.ts";
import type { ClientListener, ClientResponse } from "../exchange/client.ts";
import type { Outcome } from "../exchange/names.ts";
import type { DrainSlots } from "../providers/drain_slots.ts";
import type { Provider } from "../providers/provider.ts";
import { TickNode } from "../support/ticker.ts";
import { errorOfFailure } from "./answer_headers.ts";
import type { AttemptOwner, AttemptRun } from "./attempt_run.ts";
import { AttemptEvents } from "./attempt_events.ts";
import type { Prepared } from "./outbound.ts";
import { ClientSide } from "./client_side.ts";
import type { ErrorReader, ErrorReaders } from "./error_body.ts";
import { GuardedSink } from "./guarded_sink.ts";
import type { Inbound } from "./inbound.ts";
import type { RelayDependencies } from "./dependencies.ts";
import { makeAttempt } from "./make_attempt.ts";
import {
  failureText,
  NO_TARGET,
  outcomeOfBreak,
  outcomeOfError,
  outcomeOfFailure,
} from "./outcome.ts";
import { upstreamRequest } from "./prepare_target.ts";
import { RetryPlan } from "./retry_plan.ts";
import type { Snapshot } from "./snapshot.ts";
import { localAnswer, mustEstimate } from "./other_operations.ts";
import { conversationOf } from "./responses_state.ts";
import type { Output } from "./stream_pipe.ts";
import { TargetPreparation } from "./target_preparation.ts";

const BUG = gatewayError(
  "server",
  "Cannot serve the request: the gateway failed",
);

/** One exchange in progress. */
export class ExchangeRun extends TickNode
  implements AttemptOwner, ClientListener {
  /** The exchange. */
  readonly exchange: Exchange;
  /** Tells the taps about the upstream's side. */
  readonly events: AttemptEvents;
  readonly #deps: RelayDependencies;
  readonly #readers: ErrorReaders;
  readonly #inbound: Inbound;
  readonly #response: ClientResponse;
  readonly #snapshot: Snapshot;
  readonly #client: ClientSide;
  readonly #targets: TargetPreparation;
  #plan: RetryPlan | null = null;
  #current: AttemptRun | null = null;
  #provider: Provider | null = null;
  #failed: Failure | null = null;
  #waiting: Candidate | null = null;
  #places: DrainSlots | null = null;
  #deadlineMs = Infinity;
  #retryAtMs = Infinity;
  #heldUntilMs = Infinity;

  /** Makes the run of `exchange`; {@linkcode ExchangeRun.begin} starts it. */
  constructor(
    deps: RelayDependencies,
    readers: ErrorReaders,
    snapshot: Snapshot,
    exchange: Exchange,
    inbound: Inbound,
    response: ClientResponse,
  ) {
    super();
    this.#deps = deps;
    this.#readers = readers;
    this.#snapshot = snapshot;
    this.exchange = exchange;
    this.events = new AttemptEvents(exchange, deps);
    this.#inbound = inbound;
    this.#response = response;
    this.#targets = new TargetPreparation(deps, snapshot, exchange, inbound);
    const { heartbeatMs } = snapshot.settings;
    this.#client = new ClientSide(exchange, response, deps, heartbeatMs);
  }

  /** Decides and calls the first target. */
  begin(): void {
    this.events.received(this.#inbound);
    this.#response.listener = this;
    const limitMs = this.#limitMs();
    if (limitMs > 0) this.#deadlineMs = this.exchange.startedMs + limitMs;
    this.#snapshot.enter();
    this.#deps.ticker.add(this);
    this.#schedule();
    this.#safely(() => this.#decide());
  }

  #decide(): void {
    const { exchange } = this;
    const { admission } = this.#deps;
    const limited = admission.enter(exchange, this.#inbound);
    if (limited !== null) return this.#refuse(limited);
    const decision = admission.decide(exchange, this.#inbound, this.#snapshot);
    exchange.decision = decision;
    this.#deps.taps.emit({ type: "decided", exchange });
    if (decision.refusal !== null) return this.#answer(decision.refusal);
    const store = this.#deps.responsesStore();
    this.#targets.conversation = conversationOf(store, exchange, this.#inbound);
    const { retry } = this.#snapshot.settings;
    const budget = this.#deps.retryBudgets.of(decision.alias);
    this.#plan = new RetryPlan(decision.order, retry, budget);
    this.#plan.hasOtherKey = this.#snapshot.hasOtherKey;
    this.#tryNext(this.#plan.first());
  }

  /** Ms since the exchange began. */
  elapsedMs(): number {
    return performance.now() - this.exchange.startedMs;
  }

  /** Reads errors in the current target's protocol. */
  get errorReader(): ErrorReader {
    const protocol = this.#targets.prepared?.protocol ?? this.exchange.protocol;
    return this.#readers[protocol];
  }

  /** Sends the head of a streamed answer; nothing can be retried from here on. */
  startStream(headers: readonly string[]): void {
    this.#heldUntilMs = Infinity;
    this.#client.startStream(headers);
    this.#schedule();
  }

  /** Sends a piece; `false` pauses the upstream. */
  sendPiece(output: Output): boolean {
    const goOn = this.#client.sendPiece(output);
    if (!goOn) this.#schedule();
    return goOn;
  }

  /** From here on only the end of the body is waited for. */
  answerComplete(): void {
    this.#schedule();
  }

  /** Starts the clock of the held head. */
  headHeld(): void {
    const { maxHeldMs } = this.#snapshot.settings.commit;
    this.#heldUntilMs = performance.now() + maxHeldMs;
    this.#schedule();
  }

  /** The client has it all. */
  attemptAnswered(run: AttemptRun): void {
    this.#safely(() => {
      const { native, target } = run.attempt;
      this.events.ended(run.attempt, { kind: "answered" });
      if (this.#places !== null) return this.#abandon();
      this.#client.end();
      this.#targets.conversation?.commit(native ? target.provider : null);
      this.#finish("success", null);
    });
  }

  /** Breaks off, tries again, or answers with the error. */
  attemptFailed(run: AttemptRun, failed: Failure): void {
    this.#safely(() => this.#goOn(run, failed));
  }

  #goOn(run: AttemptRun, failed: Failure): void {
    this.#heldUntilMs = Infinity;
    const committed = run.committed;
    this.events.ended(run.attempt, { kind: "failed", failure: failed });
    if (this.#places !== null) return this.#abandon();
    if (committed) return this.#breakOff(run, failed);
    if (mustEstimate(this.exchange, failed)) return this.#answer(null);
    this.#failed = failed;
    const next = this.#plan?.after(failed) ?? null;
    if (next === null) return this.#answerFailure(failed);
    if (next.delayMs === 0) return this.#tryNext(next.candidate);
    this.#waiting = next.candidate;
    this.#retryAtMs = performance.now() + next.delayMs;
    this.#schedule();
  }

  /** Looks at every deadline of the exchange. */
  override tick(now: number): void {
    this.#safely(() => this.#look(now));
  }

  #look(now: number): void {
    if (now >= this.#deadlineMs) return this.#deadlinePassed();
    if (now >= this.#retryAtMs) {
      this.#retryAtMs = Infinity;
      this.#tryNext(this.#waiting);
    }
    if (now >= this.#heldUntilMs) {
      this.#heldUntilMs = Infinity;
      this.#current?.commit();
    }
    if (now >= this.#silentAtMs()) this.#current?.silent();
    this.#client.beat(now);
    this.#schedule();
  }

  /** Ends the exchange because the gateway goes down: an error event, then the end. */
  cut(): void {
    if (this.exchange.outcome !== null) return;
    this.#breakUp(failure("deadline", "The gateway is shutting down"));
  }

  #tryNext(first: Candidate | null): void {
    for (
      let candidate = first;
      candidate !== null;
      candidate = this.#plan?.skip() ?? null
    ) {
      const provider = this.#snapshot.provider(candidate.target.provider);
      if (provider === undefined) continue;
      if (mustEstimate(this.exchange, provider)) return this.#answer(null);
      const prepared = this.#targets.prepare(candidate.target, provider);
      if (
        prepared !== null &&
        this.#snapshot.mayTry(this.exchange, candidate.target)
      ) {
        return this.#call(candidate, provider, prepared);
      }
    }
    // What a provider said tells more than why nobody else could be asked.
    if (this.#failed !== null) return this.#answerFailure(this.#failed);
    this.#refuse(this.#targets.refused ?? NO_TARGET);
  }

  #call(candidate: Candidate, provider: Provider, prepared: Prepared): void {
    const { exchange, events } = this;
    this.#provider = provider;
    const call = {
      exchange,
      inbound: this.#inbound,
      conversation: this.#targets.conversation,
      prepared,
      target: candidate.target,
      eofIsFinish: provider.eofIsFinish,
    };
    const ends = { client: this.#client, events, errors: this.errorReader };
    const { settings } = this.#snapshot;
    const run = makeAttempt(this, this.#deps, settings, call, ends);
    run.attempt.reservedPico = this.#targets.takeReserved();
    this.#current = run;
    const sink = new GuardedSink(run, ends.errors, this.#onBug);
    run.start(provider, upstreamRequest(call), sink);
  }

  /** Answers without a provider: nobody may be called, or nobody counts. */
  #answer(refusal: GatewayError | null): void {
    const answer = localAnswer(this.exchange, this.#inbound, refusal);
    if (answer.kind === "refused") return this.#refuse(answer.error);
    this.#client.sendWhole(200, answer.headers, answer.body);
    this.#finish("success", null);
  }

  #breakOff(run: AttemptRun, failed: Failure): void {
    const error = errorOfFailure(failed, run.attempt.target.provider);
    const words = run.lastWords(error);
    if (words !== null) this.#client.sendPiece(words);
    this.#client.end();
    this.#finish(outcomeOfBreak(failed), failureText(failed));
  }

  #answerFailure(failed: Failure): void {
    const provider = this.exchange.lastAttempt?.target.provider ?? "none";
    const error = errorOfFailure(failed, provider);
    this.#client.sendError(error);
    this.#finish(outcomeOfFailure(failed), failureText(failed));
  }

  #refuse(error: GatewayError): void {
    this.#client.sendError(error);
    this.#finish(outcomeOfError(error), error.message);
  }

  /** The client has gone. */
  onAbort(): void {
    if (this.exchange.outcome !== null) return;
    if (!this.#readsOn()) this.#abandon();
  }

  /** Learns the usage of an answer that nobody waits for, where the provider is configured so. */
  #readsOn(): boolean {
    const places = this.#provider?.drain ?? null;
    const run = this.#current;
    if (run === null || run.attempt.outcome !== null) return false;
    if (places === null || !places.take()) return false;
    this.#places = places;
    this.#deps.drains.add(this, this.#inbound);
    this.#client.leave();
    const untilMs = performance.now() + places.maxMs;
    this.#deadlineMs = Math.min(this.#deadlineMs, untilMs);
    run.resume();
    this.#schedule();
    return true;
  }

  #abandon(): void {
    this.#cancelAttempt();
    // Log-only: there is nobody to send it to.
    if (this.exchange.status === 0) this.exchange.status = 499;
    this.#finish("client_abort", "The client closed the connection");
  }

  /** The client reads again. */
  onDrain(): void {
    if (this.exchange.outcome !== null) return;
    this.#client.drained();
    this.#current?.resume();
    this.#schedule();
  }

  #deadlinePassed(): void {
    this.#deadlineMs = Infinity;
    const words = `The request took longer than ${this.#limitMs()} ms`;
    this.#breakUp(failure("deadline", words));
  }

  /** Ends the attempt, or the wait for the next one. */
  #breakUp(failed: Failure): void {
    if (this.#places !== null) return this.#abandon();
    const run = this.#current;
    if (run !== null && run.attempt.outcome === null) run.giveUp(failed);
    else this.#safely(() => this.#answerFailure(failed));
  }

  #cancelAttempt(): void {
    const run = this.#current;
    if (run === null || run.attempt.outcome !== null) return;
    run.cancel();
    this.events.ended(run.attempt, { kind: "cancelled" });
  }

  /** Whatever is thrown on the way, the exchange ends, and the client hears of it. */
  #safely(step: () => void): void {
    try {
      step();
    } catch (error) {
      const known = error instanceof RequestError ? error.error : BUG;
      if (known === BUG) this.#onBug(error);
      if (this.exchange.outcome !== null) return;
      this.#cancelAttempt();
      if (!this.#response.started) return this.#refuse(known);
      this.#finish(outcomeOfError(known), known.message);
      if (!this.#response.closed) this.#response.destroy();
    }
  }

  #limitMs(): number {
    const { maxStreamMs, maxRequestMs } = this.#snapshot.settings;
    return this.exchange.stream ? maxStreamMs : maxRequestMs;
  }

  #schedule(): void {
    if (this.exchange.outcome !== null) return;
    this.wakeAtMs = Math.min(
      this.#deadlineMs,
      this.#retryAtMs,
      this.#heldUntilMs,
      this.#client.heartbeatAtMs,
      this.#silentAtMs(),
    );
  }

  #silentAtMs(): number {
    return this.#current?.silentAtMs(this.#provider?.commentsOnlyMs ?? 0) ??
      Infinity;
  }

  #finish(outcome: Outcome, error: string | null): void {
    const { exchange } = this;
    if (exchange.outcome !== null) return;
    exchange.outcome = outcome;
    exchange.error = error;
    exchange.endedMs = this.elapsedMs();
    this.#deps.ticker.remove(this);
    this.#response.listener = null;
    if (this.#places !== null) this.#deps.drains.remove(this);
    this.#places?.giveBack();
    this.#snapshot.leave();
    this.#targets.giveBack();
    this.#deps.taps.emit({ type: "finished", exchange });
  }

  readonly #onBug = (error: unknown): void =>
    this.#deps.onBug(error, this.exchange);
}
