/**
 * What accounting costs a request: pricing, budgets, limits, metrics and the
 * usage line, on beside off. `deno task bench accounting`
 *
 * @module
 */

import { AttemptPricer } from "../../src/accounting/attempt_pricer.ts";
import { embeddedPrices } from "../../src/accounting/embedded_prices.ts";
import { UsageLogTap } from "../../src/accounting/usage_log.ts";
import { Budgets } from "../../src/accounting/budgets.ts";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import { GatewayAdmission } from "../../src/cli/gateway_admission.ts";
import { LivePricing } from "../../src/cli/live_pricing.ts";
import { loadConfig } from "../../src/config/load.ts";
import { UNKNOWN_CAPABILITIES } from "../../src/exchange/capabilities.ts";
import type { Tap } from "../../src/exchange/events.ts";
import type { Attempt, Exchange } from "../../src/exchange/exchange.ts";
import { INFERENCE_WATCH } from "../../src/http/check_request.ts";
import { ScannedInbound } from "../../src/http/inference.ts";
import { METRIC_CATALOG } from "../../src/metrics/catalog.ts";
import { CostMetrics } from "../../src/metrics/cost_metrics.ts";
import { Registry } from "../../src/metrics/registry.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { NO_ADAPTER } from "../../src/providers/request_adapter.ts";
import { TapFanOut } from "../../src/relay/tap_fan_out.ts";
import { dailyPath } from "../../src/support/file_stream.ts";
import { FileWriter } from "../../src/support/file_writer.ts";
import { scanJson } from "../../src/support/json_scan.ts";
import { MemoryRequest } from "../http/memory_exchange.ts";
import { endedExchange } from "../metrics/exchanges.ts";

/** As many lines as a gateway writes at once (flushLines). */
const REQUESTS = 256;
const ROUNDS = 801;
const TARGET = "openai/gpt-5-mini";

/**
 * The fastest tenth of the rounds (what it takes while nothing else runs on the
 * core) and their median; between two rounds what waits is written, unmeasured.
 */
async function measure(
  name: string,
  body: (exchange: Exchange) => void,
): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    for (const exchange of exchanges) body(exchange);
    rounds.push((performance.now() - startMs) * 1000 / REQUESTS);
    await stream.flush(60_000);
  }
  rounds.sort((left, right) => left - right);
  const fast = rounds[Math.floor(ROUNDS / 10)] ?? 0;
  const median = rounds[ROUNDS >> 1] ?? 0;
  console.log(
    `${name.padEnd(48)} ${fast.toFixed(2)} us, median ${median.toFixed(2)} us`,
  );
  return fast;
}

/** A streamed answer of the messages protocol as the relay leaves it; no two are alike. */
function typicalExchange(index: number): Exchange {
  const exchange = endedExchange({
    targets: [TARGET],
    fields: { stream: true },
    client: { name: "ci", tier: "internal" },
  });
  const [attempt] = exchange.attempts;
  if (attempt !== undefined) {
    attempt.bytesOut = 900 + index * 31;
    attempt.contentChars = 40 + index * 7;
    attempt.endedMs += index * 13.713;
    attempt.firstContentMs += index * 1.777;
    Object.assign(attempt.usage.ledger, {
      input: 100 + index * 97,
      output: 8 + index * 13,
    });
    attempt.finishReason = "stop";
    attempt.upstreamRequestId = `req_011CTYPICAL0000000000${1000 + index}`;
    attempt.usage.model = "gpt-5-mini-2025-08-07";
    attempt.usage.raw = {
      prompt_tokens: 150 + index * 97,
      completion_tokens: 11 + index * 13,
      total_tokens: 161 + index * 110,
      prompt_tokens_details: { cached_tokens: 50, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 3 },
    };
  }
  exchange.decision = {
    requestedModel: "fast",
    alias: "fast",
    resolvedBy: "alias",
    strategy: "latency",
    order: [TARGET, "anthropic/claude-haiku-4-5"].map((id, group) => ({
      target: {
        id,
        provider: id.split("/")[0] ?? "",
        model: id.split("/")[1] ?? "",
      },
      group,
      score: 1,
      reason: "p50 120 ms",
    })),
    excluded: [],
    refusal: null,
  };
  return exchange;
}

/** A provider that nobody calls. */
function openaiProvider(): Provider {
  return {
    id: "openai",
    protocols: ["chat"],
    models: null,
    region: "default",
    modelType: "default",
    capabilities: () => UNKNOWN_CAPABILITIES,
    capsOutput: () => true,
    includeUsage: true,
    eofIsFinish: false,
    adapter: NO_ADAPTER,
    stream: "any",
    commentsOnlyMs: 0,
    drain: null,
    start: () => ({ resume: () => {}, abort: () => {} }),
    urlOf: () => "",
  };
}

/** What the relay tells of an attempt's end and an exchange's. */
function tell(taps: TapFanOut, exchange: Exchange): void {
  for (const attempt of exchange.attempts) {
    taps.emit({ type: "attempt-finished", exchange, attempt });
  }
  taps.emit({ type: "finished", exchange });
}

