/** What attempts cost, by provider, model and client; how old the prices are. @module */

import type { CostStatus } from "../exchange/cost.ts";
import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { type Counter, type CounterFamily, OVERFLOW_LABEL } from "./family.ts";
import type { KnownLabels } from "./known_labels.ts";
import type { Registry } from "./registry.ts";

/** Dollars in 1e-12 USD: floats begin here and nowhere else. */
const USD = 1e12;
const STATUSES: readonly CostStatus[] = [
  "priced",
  "unpriced",
  "reported",
  "estimated",
  "no-usage",
  "invalid",
];

/** The age of one price table. */
export interface TableAge {
  /** Its name. */
  readonly name: string;
  /** The day as of which it holds, `null` if unsaid. */
  readonly date: string | null;
}

/** Whose costs are told apart. */
export interface CostMetricsSettings {
  /** Label values that exist. */
  readonly known: KnownLabels;
  /** Whether clients are told apart. */
  readonly userLabel: boolean;
  /** Most clients that are told apart. */
  readonly maxUsers: number;
}

/** The children of one target. */
interface TargetCosts {
  readonly usd: Counter;
  readonly byUser: Map<string, Counter>;
  readonly byStatus: Map<CostStatus, Counter>;
}

/** Counts the cost of attempts when they end. */
export class CostMetrics implements Tap {
  /** Shown when it throws. */
  readonly name = "cost-metrics";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["attempt-finished"];
  readonly #byUser: CounterFamily;
  readonly #usd: CounterFamily;
  readonly #records: CounterFamily;
  readonly #targets = new Map<string, TargetCosts>();
  readonly #users = new Set<string>();
  #settings: CostMetricsSettings;

  /** Registers the families; `tables` are looked at when somebody scrapes. */
  constructor(
    registry: Registry,
    settings: CostMetricsSettings,
    tables: () => readonly TableAge[],
  ) {
    this.#byUser = registry.counter("ccr_cost_total_usd");
    this.#usd = registry.counter("signalbox_cost_usd_total");
    this.#records = registry.counter("signalbox_cost_records_total");
    this.#settings = settings;
    this.#show();
    registry.collect("signalbox_price_table_timestamp_seconds", (emit) => {
      for (const { name, date } of tables()) {
        const atMs = date === null ? NaN : Date.parse(`${date}T00:00:00Z`);
        if (!Number.isNaN(atMs)) emit(atMs / 1000, name);
      }
    });
  }

  /** Takes over the names of other settings; series of providers that are gone end. */
  update(settings: CostMetricsSettings): void {
    const gone = [...this.#settings.known.providers].filter((provider) =>
      !settings.known.providers.has(provider)
    );
    for (const family of [this.#byUser, this.#usd, this.#records]) {
      family.removeLabelValues("provider", gone);
    }
    this.#targets.clear();
    this.#settings = settings;
    this.#show();
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (event.type !== "attempt-finished") return;
    const { attempt, exchange } = event;
    const { cost } = attempt;
    if (cost === null) return;
    const target = this.#target(attempt);
    this.#status(target, attempt, cost.status).inc();
    if (cost.totalPico === null || cost.totalPico === 0n) return;
    const usd = Number(cost.totalPico) / USD;
    target.usd.inc(usd);
    this.#user(target, attempt, exchange).inc(usd);
  }

  /** What is known from the config shows as 0: an increase from nothing is none. */
  #show(): void {
    for (const provider of this.#settings.known.providers) {
      for (const status of STATUSES) this.#records.child(provider, status);
    }
    for (const id of this.#settings.known.targets) {
      const slash = id.indexOf("/");
      this.#usd.child(id.slice(0, slash), id.slice(slash + 1));
    }
  }

  #target({ target }: Attempt): TargetCosts {
    let costs = this.#targets.get(target.id);
    if (costs !== undefined) return costs;
    const { provider, model } = this.#labels(target);
    costs = {
      usd: this.#usd.child(provider, model),
      byUser: new Map(),
      byStatus: new Map(),
    };
    // Models that only clients name share one child and are not remembered.
    if (model !== OVERFLOW_LABEL) this.#targets.set(target.id, costs);
    return costs;
  }

  #labels(target: Attempt["target"]): { provider: string; model: string } {
    const { providers, targets } = this.#settings.known;
    return {
      provider: providers.has(target.provider)
        ? target.provider
        : OVERFLOW_LABEL,
      model: targets.has(target.id) ? target.model : OVERFLOW_LABEL,
    };
  }

  #status(target: TargetCosts, attempt: Attempt, status: CostStatus): Counter {
    let counter = target.byStatus.get(status);
    if (counter === undefined) {
      const { provider } = this.#labels(attempt.target);
      counter = this.#records.child(provider, status);
      target.byStatus.set(status, counter);
    }
    return counter;
  }

  #user(target: TargetCosts, attempt: Attempt, exchange: Exchange): Counter {
    const user = this.#userOf(exchange.client.name);
    let counter = target.byUser.get(user);
    if (counter === undefined) {
      const { provider, model } = this.#labels(attempt.target);
      counter = this.#byUser.child(provider, model, user);
      target.byUser.set(user, counter);
    }
    return counter;
  }

  #userOf(name: string): string {
    if (!this.#settings.userLabel) return OVERFLOW_LABEL;
    if (this.#users.has(name)) return name;
    if (this.#users.size >= this.#settings.maxUsers) return OVERFLOW_LABEL;
    this.#users.add(name);
    return name;
  }
}
