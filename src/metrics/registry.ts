/**
 * All metrics of a process: families by name out of the catalogue, the
 * cardinality guard, and the scrape.
 *
 * @module
 */

import type { MetricDefinition, MetricType } from "./definition.ts";
import {
  type ExpositionFormat,
  formatHead,
  formatLabels,
  formatValue,
} from "./exposition.ts";
import {
  CounterFamily,
  type FamilyLimits,
  GaugeFamily,
  samplePrefix,
} from "./family.ts";
import { HistogramFamily } from "./histogram.ts";

/** Gives one sample to a scrape; label values in the order of the definition. */
export type EmitSample = (value: number, ...labels: readonly string[]) => void;

/** Something a registry exposes. */
interface Exposed {
  readonly definition: MetricDefinition;
  render(format: ExpositionFormat): string;
  reset(): void;
}

/** How a {@linkcode Registry} behaves. */
export interface RegistryOptions {
  /** Most series of one family; a histogram's label set takes one per bucket and three more. @default {5000} */
  maxSeriesPerFamily?: number;
  /** Whether histograms keep exemplars. @default {true} */
  exemplars?: boolean;
  /** Hears what a collector threw; its family is missing from that scrape. */
  onCollectError?: (name: string, error: unknown) => void;
}

const DROPPED = "signalbox_metrics_dropped_labelsets_total";
const SCRAPE_DURATION = "signalbox_metrics_scrape_duration_seconds";

/** The families of one process. Only what was asked for is exposed, in the order in which it was. */
export class Registry {
  readonly #definitions = new Map<string, MetricDefinition>();
  readonly #families = new Map<string, Exposed>();
  readonly #maxSeries: number;
  readonly #exemplars: boolean;
  readonly #onCollectError: (name: string, error: unknown) => void;
  readonly #dropped: CounterFamily;
  readonly #scrapeDuration: GaugeFamily;

