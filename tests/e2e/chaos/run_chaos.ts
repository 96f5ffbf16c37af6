/**
 * Many clients on a gateway whose three targets fail at random: the simulators
 * behind them answer errors and 429s, stall and break off, and the connections
 * between are reset. Every target says other words to the same request, known
 * beforehand, so that no answer can be incomplete or mixed unnoticed.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Sfc32 } from "../../../src/support/random_source.ts";
import { startGateway, type TestGateway } from "../gateway.ts";
import { bodyFor, PATHS } from "../pair.ts";
import { BreakingProxy } from "./breaking_proxy.ts";
import { LedgerTap } from "./ledger_tap.ts";
import { type ReadAnswer, readAnswer } from "./read_answer.ts";

const TARGETS = ["a", "b", "c"] as const;
const PROMPTS = 5;
const RATES = { errorRate: 0.12, stallRate: 0.05, cutRate: 0.12 };
const QUICK = {
  firstTokenMs: { mean: 2 },
  tokenMs: { mean: 1 },
  outputTokens: { mean: 14, stddev: 4, min: 6 },
};

/** What a run has seen. */
export interface ChaosResult {
  /** Requests of the clients. */
  readonly asked: number;
  /** Those that got a complete answer. */
  readonly complete: number;
  /** Those that got an error in place of an answer. */
  readonly refused: number;
  /** Those whose stream ended in an error event. */
  readonly broken: number;
  /** Connections to targets that were reset. */
  readonly resets: number;
  /** What the taps heard. */
  readonly ledger: LedgerTap;
}

/** Runs `clients` at once, each asking as long as `goOn` says so, and checks everything. */
export async function runChaos(
  clients: number,
  goOn: (asked: number) => boolean,
): Promise<ChaosResult> {
  await using chaos = await Chaos.start();
  await chaos.learn();
  await Promise.all(
    Array.from({ length: clients }, (_, index) => chaos.client(index, goOn)),
  );
  return await chaos.close();
}

/** A gateway with the three simulators; the same seeds give the same words. */
function startBack(rates: Record<string, number>): Promise<TestGateway> {
  return startGateway({
    server: { heartbeatMs: 0 },
    providers: Object.fromEntries(TARGETS.map((name, index) => [
      `sim-${name}`,
      { simulator: { ...QUICK, ...rates, seed: index + 1 } },
    ])),
    rules: TARGETS.map((name) => ({
      when: { model: `m${name}` },
      use: `sim-${name}/*`,
    })),
    routing: {
      retry: { maxAttempts: 1 },
      breaker: { enabled: false },
      cooldownMs: {
        rateLimit: 0,
        auth: 0,
        quota: 0,
        serverError: 0,
        timeout: 0,
      },
    },
  });
}

/** One protocol for each target: native for a third of the clients. */
function protocolsOf(index: number, url: string): Record<string, string> {
  if (index === 0) return { chat: `${url}/v1` };
  return index === 1 ? { messages: url } : { responses: `${url}/v1` };
}

function frontConfig(
  proxies: readonly BreakingProxy[],
  clean: TestGateway,
): Record<string, unknown> {
  const timeouts = {
    connectMs: 2000,
    firstByteMs: 500,
    responseMs: 600,
    streamIdleMs: 500,
  };
  return {
    server: { heartbeatMs: 50 },
    providers: Object.fromEntries(TARGETS.flatMap((name, index) => [
      [name, {
        protocols: protocolsOf(index, proxies[index]?.url ?? ""),
        timeouts,
      }],
      [`clean-${name}`, { protocols: protocolsOf(index, clean.url) }],
    ])),
    models: {
      chaos: {
        selector: "random",
        targets: TARGETS.map((name) => `${name}/m${name}`),
      },
      ...Object.fromEntries(TARGETS.map((name) => [
        `clean-${name}`,
        { targets: [`clean-${name}/m${name}`] },
      ])),
    },
    routing: {
      retry: {
        maxAttempts: 3,
        sameTargetRetries: 0,
        budgetRatio: 1,
        backoffMs: [1, 5],
      },
      breaker: { consecutiveFailures: 4, openMs: 20, maxOpenMs: 100 },
      cooldownMs: { rateLimit: 20, serverError: 20, timeout: 20, max: 50 },
    },
  };
}

class Chaos implements AsyncDisposable {
  asked = 0;
  complete = 0;
  refused = 0;
  broken = 0;
  readonly ledger: LedgerTap;
  readonly #front: TestGateway;
  readonly #backs: readonly TestGateway[];
  readonly #proxies: readonly BreakingProxy[];
  readonly #http = Deno.createHttpClient({ poolMaxIdlePerHost: 64 });
  /** By path, prompt and target. */
  readonly #words = new Map<string, string>();
  #closed = false;

  private constructor(
    front: TestGateway,
    backs: readonly TestGateway[],
    proxies: readonly BreakingProxy[],
    ledger: LedgerTap,
  ) {
    this.#front = front;
    this.#backs = backs;
    this.#proxies = proxies;
    this.ledger = ledger;
  }

