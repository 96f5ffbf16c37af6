/** A relay over real connections to loopback providers, with a client in memory. @module */

import { UNKNOWN_CAPABILITIES } from "../../src/exchange/capabilities.ts";
import type { ExchangeEvent } from "../../src/exchange/events.ts";
import { Exchange } from "../../src/exchange/exchange.ts";
import type { Operation, ProtocolName } from "../../src/exchange/names.ts";
import type { CanonicalRequest } from "../../src/protocols/canonical.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import type { ResponsesStore } from "../../src/protocols/responses_store.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { NO_ADAPTER } from "../../src/providers/request_adapter.ts";
import { NO_ADMISSION } from "../../src/relay/admission.ts";
import type { AnswerCache } from "../../src/relay/dependencies.ts";
import { Drains } from "../../src/relay/drains.ts";
import type { Inbound } from "../../src/relay/inbound.ts";
import { Relay } from "../../src/relay/relay.ts";
import { RetryBudgets } from "../../src/relay/retry_budget.ts";
import type { RelaySettings, Snapshot } from "../../src/relay/snapshot.ts";
import { TapFanOut } from "../../src/relay/tap_fan_out.ts";
import { isJsonObject, type JsonObject } from "../../src/support/json.ts";
import { scanJson } from "../../src/support/json_scan.ts";
import { Ticker } from "../../src/support/ticker.ts";
import {
  NetworkProvider,
  type NetworkSettings,
} from "../../src/upstream/network_provider.ts";
import { MemoryClient } from "./memory_client.ts";
import { PROOF_MARKER } from "../../src/protocols/reasoning_envelope.ts";

/** Settings that never get in the way of a test. */
export const PATIENT: RelaySettings = {
  heartbeatMs: 0,
  commit: { maxHeldBytes: 65_536, maxHeldMs: 10_000 },
  retry: {
    maxAttempts: 3,
    sameTargetRetries: 0,
    backoffMs: [1, 2],
    maxRetryAfterMs: 1000,
    budgetRatio: 0.2,
  },
  maxResponseBytes: 1 << 20,
  streamLimits: { maxEventBytes: 1 << 20, maxLineBytes: 1 << 20 },
  maxStreamMs: 0,
  maxRequestMs: 0,
};

/** A target of the test: which URL speaks which protocol. */
export interface TestTarget {
  readonly url: string;
  readonly protocol: ProtocolName;
  readonly model?: string;
  readonly provider?: Partial<Provider>;
  readonly network?: Partial<NetworkSettings>;
}

/** One request to ask. */
export interface Question {
  readonly protocol: ProtocolName;
  readonly body: string | JsonObject;
  readonly operation?: Operation;
  readonly headers?: readonly string[];
}

/** Asks for a whole answer. */
export const WHOLE: Question = {
  protocol: "chat",
  body: { model: "m", messages: [{ role: "user", content: "hi" }] },
};

/** Asks for a stream. */
export const STREAM: Question = {
  protocol: "chat",
  body: {
    model: "m",
    stream: true,
    messages: [{ role: "user", content: "hi" }],
  },
};

/** A relay whose targets are tried in order. */
export class TestRelay implements AsyncDisposable {
  readonly events: ExchangeEvent[] = [];
  /** What the relay reported as its own fault. */
  readonly bugs: unknown[] = [];
  /** Whether a target may be called; replace it at any time. */
  mayTry: (targetId: string) => boolean = () => true;
  /** Called before every decision; may throw. */
  beforeDecision: (inbound: Inbound) => void = () => {};
  /** Prices attempts; may throw. */
  costOf: () => null = () => null;
  /** Exchanges that use the config now. */
  users = 0;
  /** The answers that are read on for nobody. */
  readonly drains = new Drains();
  /** The run of the last question. */
  run: { cut(): void } = { cut: () => {} };
  readonly #waiting: (() => void)[] = [];
  readonly #ticker = new Ticker({ resolutionMs: 5 });
  readonly #networks: NetworkProvider[] = [];
  readonly #providers = new Map<string, Provider>();
  readonly #relay: Relay;
  readonly #snapshot: Snapshot;

