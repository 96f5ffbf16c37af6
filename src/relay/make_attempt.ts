/** Puts an attempt together: what it knows, what hears it, where its answer goes. @module */

import { Attempt } from "../exchange/exchange.ts";
import { AnswerDelivery, type DeliveryEnds } from "./answer_delivery.ts";
import { type AttemptOwner, AttemptRun } from "./attempt_run.ts";
import type { RelayDependencies } from "./dependencies.ts";
import type { RelaySettings } from "./snapshot.ts";
import type { AnsweredCall } from "./translate.ts";

/** Makes the next attempt of an exchange; its owner starts it. */
export function makeAttempt(
  owner: AttemptOwner,
  deps: RelayDependencies,
  settings: RelaySettings,
  call: AnsweredCall,
  ends: DeliveryEnds,
): AttemptRun {
  const { exchange, prepared, target } = call;
  const attempt = new Attempt(
    exchange.attempts.length,
    target,
    prepared.protocol,
    prepared.native,
    owner.elapsedMs(),
  );
  attempt.bytesOut = prepared.bytes.length;
  exchange.attempts.push(attempt);
  const answers = new AnswerDelivery(deps, settings, call, ends);
  const { maxResponseBytes, commit } = settings;
  const limits = { maxResponseBytes, maxHeldBytes: commit.maxHeldBytes };
  return new AttemptRun(owner, attempt, answers, limits);
}
