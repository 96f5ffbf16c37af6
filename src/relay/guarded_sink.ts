/**
 * The one catch around what an upstream's bytes set off: an answer that a
 * codec refuses is a failed attempt, and so is a bug of ours, which is reported.
 *
 * @module
 */

import { type Failure, failure } from "../exchange/failure.ts";
import { RequestError } from "../exchange/gateway_error.ts";
import type { UpstreamSink } from "../exchange/upstream.ts";
import type { AttemptRun } from "./attempt_run.ts";
import type { ErrorReader } from "./error_body.ts";

/** Hears a call for an attempt. */
export class GuardedSink implements UpstreamSink {
  readonly #run: AttemptRun;
  readonly #errors: ErrorReader;
  readonly #onBug: (error: unknown) => void;

  /** Passes everything on to `run`; `onBug` hears what no codec may throw. */
  constructor(
    run: AttemptRun,
    errors: ErrorReader,
    onBug: (error: unknown) => void,
  ) {
    this.#run = run;
    this.#errors = errors;
    this.#onBug = onBug;
  }

  /** Passes the head on. */
  onHead(status: number, headers: readonly string[]): void {
    try {
      this.#run.onHead(status, headers);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Passes a piece on. */
  onChunk(bytes: Uint8Array): boolean {
    try {
      return this.#run.onChunk(bytes);
    } catch (error) {
      this.#giveUp(error);
      return false;
    }
  }

  /** Passes the end on. */
  onEnd(): void {
    try {
      this.#run.onEnd();
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Passes a failure on. */
  onFailure(failed: Failure): void {
    try {
      this.#run.onFailure(failed);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    if (error instanceof RequestError) {
      this.#run.giveUp(this.#errors.ofInBandError(error.error));
      return;
    }
    this.#onBug(error);
    this.#run.giveUp(
      failure("invalid_response", "The provider's answer could not be read"),
    );
  }
}
