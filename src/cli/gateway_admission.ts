/** Limits and budgets of a gateway: what the relay asks, answered by the live config, prices and clock. @module */

import type { Budgets, Grant, Spender } from "../accounting/budgets.ts";
import {
  type AskedConditions,
  askedConditions,
} from "../accounting/cost_ceiling.ts";
import {
  ClientWindow,
  type LimitCheck,
  limitHeaders,
} from "../accounting/rate_limits.ts";
import type { Config } from "../config/schema.ts";
import type { Decision, TargetRef } from "../exchange/decision.ts";
import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Exchange } from "../exchange/exchange.ts";
import {
  type GatewayError,
  gatewayError,
  RequestError,
} from "../exchange/gateway_error.ts";
import { totalInput, totalOutput } from "../exchange/usage.ts";
import type { Provider } from "../providers/provider.ts";
import { IsoTime } from "../support/clock.ts";
import { capabilitiesOf } from "../providers/model_table.ts";
import type { Admission, AttemptGrant } from "../relay/admission.ts";
import { protocolFor } from "../relay/bodies.ts";
import { factsOf } from "../relay/facts.ts";
import type { Inbound } from "../relay/inbound.ts";
import type { Snapshot } from "../relay/snapshot.ts";
import { LIMIT_FIELDS } from "../routing/body_facts.ts";
import type { RequestFacts } from "../routing/facts.ts";
import type { LivePricing } from "./live_pricing.ts";

/** Input estimates are off by some percent: a quarter is kept beside. */
const INPUT_RESERVE = 1.25;
/** What a model of which nothing is known is taken to say at most. */
const UNKNOWN_MOST_OUTPUT = 8192;
/** More answers to one request are refused (400). */
const MOST_ANSWERS = 128;
/** Downgrades lead on at most this often. */
const MOST_DIVERSIONS = 8;

/** What admission is built from. */
export interface AdmissionOptions {
  /** The config at start. */
  readonly config: Config;
  /** The money. */
  readonly budgets: Budgets;
  /** The prices of the moment. */
  pricing(): LivePricing;
  /** Told of a request that a client's limit refused. */
  onLimited(scope: "requests" | "tokens"): void;
}

/** Tokens that were counted before the request was sent. */
interface Counted {
  readonly window: ClientWindow;
  readonly tokens: number;
  readonly atMs: number;
}

/** Admits requests, and settles them when they have ended. */
export class GatewayAdmission implements Admission, Tap {
  /** Shown when it throws. */
  readonly name = "budgets";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = [
    "attempt-finished",
    "finished",
  ];
  readonly #options: AdmissionOptions;
  readonly #windows = new Map<string, ClientWindow>();
  readonly #counted = new WeakMap<Exchange, Counted>();
  readonly #time = new IsoTime();
  #config: Config;

  /** Begins with nothing counted. */
  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Takes over the limits of a config; what was counted stays. */
  update(config: Config): void {
    this.#config = config;
    for (const name of this.#windows.keys()) {
      if (!config.clients.has(name)) this.#windows.delete(name);
    }
  }

  /** Counts a request against its client's limits. */
  enter(exchange: Exchange, inbound: Inbound): GatewayError | null {
    const { name } = exchange.client;
    const limits = this.#config.clients.get(name)?.limits;
    if (limits === undefined) return null;
    if (limits.requestsPerMinute === 0 && limits.tokensPerMinute === 0) {
      return null;
    }
    let tokens = 0;
    if (limits.tokensPerMinute > 0 && exchange.cacheStatus !== "hit") {
      const estimated = inputTokens(factsOf(exchange, inbound));
      if (typeof estimated !== "number") return estimated;
      tokens = estimated;
    }
    const nowMs = performance.now();
    const window = this.#window(name);
    const check = window.enter(limits, tokens, nowMs);
    const anthropic = exchange.protocol === "messages";
    exchange.limitHeaders = limitHeaders(
      check,
      anthropic,
      Date.now(),
      this.#time,
    );
    if (check.refusedBy === null) {
      if (tokens > 0) {
        this.#counted.set(exchange, { window, tokens, atMs: nowMs });
      }
      return null;
    }
    this.#options.onLimited(check.refusedBy);
    return limitError(name, check, tokens);
  }

