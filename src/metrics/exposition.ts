/**
 * How metrics are spelled: the Prometheus text format 0.0.4 and OpenMetrics
 * 1.0, their content types and the choice between them.
 *
 * @module
 */

import type { MetricDefinition } from "./definition.ts";

/** The two formats. */
export type ExpositionFormat = "text" | "openmetrics";

/** The `content-type` of each format. Prometheus 3 refuses a scrape with another one. */
export const CONTENT_TYPES: { readonly [F in ExpositionFormat]: string } = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * Longest label value in bytes. The scrape job that comes with the program
 * sets `label_value_length_limit: 200`, and one longer value would fail the whole scrape.
 */
const MAX_LABEL_BYTES = 200;

/** Picks the format for an `accept` header: OpenMetrics only where it is asked for and not liked less than text. */
export function negotiateFormat(accept: string | null): ExpositionFormat {
  let openMetrics = 0;
  let text = 0;
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type, ...parameters] = range.split(";").map((part) => part.trim());
    let quality = 1;
    let version = "";
    for (const parameter of parameters) {
      if (parameter.startsWith("q=")) quality = Number(parameter.slice(2));
      if (parameter.startsWith("version=")) version = parameter.slice(8);
    }
    if (!(quality > 0)) continue;
    if (type === "application/openmetrics-text") {
      if (version === "" || version.replaceAll('"', "") === "1.0.0") {
        openMetrics = Math.max(openMetrics, quality);
      }
    } else if (type === "text/plain") text = Math.max(text, quality);
  }
  return openMetrics > 0 && openMetrics >= text ? "openmetrics" : "text";
}

/** Writes a sample's value. */
export function formatValue(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

/** Writes a bucket's bound in the one canonical way of OpenMetrics: `1.0`, not `1`. */
export function formatBound(bound: number): string {
  if (bound === Infinity) return "+Inf";
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

/** Makes any text a label value: well-formed, at most 200 bytes, escaped. */
export function escapeLabelValue(value: string): string {
  let text = value.isWellFormed() ? value : value.toWellFormed();
  // No UTF-16 unit needs more than three bytes.
  if (text.length * 3 > MAX_LABEL_BYTES) text = cut(text);
  return /["\\\n]/.test(text)
    ? text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll(
      "\n",
      "\\n",
    )
    : text;
}

function cut(text: string): string {
  const bytes = new Uint8Array(MAX_LABEL_BYTES);
  const encoder = new TextEncoder();
  if (encoder.encodeInto(text, bytes).read === text.length) return text;
  const { read } = encoder.encodeInto(
    text,
    bytes.subarray(0, MAX_LABEL_BYTES - 3),
  );
  return text.slice(0, read) + "…";
}

/** Writes `a="x",b="y"`, "" for no labels. */
export function formatLabels(
  names: readonly string[],
  values: readonly string[],
): string {
  let text = "";
  for (let index = 0; index < names.length; index++) {
    if (index > 0) text += ",";
    text += `${names[index]}="${escapeLabelValue(values[index] ?? "")}"`;
  }
  return text;
}

/** Writes the HELP and TYPE lines of a family. */
export function formatHead(
  definition: MetricDefinition,
  format: ExpositionFormat,
): string {
  const help = definition.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  let name = definition.name;
  let type: string = definition.type;
  if (format === "openmetrics" && type === "counter") {
    // A counter's samples must end in _total there, its family must not.
    if (name.endsWith("_total")) name = name.slice(0, -"_total".length);
    else type = "unknown";
  }
  const spelled = format === "openmetrics" ? help.replaceAll('"', '\\"') : help;
  return `# HELP ${name} ${spelled}\n# TYPE ${name} ${type}\n`;
}
