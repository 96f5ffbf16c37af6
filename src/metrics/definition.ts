/** What a metric family is, before anything is counted. @module */

/** The types that are exposed. Summaries are not: quantiles cannot be aggregated. */
export type MetricType = "counter" | "gauge" | "histogram";

/** One family of the catalogue. */
export interface MetricDefinition {
  /** Name as Prometheus sees it, a counter's with `_total`. */
  readonly name: string;
  /** Kind of family. */
  readonly type: MetricType;
  /** One sentence: what is counted, and when. */
  readonly help: string;
  /** Label names, in the order in which the values are given. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, rising, without +Inf. Empty for other types. */
  readonly buckets: readonly number[];
  /** Label name of a histogram's exemplars in OpenMetrics, `null` for none. */
  readonly exemplarLabel: string | null;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function define(
  name: string,
  type: MetricType,
  labels: string,
  help: string,
  buckets: readonly number[],
  exemplarLabel: string | null,
): MetricDefinition {
  const names = labels === "" ? [] : labels.split(" ");
  if (!NAME.test(name)) {
    throw new RangeError(`Cannot define metric: its name is "${name}"`);
  }
  for (const label of names) {
    if (!LABEL.test(label) || label === "le" || label.startsWith("__")) {
      throw new RangeError(
        `Cannot define metric ${name}: a label is "${label}"`,
      );
    }
  }
  for (let index = 1; index < buckets.length; index++) {
    if (!((buckets[index] ?? 0) > (buckets[index - 1] ?? 0))) {
      throw new RangeError(
        `Cannot define metric ${name}: bucket ${buckets[index]} does not rise`,
      );
    }
  }
  return { name, type, help, labels: names, buckets, exemplarLabel };
}

/** Defines a counter. `labels` are separated by spaces. */
export function counter(
  name: string,
  labels: string,
  help: string,
): MetricDefinition {
  return define(name, "counter", labels, help, [], null);
}

/** Defines a gauge. `labels` are separated by spaces. */
export function gauge(
  name: string,
  labels: string,
  help: string,
): MetricDefinition {
  return define(name, "gauge", labels, help, [], null);
}

/** Defines a histogram. `labels` are separated by spaces. */
export function histogram(
  name: string,
  labels: string,
  buckets: readonly number[],
  help: string,
  exemplarLabel: string | null = null,
): MetricDefinition {
  return define(name, "histogram", labels, help, buckets, exemplarLabel);
}