  static async start(): Promise<Chaos> {
    const faulty = await startBack(RATES);
    const clean = await startBack({});
    const random = Sfc32.seeded(7);
    const proxies = await Promise.all(
      TARGETS.map(() => BreakingProxy.start(faulty.url, random)),
    );
    const ledger = new LedgerTap();
    const front = await startGateway(
      frontConfig(proxies, clean),
      {},
      null,
      [ledger],
    );
    return new Chaos(front, [faulty, clean], proxies, ledger);
  }

  /** Asks every target without faults for its words. */
  async learn(): Promise<void> {
    for (const path of PATHS) {
      for (let prompt = 0; prompt < PROMPTS; prompt++) {
        const texts = new Set<string>();
        for (const name of TARGETS) {
          const { text } = await this.#ask(
            path,
            `clean-${name}`,
            prompt,
            false,
          );
          this.#words.set(`${path} ${prompt} ${name}`, text);
          texts.add(text.slice(0, 12));
        }
        assertEquals(texts.size, TARGETS.length, "targets can be told apart");
      }
    }
  }

  /** One client: asks one thing after the other. */
  async client(index: number, goOn: (asked: number) => boolean): Promise<void> {
    for (let turn = index; goOn(this.asked); turn += 7) {
      this.asked++;
      const path = PATHS[turn % PATHS.length] ?? PATHS[0];
      const streamed = turn % 5 < 3;
      const prompt = turn % PROMPTS;
      const { complete, text, target, status } = await this.#ask(
        path,
        "chaos",
        prompt,
        streamed,
      );
      if (complete) this.complete++;
      else if (status === 200) this.broken++;
      else this.refused++;
      if (status !== 200) continue;
      const words = this.#words.get(`${path} ${prompt} ${target}`) ?? "";
      if (complete) assertEquals(text, words);
      else assert(text !== "" && words.startsWith(text), `${text} / ${words}`);
    }
  }

  /** Compares what the clients, the taps and the metrics saw, and sees everything closed. */
  async close(): Promise<ChaosResult> {
    const { ledger, asked, complete, refused, broken } = this;
    assertEquals(ledger.problems, []);
    assertEquals(ledger.open, 0);
    const learnt = this.#words.size;
    assertEquals(complete + refused + broken, asked);
    assertEquals(ledger.decisions, asked + learnt);
    assertEquals(ledger.outcomes.get("success"), complete + learnt);
    assertEquals(ledger.outcomes.get("stream_broken") ?? 0, broken);
    assertEquals(sum(ledger.outcomes.values()), asked + learnt);
    await this.#compareMetrics();
    assertEquals(this.#front.gateway.server.inFlight.count, 0);
    const resets = sum(this.#proxies.map((proxy) => proxy.broken));
    await this[Symbol.asyncDispose]();
    return { asked, complete, refused, broken, resets, ledger };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#http.close();
    await this.#front[Symbol.asyncDispose]();
    // The gateway has let go of every connection by itself.
    for (const proxy of this.#proxies) {
      await proxy.whenIdle();
      await proxy[Symbol.asyncDispose]();
    }
    for (const back of this.#backs) await back[Symbol.asyncDispose]();
  }

  async #compareMetrics(): Promise<void> {
    const { ledger } = this;
    const text = await this.#get("/metrics");
    for (const [outcome, count] of ledger.outcomes) {
      assertEquals(
        total(text, "signalbox_request_outcomes_total", `outcome="${outcome}"`),
        count,
        outcome,
      );
    }
    const statuses = { answered: "success", failed: "error" } as const;
    for (const [outcome, status] of Object.entries(statuses)) {
      assertEquals(
        total(text, "ccr_provider_requests_total", `status="${status}"`),
        ledger.attempts.get(outcome) ?? 0,
        status,
      );
    }
    assertEquals(total(text, "routing_decisions_total"), ledger.decisions);
    assertEquals(total(text, "signalbox_requests_in_flight"), 0);
    assertEquals(total(text, "ccr_active_connections"), 0);
    assertEquals(total(text, "signalbox_tap_errors_total"), 0);
  }

  async #get(path: string): Promise<string> {
    const response = await fetch(`${this.#front.url}${path}`, {
      client: this.#http,
    });
    return await response.text();
  }

  async #ask(
    path: string,
    model: string,
    prompt: number,
    streamed: boolean,
  ): Promise<ReadAnswer & { target: string; status: number }> {
    const body = bodyFor(path, model, `prompt ${prompt}`, streamed);
    const response = await fetch(`${this.#front.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      client: this.#http,
    });
    const { status, headers } = response;
    const text = await response.text();
    const target = headers.get("x-signalbox-target")?.split("/")[0] ?? "";
    return { ...readAnswer(path, streamed, status, text), target, status };
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Adds up the samples of a family whose labels hold `label`. */
function total(text: string, family: string, label = ""): number {
  const lines = text.split("\n").filter((line) =>
    line.startsWith(family) && /^[{ ]/.test(line.slice(family.length)) &&
    line.includes(label)
  );
  assert(lines.length > 0, `${family} ${label} is exposed`);
  return sum(lines.map((line) => Number(line.slice(line.lastIndexOf(" ")))));
}
