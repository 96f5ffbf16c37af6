/**
 * Families of counters, gauges and histograms. A child is bound once and costs
 * nanoseconds per use; its rendered name and labels are kept, so that a scrape
 * only writes numbers.
 *
 * @module
 */

import type { MetricDefinition } from "./definition.ts";
import {
  type ExpositionFormat,
  formatBound,
  formatHead,
  formatLabels,
  formatValue,
} from "./exposition.ts";

/** The value every label takes when a family is full. */
export const OVERFLOW_LABEL = "other";

/** A label set of a family. */
export interface MetricChild {
  /** Writes its lines. */
  render(format: ExpositionFormat): string;
  /** Goes back to the state of a new child. */
  reset(): void;
}

/** What a family asks of its registry. */
export interface FamilyLimits {
  /** Most label sets, the one of the overflow included. */
  readonly maxChildren: number;
  /** Called for every label set that found no place. */
  readonly onOverflow: () => void;
}

/** All label sets of one metric. */
export abstract class Family<Child extends MetricChild> {
  /** Name, type, help, labels. */
  readonly definition: MetricDefinition;
  readonly #children = new Map<string, Child>();
  readonly #limits: FamilyLimits;
  #overflow: Child | null = null;

  /** Makes an empty family; one without labels has its single child at once. */
  constructor(definition: MetricDefinition, limits: FamilyLimits) {
    this.definition = definition;
    this.#limits = limits;
  }

  /**
   * Gives the child of a label set and makes it at 0 if it is new. When the
   * family is full, gives the one child whose labels are all `other`.
   */
  child(...values: readonly string[]): Child {
    const { name, labels } = this.definition;
    if (values.length !== labels.length) {
      throw new RangeError(
        `Cannot bind ${name}: ${values.length} label values are given, it has ${labels.length} labels`,
      );
    }
    const key = formatLabels(labels, values);
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    // One place is kept for the overflow itself.
    if (labels.length > 0 && this.#size() >= this.#limits.maxChildren - 1) {
      const other = labels.map(() => OVERFLOW_LABEL);
      const overflowKey = formatLabels(labels, other);
      if (key !== overflowKey) this.#limits.onOverflow();
      this.#overflow ??= this.#children.get(overflowKey) ??
        this.create(overflowKey);
      this.#children.set(overflowKey, this.#overflow);
      return this.#overflow;
    }
    const child = this.create(key);
    this.#children.set(key, child);
    return child;
  }

  /** How many label sets there are. */
  get size(): number {
    return this.#children.size;
  }

  /** Forgets a label set: its series ends. Children that are still bound to it count into nothing. */
  remove(...values: readonly string[]): boolean {
    return this.#delete(formatLabels(this.definition.labels, values));
  }

  /** Forgets every label set with one of `values` in `label`, e.g. of providers that a reload removed. */
  removeLabelValues(label: string, values: Iterable<string>): void {
    const parts = [...values].map((value) => formatLabels([label], [value]));
    for (const key of [...this.#children.keys()]) {
      // A quote inside a value is escaped, so a part cannot match inside one.
      if (parts.some((part) => `,${key},`.includes(`,${part},`))) {
        this.#delete(key);
      }
    }
  }

  /** Forgets every label set. */
  clear(): void {
    this.#children.clear();
    this.#overflow = null;
  }

  /** Sets every child back to 0; bound children stay bound. */
  reset(): void {
    for (const child of this.#children.values()) child.reset();
  }

  /** Writes the family, "" if it has no label set. */
  render(format: ExpositionFormat): string {
    if (this.#children.size === 0) return "";
    let text = formatHead(this.definition, format);
    for (const child of this.#children.values()) text += child.render(format);
    return text;
  }

  /** Makes a child from its rendered labels. */
  protected abstract create(labels: string): Child;

  #size(): number {
    return this.#children.size - (this.#overflow === null ? 0 : 1);
  }

  #delete(key: string): boolean {
    if (this.#children.get(key) === this.#overflow) this.#overflow = null;
    return this.#children.delete(key);
  }
}

/** A number that only rises. */
export class Counter implements MetricChild {
  readonly #prefix: string;
  #value = 0;

  /** Makes a counter at 0. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The count. */
  get value(): number {
    return this.#value;
  }

  /** Adds `amount`; what is negative or no number is ignored. */
  inc(amount = 1): void {
    if (amount > 0) this.#value += amount;
  }

  /** Writes its line. */
  render(): string {
    return `${this.#prefix}${formatValue(this.#value)}\n`;
  }

  /** Goes back to 0, which a reader of counters takes for a restart. */
  reset(): void {
    this.#value = 0;
  }
}

/** A number that rises and falls. */
export class Gauge implements MetricChild {
  readonly #prefix: string;
  #value = 0;

  /** Makes a gauge at 0. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The current value. */
  get value(): number {
    return this.#value;
  }

  /** Sets the value. */
  set(value: number): void {
    this.#value = value;
  }

  /** Adds `amount`. */
  inc(amount = 1): void {
    this.#value += amount;
  }

  /** Takes `amount` away. */
  dec(amount = 1): void {
    this.#value -= amount;
  }

  /** Writes its line. */
  render(): string {
    return `${this.#prefix}${formatValue(this.#value)}\n`;
  }

  /** Keeps its value: a gauge says what is, not what has been counted. */
  reset(): void {}
}

/** A family of counters. */
export class CounterFamily extends Family<Counter> {
  /** Makes a counter from its rendered labels. */
  protected override create(labels: string): Counter {
    return new Counter(samplePrefix(this.definition.name, labels));
  }
}

/** A family of gauges. */
export class GaugeFamily extends Family<Gauge> {
  /** Makes a gauge from its rendered labels. */
  protected override create(labels: string): Gauge {
    return new Gauge(samplePrefix(this.definition.name, labels));
  }
}

/** Writes `name{labels} `, or `name ` without labels. */
export function samplePrefix(name: string, labels: string): string {
  return labels === "" ? `${name} ` : `${name}{${labels}} `;
}

/** Writes the prefix of every bucket line, +Inf last. */
export function bucketPrefixes(
  name: string,
  labels: string,
  bounds: readonly number[],
): string[] {
  const start = labels === "" ? "" : `${labels},`;
  return [...bounds, Infinity].map((bound) =>
    `${name}_bucket{${start}le="${formatBound(bound)}"} `
  );
}
