/** An attempt as it stands in a line of the usage log. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { Attempt } from "../exchange/exchange.ts";
import { FAILURE_RULES } from "../exchange/failure.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Ledger, Usage } from "../exchange/usage.ts";
import type { JsonValue } from "../support/json.ts";
import type { LineCosts } from "./line_costs.ts";
import { flat, msText, Quoted, quoted, TextMemory } from "./line_text.ts";
import { LEDGER_BUCKETS } from "./request_cost.ts";

/** Longest usage object of a provider that is kept, in characters. */
const MAX_RAW_CHARS = 4096;

/** Every bucket but the first, with its name as it is written behind another. */
const OTHER_BUCKETS = LEDGER_BUCKETS.slice(1).map((bucket) =>
  [bucket, `,"${bucket}":`] as const
);

/** What is said of a target, again and again. */
export interface TargetTexts {
  /** Its id in quotes. */
  readonly id: string;
  /** The beginning of an attempt, until the protocol. */
  readonly attempt: string;
  /** The same until the start, for a native one that answered with 200, by protocol. */
  readonly native: AnsweredTexts;
  /** The same for a translated one. */
  readonly translated: AnsweredTexts;
}

/** Texts by the protocol that was spoken. */
export type AnsweredTexts = { readonly [P in ProtocolName]: string };

/** Writes attempts. */
export class AttemptRecordWriter {
  readonly #names = new Quoted();
  readonly #targets = new TextMemory(targetTexts);
  readonly #costs: LineCosts;

  /** Makes a writer; `costs` writes what attempts cost. */
  constructor(costs: LineCosts) {
    this.#costs = costs;
  }

  /** The texts of a target. */
  target({ id }: TargetRef): TargetTexts {
    return this.#targets.of(id);
  }

  /** Writes one attempt. What is null or 0 is left out: most of it is, and lines are kept for long. */
  text(attempt: Attempt): string {
    const { usage } = attempt;
    const started = attempt.startedMs;
    const first = attempt.firstContentMs;
    return this.#called(attempt) + msText(started) +
      ',"durationMs":' + msText(attempt.endedMs - started) +
      (first < 0 ? "" : ',"firstContentMs":' + msText(first - started)) +
      this.#answer(attempt, usage) +
      ',"usageSource":"' + usage.source +
      '","ledger":' + usedBuckets(usage.ledger) +
      ',"rawUsage":' + rawUsage(usage.raw) +
      this.#costs.attempt(attempt.cost) + "}";
  }

  #called(attempt: Attempt): string {
    const { native, outcome, protocol, upstreamStatus } = attempt;
    const texts = this.target(attempt.target);
    if (outcome?.kind === "answered" && upstreamStatus === 200) {
      return (native ? texts.native : texts.translated)[protocol];
    }
    return `${texts.attempt},"targetApiType":"${protocol}","native":${native},"outcome":"${
      outcome?.kind ?? "cancelled"
    }","status":${upstreamStatus}${
      outcome?.kind === "failed" ? failed(outcome) : ""
    },"startedMs":`;
  }

  #answer(attempt: Attempt, usage: Usage): string {
    const names = this.#names;
    const { finishReason, upstreamRequestId } = attempt;
    return (finishReason === null
      ? ""
      : ',"finishReason":' + names.of(finishReason)) +
      (upstreamRequestId === null
        ? ""
        : ',"upstreamRequestId":' + quoted(upstreamRequestId)) +
      (usage.model === null ? "" : ',"servedModel":' + names.of(usage.model)) +
      (usage.serviceTier === null
        ? ""
        : ',"serviceTier":' + names.of(usage.serviceTier));
  }
}

/** A provider's id has no slash. */
function targetTexts(id: string): TargetTexts {
  const slash = id.indexOf("/");
  const provider = quoted(id.slice(0, slash));
  const model = quoted(id.slice(slash + 1));
  const attempt = flat('{"provider":', provider, ',"model":', model);
  return {
    id: quoted(id),
    attempt,
    native: answeredTexts(attempt, true),
    translated: answeredTexts(attempt, false),
  };
}

function answeredTexts(attempt: string, native: boolean): AnsweredTexts {
  const text = (protocol: ProtocolName) =>
    flat(
      attempt,
      `,"targetApiType":"${protocol}","native":${native}`,
      ',"outcome":"answered","status":200,"startedMs":',
    );
  return {
    chat: text("chat"),
    messages: text("messages"),
    responses: text("responses"),
  };
}

function failed(
  { failure }: Extract<Attempt["outcome"], { readonly kind: "failed" }>,
): string {
  return `,"failure":"${failure.kind}","errorType":"${
    FAILURE_RULES[failure.kind].errorType
  }","errorMessage":${quoted(failure.message)}`;
}

/** Nearly every answer has plain input; most have three buckets at most. */
function usedBuckets(ledger: Ledger): string {
  const others = otherBuckets(ledger);
  if (ledger.input > 0) return '{"input":' + ledger.input + others + "}";
  return others === "" ? "{}" : "{" + others.slice(1) + "}";
}

function otherBuckets(ledger: Ledger): string {
  let text = "";
  for (const [bucket, name] of OTHER_BUCKETS) {
    const count = ledger[bucket];
    if (count > 0) text += name + count;
  }
  return text;
}

/** The provider's own words: what is priced again later starts from them. */
function rawUsage(raw: JsonValue): string {
  if (raw === null || typeof raw !== "object") return "null";
  const text = JSON.stringify(raw);
  return text.length > MAX_RAW_CHARS ? "null" : text;
}