  /** Decides; a budget that is used up may send the request elsewhere. */
  decide(exchange: Exchange, inbound: Inbound, snapshot: Snapshot): Decision {
    let decision = snapshot.decide(exchange, inbound);
    if (exchange.operation === "count-tokens") return decision;
    const passed = new Set<string>();
    for (let turn = 0; turn < MOST_DIVERSIONS; turn++) {
      const [first] = decision.order;
      if (first === undefined) return decision;
      const provider = snapshot.provider(first.target.provider);
      const instead = this.#options.budgets.divert(
        spenderOf(exchange, decision),
        () => {
          const facts = factsOf(exchange, inbound);
          const quote = this.#quote(facts, inbound, first.target, provider);
          return quote.cost(quote.outputTokens);
        },
        passed,
      );
      if (instead === null) return decision;
      passed.add(instead.scope);
      exchange.divertedBy = instead.scope;
      decision = snapshot.divert(exchange, inbound, instead.to);
    }
    return decision;
  }

  /** Sets aside what an attempt may cost. */
  reserve(
    exchange: Exchange,
    inbound: Inbound,
    target: TargetRef,
    provider: Provider,
  ): AttemptGrant {
    const { budgets } = this.#options;
    const spender = spenderOf(exchange, exchange.decision);
    if (exchange.operation === "count-tokens" || !budgets.binds(spender)) {
      return { kind: "granted", pico: 0n, outputTokens: null };
    }
    const facts = factsOf(exchange, inbound);
    const quote = this.#quote(facts, inbound, target, provider);
    const translated = exchange.operation === "generate" &&
      protocolFor(provider, exchange.protocol) !== exchange.protocol;
    const granted = budgets.reserve(spender, { ...quote, mayCap: translated });
    return granted.kind === "refused"
      ? { kind: "refused", error: budgetError(granted) }
      : capped(granted, translated, quote);
  }

  /** Gives back what was set aside for nothing. */
  release(exchange: Exchange, pico: bigint): void {
    this.#options.budgets.release(
      spenderOf(exchange, exchange.decision),
      pico,
    );
  }

  /** Settles attempts, and corrects the tokens of requests that have ended. */
  on(event: ExchangeEvent): void {
    if (event.type === "attempt-finished") {
      const { attempt, exchange } = event;
      this.#options.budgets.settle(
        spenderOf(exchange, exchange.decision),
        attempt.reservedPico,
        attempt.cost?.totalPico ?? null,
        exchange.receivedAtMs,
      );
      attempt.reservedPico = 0n;
    } else if (event.type === "finished") {
      this.#correctTokens(event.exchange);
    }
  }

  #correctTokens(exchange: Exchange): void {
    const counted = this.#counted.get(exchange);
    if (counted === undefined) return;
    let tokens = 0;
    for (const { usage: { ledger } } of exchange.attempts) {
      tokens += totalInput(ledger) + totalOutput(ledger);
    }
    counted.window.correct(
      tokens - counted.tokens,
      performance.now(),
      counted.atMs,
    );
  }

  #window(name: string): ClientWindow {
    let window = this.#windows.get(name);
    if (window === undefined) {
      window = new ClientWindow();
      this.#windows.set(name, window);
    }
    return window;
  }

  #quote(
    facts: RequestFacts,
    inbound: Inbound,
    target: TargetRef,
    provider: Provider | undefined,
  ): TargetQuote {
    const pricing = this.#options.pricing();
    const answers = answersAsked(inbound);
    const asked = facts.operation === "embeddings"
      ? 0
      : outputAsked(facts, inbound);
    const { maxOutputTokens } = provider?.capabilities(target.model) ??
      capabilitiesOf(target.model);
    const limit = asked ?? maxOutputTokens;
    let input: number | null = null;
    let conditions: AskedConditions | null = null;
    return {
      answers,
      asked,
      bounded: limit !== null,
      outputTokens: (limit ?? UNKNOWN_MOST_OUTPUT) * answers,
      cost: (output) => {
        input ??= Math.ceil(facts.inputTokens * INPUT_RESERVE);
        conditions ??= askedConditions(inbound.json());
        return pricing.ceiling(target, input, output, conditions);
      },
    };
  }
}

interface TargetQuote {
  /** How many answers are asked for. */
  readonly answers: number;
  /** The request's own limit for each of them. */
  readonly asked: number | null;
  readonly bounded: boolean;
  readonly outputTokens: number;
  cost(outputTokens: number): bigint | null;
}

function capped(
  granted: Grant & { kind: "granted" },
  translated: boolean,
  quote: TargetQuote,
): AttemptGrant {
  // What no limit was asked for is limited to what was set aside.
  const unlimited = translated && quote.asked === null && granted.pico > 0n;
  const output = granted.outputTokens ??
    (unlimited ? quote.outputTokens : null);
  return {
    kind: "granted",
    pico: granted.pico,
    outputTokens: output === null ? null : Math.floor(output / quote.answers),
  };
}

function spenderOf(exchange: Exchange, decision: Decision | null): Spender {
  return { client: exchange.client.name, alias: decision?.alias ?? null };
}

/** Input tokens by estimate, or why the body cannot be read. */
function inputTokens(facts: RequestFacts): number | GatewayError {
  try {
    return facts.inputTokens;
  } catch (error) {
    if (error instanceof RequestError) return error.error;
    throw error;
  }
}

/** The request's own output limit; one that is given twice is none: who knows which of them the provider takes. */
function outputAsked(facts: RequestFacts, { scan }: Inbound): number | null {
  return scan.duplicates.some((name) => LIMIT_FIELDS.includes(name))
    ? null
    : facts.maxOutputTokens;
}

/** How many answers a chat request asks for. */
function answersAsked(inbound: Inbound): number {
  if (!inbound.scan.fields.has("n")) return 1;
  if (inbound.scan.duplicates.includes("n")) return MOST_ANSWERS;
  const { n } = inbound.json();
  return typeof n === "number" && n > 1 ? n : 1;
}

function budgetError(refused: Grant & { kind: "refused" }): GatewayError {
  return gatewayError(
    "billing",
    `Cannot send the request: ${refused.reason}`,
    { code: "budget_exceeded", shouldRetry: false },
  );
}

function limitError(
  name: string,
  check: LimitCheck,
  tokens: number,
): GatewayError {
  const { refusedBy, retryAfterMs, requests, tokens: found } = check;
  const what = refusedBy === "requests"
    ? `client ${name} may send ${requests?.limit} requests per minute`
    : `client ${name} may use ${found?.limit} tokens per minute, ${found?.remaining} are left and the request has about ${tokens}`;
  const fix = retryAfterMs === null
    ? "send a shorter request"
    : `try again in ${Math.ceil(retryAfterMs / 1000)} s`;
  return gatewayError(
    "rate_limit",
    `Cannot take the request: ${what}; ${fix}`,
    {
      code: "rate_limit_exceeded",
      retryAfterMs,
      shouldRetry: retryAfterMs === null ? false : null,
    },
  );
}
