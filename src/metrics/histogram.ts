/** Histograms with fixed bounds and, in OpenMetrics, an exemplar per bucket. @module */

import {
  escapeLabelValue,
  type ExpositionFormat,
  formatValue,
} from "./exposition.ts";
import {
  bucketPrefixes,
  Family,
  type FamilyLimits,
  type MetricChild,
  samplePrefix,
} from "./family.ts";
import type { MetricDefinition } from "./definition.ts";

/** OpenMetrics 1.0: names and values of an exemplar's labels together. */
const MAX_EXEMPLAR_CHARACTERS = 128;

/** The last observation of a bucket that carried an id. */
interface Exemplar {
  id: string;
  value: number;
  atMs: number;
}

/** How observations are distributed. */
export class Histogram implements MetricChild {
  readonly #bounds: readonly number[];
  readonly #prefixes: readonly string[];
  readonly #sumPrefix: string;
  readonly #countPrefix: string;
  readonly #exemplarLabel: string | null;
  readonly #counts: Float64Array;
  #exemplars: (Exemplar | undefined)[] = [];
  #sum = 0;

  /** Makes an empty histogram. */
  constructor(
    definition: MetricDefinition,
    labels: string,
    exemplarLabel: string | null,
  ) {
    this.#bounds = definition.buckets;
    this.#prefixes = bucketPrefixes(
      definition.name,
      labels,
      definition.buckets,
    );
    this.#sumPrefix = samplePrefix(`${definition.name}_sum`, labels);
    this.#countPrefix = samplePrefix(`${definition.name}_count`, labels);
    this.#exemplarLabel = exemplarLabel;
    this.#counts = new Float64Array(definition.buckets.length + 1);
  }

  /** How many observations there are. */
  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The sum of all observations. */
  get sum(): number {
    return this.#sum;
  }

  /** Counts `value` in. NaN is ignored: it would spoil the sum for ever. `exemplarId` links to e.g. a request. */
  observe(value: number, exemplarId?: string): void {
    if (Number.isNaN(value)) return;
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index++;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
    if (exemplarId !== undefined && this.#exemplarLabel !== null) {
      this.#keepExemplar(index, exemplarId, value);
    }
  }

  /** Writes the buckets, sum and count. */
  render(format: ExpositionFormat): string {
    const counts = this.#counts;
    const withExemplars = format === "openmetrics";
    let text = "";
    let total = 0;
    for (let index = 0; index < counts.length; index++) {
      total += counts[index] ?? 0;
      text += (this.#prefixes[index] ?? "") + total;
      if (withExemplars) text += this.#renderExemplar(index);
      text += "\n";
    }
    return `${text}${this.#sumPrefix}${
      formatValue(this.#sum)
    }\n${this.#countPrefix}${total}\n`;
  }

  /** Forgets every observation. */
  reset(): void {
    this.#counts.fill(0);
    this.#exemplars = [];
    this.#sum = 0;
  }

  #keepExemplar(index: number, id: string, value: number): void {
    const kept = this.#exemplars[index];
    if (kept === undefined) {
      this.#exemplars[index] = { id, value, atMs: Date.now() };
      return;
    }
    kept.id = id;
    kept.value = value;
    kept.atMs = Date.now();
  }

  #renderExemplar(index: number): string {
    const kept = this.#exemplars[index];
    const label = this.#exemplarLabel;
    if (kept === undefined || label === null) return "";
    if (label.length + kept.id.length > MAX_EXEMPLAR_CHARACTERS) return "";
    const id = escapeLabelValue(kept.id);
    return ` # {${label}="${id}"} ${formatValue(kept.value)} ${
      kept.atMs / 1000
    }`;
  }
}

/** A family of histograms. */
export class HistogramFamily extends Family<Histogram> {
  readonly #exemplars: boolean;

  /** Makes an empty family. Without `exemplars` the ids given to `observe` are ignored. */
  constructor(
    definition: MetricDefinition,
    limits: FamilyLimits,
    exemplars: boolean,
  ) {
    super(definition, limits);
    this.#exemplars = exemplars;
  }

  /** Makes a histogram from its rendered labels. */
  protected override create(labels: string): Histogram {
    const label = this.#exemplars ? this.definition.exemplarLabel : null;
    return new Histogram(this.definition, labels, label);
  }
}