const folder = await Deno.makeTempDir();
const configPath = `${folder}/signalbox.jsonc`;
await Deno.writeTextFile(
  configPath,
  JSON.stringify({
    providers: {
      openai: {
        protocols: { chat: "https://api.openai.com/v1" },
        keys: [],
        auth: "none",
        models: ["gpt-5-mini"],
      },
    },
    models: { fast: { targets: [TARGET], budget: { dailyUsd: 1e6 } } },
    clients: {
      ci: {
        keySha256: "0".repeat(64),
        budget: { monthlyUsd: 1e6 },
        limits: { requestsPerMinute: 1_000_000_000 },
      },
    },
    budgets: { dailyUsd: 1e6 },
  }),
);
const { config } = await loadConfig({
  path: configPath,
  environment: new Map(),
});
const pricing = await LivePricing.load(config);
const pricer = new AttemptPricer(() => pricing);
const budgets = new Budgets(config, () => {});
const admission = new GatewayAdmission({
  config,
  budgets,
  pricing: () => pricing,
  onLimited: () => {},
});
const writer = new FileWriter();
const stream = writer.open({
  name: "usage",
  path: dailyPath(`${folder}/usage`),
  maxQueueBytes: 1 << 26,
  flushLines: 1 << 30,
  flushMs: 60_000,
  fsyncMs: 0,
});
const usage = new UsageLogTap(stream, { enabled: true, clientIp: true });
const costs = new CostMetrics(new Registry(METRIC_CATALOG), {
  known: { providers: new Set(["openai"]), targets: new Set([TARGET]) },
  userLabel: true,
  maxUsers: 500,
}, () => []);

const exchanges = Array.from(
  { length: REQUESTS },
  (_, index) => typicalExchange(index),
);
const calculator = new CostCalculator(new PriceBook([embeddedPrices()]));
/** Does something with the attempt of an exchange. */
function attempts(
  body: (attempt: Attempt, exchange: Exchange) => void,
): (exchange: Exchange) => void {
  return (exchange) => {
    for (const attempt of exchange.attempts) body(attempt, exchange);
  };
}

const price = attempts((attempt, exchange) => {
  attempt.cost = pricer.costOf(attempt, exchange);
});
await measure(
  "CostCalculator.cost() alone",
  attempts(({ usage }, { receivedAtMs }) => {
    calculator.cost({
      provider: "openai",
      host: null,
      model: "gpt-5-mini",
      usage,
      atMs: receivedAtMs,
    });
  }),
);
await measure("AttemptPricer.costOf()", price);
const nothing: Tap = { name: "none", wantsBytes: false, on: () => {} };
const alone = (name: string, tap: Tap) => {
  const taps = new TapFanOut([tap], () => {});
  return measure(name, (exchange) => tell(taps, exchange));
};
await alone("cost metrics", costs);
await alone("settling three budgets", admission);
await alone("usage line, encoded into the queue", usage);
const body = JSON.stringify({
  model: "fast",
  stream: true,
  max_tokens: 500,
  messages: [{ role: "user", content: "tell me of the fox. ".repeat(40) }],
});
const { maxJsonDepth, maxJsonTokens } = config.server.limits;
const scan = scanJson(
  new TextEncoder().encode(body),
  { maxDepth: maxJsonDepth, maxTokens: maxJsonTokens },
  INFERENCE_WATCH,
);
const request = new MemoryRequest("POST", "/v1/messages", [], body);
const memory = { bodyHeld: false, releaseBody: () => {} };
const inbound = () =>
  new ScannedInbound(request, scan, PROTOCOLS, "messages", memory);
const target = { id: TARGET, provider: "openai", model: "gpt-5-mini" };
const provider = openaiProvider();
const known = inbound();
await measure("asking the client's limits", (exchange) => {
  admission.enter(exchange, known);
});
const aside = await measure(
  "setting money aside, the body parsed for it",
  (exchange) => {
    const asked = inbound();
    const grant = admission.reserve(exchange, asked, target, provider);
    if (grant.kind === "refused") throw new Error(grant.error.message);
    admission.release(exchange, grant.pico);
  },
);
const off = new TapFanOut([nothing], () => {});
const on = new TapFanOut([costs, admission, usage], () => {});
const without = await measure(
  "one request, accounting off",
  (exchange) => tell(off, exchange),
);
const withAll = await measure("one request, everything on", (exchange) => {
  admission.enter(exchange, known);
  price(exchange);
  tell(on, exchange);
});
console.log(
  `${"accounting per request".padEnd(48)} ${
    (withAll - without).toFixed(2)
  } us (goal: below 8), ${aside.toFixed(2)} us more where a budget refuses`,
);
if (Object.values(stream.dropped).some((count) => count > 0)) {
  throw new Error("Cannot measure: lines were dropped");
}
await writer.close(60_000);
await Deno.remove(folder, { recursive: true });