  /** Makes a registry for the families of a catalogue, which must hold the registry's own two. */
  constructor(
    definitions: readonly MetricDefinition[],
    options: RegistryOptions = {},
  ) {
    for (const definition of definitions) {
      if (this.#definitions.has(definition.name)) {
        throw new RangeError(
          `Cannot register ${definition.name}: it is defined twice`,
        );
      }
      this.#definitions.set(definition.name, definition);
    }
    this.#maxSeries = options.maxSeriesPerFamily ?? 5000;
    this.#exemplars = options.exemplars ?? true;
    this.#onCollectError = options.onCollectError ?? (() => {});
    const unlimited = { maxChildren: Infinity, onOverflow: () => {} };
    this.#dropped = new CounterFamily(
      this.#find(DROPPED, "counter"),
      unlimited,
    );
    this.#scrapeDuration = new GaugeFamily(
      this.#find(SCRAPE_DURATION, "gauge"),
      unlimited,
    );
    this.#families.set(DROPPED, this.#dropped);
  }

  /** Gives the counters of a name in the catalogue; they are exposed from now on. */
  counter(name: string): CounterFamily {
    const known = this.#families.get(name);
    if (known instanceof CounterFamily) return known;
    const definition = this.#claim(name, "counter");
    return this.#add(new CounterFamily(definition, this.#limits(definition)));
  }

  /** Gives the gauges of a name in the catalogue; they are exposed from now on. */
  gauge(name: string): GaugeFamily {
    const known = this.#families.get(name);
    if (known instanceof GaugeFamily) return known;
    const definition = this.#claim(name, "gauge");
    return this.#add(new GaugeFamily(definition, this.#limits(definition)));
  }

  /** Gives the histograms of a name in the catalogue; they are exposed from now on. */
  histogram(name: string): HistogramFamily {
    const known = this.#families.get(name);
    if (known instanceof HistogramFamily) return known;
    const definition = this.#claim(name, "histogram");
    return this.#add(
      new HistogramFamily(
        definition,
        this.#limits(definition),
        this.#exemplars,
      ),
    );
  }

  /**
   * Exposes a counter or gauge that is read at every scrape, so that it cannot
   * drift from what it describes. A family that emits nothing is left out.
   */
  collect(name: string, read: (emit: EmitSample) => void): void {
    const definition = this.#definitions.get(name);
    const type = definition?.type === "counter" ? "counter" : "gauge";
    this.#add(
      new CollectedFamily(this.#claim(name, type), this.#maxSeries, {
        read,
        onOverflow: () => this.#dropped.child(name).inc(),
        onError: (error) => this.#onCollectError(name, error),
      }),
    );
  }

  /** Whether a family is exposed. */
  has(name: string): boolean {
    return this.#families.has(name);
  }

  /** Stops exposing a family. */
  remove(name: string): boolean {
    return name !== DROPPED && this.#families.delete(name);
  }

  /** The definitions of what is exposed. */
  definitions(): MetricDefinition[] {
    return [...this.#families.values(), this.#scrapeDuration].map((family) =>
      family.definition
    );
  }

  /** Sets counters and histograms back to 0. Bound children stay bound, gauges stay as they are. */
  reset(): void {
    for (const family of this.#families.values()) family.reset();
  }

  /** Writes everything. */
  render(format: ExpositionFormat): string {
    const startedMs = performance.now();
    let text = "";
    for (const family of this.#families.values()) text += family.render(format);
    const duration = this.#scrapeDuration.child();
    duration.set((performance.now() - startedMs) / 1000);
    text += this.#scrapeDuration.render(format);
    return format === "openmetrics" ? `${text}# EOF\n` : text;
  }

  #find(name: string, type: MetricType): MetricDefinition {
    const definition = this.#definitions.get(name);
    if (definition === undefined) {
      throw new RangeError(
        `Cannot register ${name}: it is not in the catalogue`,
      );
    }
    if (definition.type !== type) {
      throw new RangeError(
        `Cannot register ${name} as ${type}: the catalogue says ${definition.type}`,
      );
    }
    return definition;
  }

  #claim(name: string, type: MetricType): MetricDefinition {
    const definition = this.#find(name, type);
    if (this.#families.has(name)) {
      throw new RangeError(`Cannot register ${name}: it is registered already`);
    }
    return definition;
  }

  #add<F extends Exposed>(family: F): F {
    this.#families.set(family.definition.name, family);
    return family;
  }

  #limits(definition: MetricDefinition): FamilyLimits {
    const perChild = definition.type === "histogram"
      ? definition.buckets.length + 3
      : 1;
    return {
      maxChildren: Math.max(1, Math.floor(this.#maxSeries / perChild)),
      onOverflow: () => this.#dropped.child(definition.name).inc(),
    };
  }
}

/** What a collected family is made of. */
interface Collector {
  readonly read: (emit: EmitSample) => void;
  readonly onOverflow: () => void;
  readonly onError: (error: unknown) => void;
}

/** A family without memory: it asks for its samples at every scrape. */
class CollectedFamily implements Exposed {
  readonly definition: MetricDefinition;
  readonly #maxSeries: number;
  readonly #collector: Collector;

  constructor(
    definition: MetricDefinition,
    maxSeries: number,
    collector: Collector,
  ) {
    this.definition = definition;
    this.#maxSeries = maxSeries;
    this.#collector = collector;
  }

  render(format: ExpositionFormat): string {
    const { name, labels } = this.definition;
    const seen = new Set<string>();
    let text = "";
    try {
      this.#collector.read((value, ...values) => {
        const prefix = samplePrefix(name, formatLabels(labels, values));
        // Prometheus takes a repeated series silently, OpenMetrics forbids it.
        if (seen.has(prefix)) return;
        if (seen.size >= this.#maxSeries) return this.#collector.onOverflow();
        seen.add(prefix);
        text += `${prefix}${formatValue(value)}\n`;
      });
    } catch (error) {
      this.#collector.onError(error);
      return "";
    }
    return text === "" ? "" : formatHead(this.definition, format) + text;
  }

  reset(): void {}
}