  constructor(
    targets: readonly TestTarget[],
    settings: Partial<RelaySettings> & {
      onLoss?: "header" | "reject";
      responsesStore?: ResponsesStore;
      cache?: AnswerCache;
    } = {},
  ) {
    const {
      onLoss = "header",
      responsesStore = null,
      cache = null,
      ...numbers
    } = settings;
    targets.forEach((target, index) => this.#add(`p${index}`, target));
    const order = targets.map((target, index) => ({
      target: {
        id: `p${index}/${target.model ?? "up-model"}`,
        provider: `p${index}`,
        model: target.model ?? "up-model",
      },
      group: 0,
      score: null,
      reason: "test order",
    }));
    this.#snapshot = {
      settings: { ...PATIENT, ...numbers },
      onLoss: () => onLoss,
      enter: () => this.users++,
      leave: () => this.users--,
      hasOtherKey: () => false,
      mayTry: (_exchange, target) => this.mayTry(target.id),
      provider: (id) => this.#providers.get(id),
      divert: () => {
        throw new Error("Cannot divert: the test has no budgets");
      },
      settle: (exchange) => ({
        requestedModel: exchange.requestedModel,
        alias: "test",
        resolvedBy: "alias",
        strategy: "in_order",
        order: [],
        excluded: [],
        refusal: null,
      }),
      decide: (exchange, inbound) => {
        this.beforeDecision(inbound);
        return {
          requestedModel: exchange.requestedModel,
          alias: "test",
          resolvedBy: "alias",
          strategy: "in_order",
          order,
          excluded: [],
          refusal: null,
        };
      },
    };
    this.#relay = new Relay({
      protocols: PROTOCOLS,
      taps: new TapFanOut(
        [{
          name: "test",
          wantsBytes: true,
          on: (event) => {
            this.events.push(event);
            for (const wake of this.#waiting.splice(0)) wake();
          },
        }],
        (tap, error) => {
          throw new Error(`Cannot go on: tap ${tap} failed`, { cause: error });
        },
      ),
      ticker: this.#ticker,
      scrub: (text) => text.replaceAll("key-of-p0", "***"),
      costOf: () => this.costOf(),
      admission: NO_ADMISSION,
      retryBudgets: new RetryBudgets(),
      drains: this.drains,
      responsesStore: () => responsesStore,
      cache: () => cache,
      onBug: (error) => this.bugs.push(error),
      newId: (prefix) => `${prefix}test`,
    });
  }

  /** Asks; `client.done` resolves with the end of the answer. */
  ask(question: Question, client = new MemoryClient()): MemoryClient {
    const inbound = makeInbound(question);
    const exchange = new Exchange({
      id: "01testtesttesttesttesttest",
      receivedAtMs: Date.now(),
      startedMs: performance.now(),
      endpoint: "/test",
      protocol: question.protocol,
      operation: question.operation ?? "generate",
      client: { name: "test", tier: "default" },
      clientIp: "127.0.0.1",
      clientRequestId: null,
    });
    exchange.requestedModel = inbound.scan.model ?? "";
    exchange.stream = inbound.scan.stream === true;
    this.run = this.#relay.run(this.#snapshot, exchange, inbound, client);
    return client;
  }

  /** Resolves as soon as such an event has been told so often. */
  async until(type: ExchangeEvent["type"], times = 1): Promise<void> {
    const seen = () => this.events.filter((event) => event.type === type);
    while (seen().length < times) {
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  /** How often an exchange has ended. */
  get ends(): number {
    return this.events.filter((event) => event.type === "finished").length;
  }

  /** The exchanges that ended, in this order. */
  get finishedAll(): Exchange[] {
    return this.events.filter((event) => event.type === "finished")
      .map((event) => event.exchange);
  }

  /** The exchange that ended last. */
  get finished(): Exchange | null {
    const last = this.events.findLast((event) => event.type === "finished");
    return last?.exchange ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ticker[Symbol.dispose]();
    for (const network of this.#networks) await network[Symbol.asyncDispose]();
  }

  #add(id: string, target: TestTarget): void {
    const network = new NetworkProvider({
      id,
      protocols: { [target.protocol]: target.url },
      keys: [`key-of-${id}`],
      auth: "auto",
      headers: {},
      query: {},
      timeouts: {
        connectMs: 2000,
        firstByteMs: 5000,
        responseMs: 5000,
        streamIdleMs: 5000,
      },
      pool: { maxConnections: 64, idleMs: 1000 },
      proxyUrl: null,
      tls: { ca: null, cert: null, key: null },
      maxHeadBytes: 16_384,
      userAgent: "signalbox/test",
      ...target.network,
    }, this.#ticker);
    this.#networks.push(network);
    this.#providers.set(id, {
      id,
      protocols: [target.protocol],
      models: null,
      region: "default",
      modelType: "default",
      capabilities: () => UNKNOWN_CAPABILITIES,
      capsOutput: () => false,
      includeUsage: true,
      eofIsFinish: false,
      adapter: NO_ADAPTER,
      stream: "any",
      commentsOnlyMs: 0,
      drain: null,
      start: network.start,
      urlOf: (request) => network.urlOf(request),
      ...target.provider,
    });
  }
}

function makeInbound(question: Question): Inbound {
  const text = typeof question.body === "string"
    ? question.body
    : JSON.stringify(question.body);
  const body = new TextEncoder().encode(text);
  const json = (): JsonObject => {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) throw new Error("Cannot ask: no object");
    return value;
  };
  let canonical: CanonicalRequest | null = null;
  const headers = question.headers ?? [];
  const options = json()["stream_options"];
  return {
    body,
    query: "",
    rawHeaders: headers,
    headers,
    scan: scanJson(body, { maxDepth: 128, maxTokens: 200_000 }, {
      fields: ["stream_options"],
      prefix: PROOF_MARKER,
    }),
    wantsUsage: isJsonObject(options) && options["include_usage"] === true,
    header: () => null,
    facts: null,
    release: () => {},
    keep: () => {},
    json,
    canonical: () =>
      canonical ??= PROTOCOLS[question.protocol].decodeRequest(json()),
  };
}
