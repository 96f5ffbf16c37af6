/** Lines of the usage log as rows of CSV. @module */

import { csvRow } from "../../support/csv.ts";
import { isJsonObject, type JsonObject } from "../../support/json.ts";

/** Columns, and where they stand in a line. */
const COLUMNS: readonly (readonly [string, ...string[]])[] = [
  ["id"],
  ["timestamp"],
  ["client"],
  ["tier"],
  ["clientIp"],
  ["endpoint"],
  ["apiType"],
  ["targetApiType"],
  ["native"],
  ["streaming"],
  ["requestedModel"],
  ["aliasUsed"],
  ["actualProvider"],
  ["actualModel"],
  ["success"],
  ["outcome"],
  ["status"],
  ["errorType"],
  ["errorMessage"],
  ["usage", "inputTokens"],
  ["usage", "outputTokens"],
  ["usage", "cachedTokens"],
  ["usage", "reasoningTokens"],
  ["usage", "totalTokens"],
  ["usageSource"],
  ["cost", "inputCost"],
  ["cost", "outputCost"],
  ["cost", "cachedCost"],
  ["cost", "reasoningCost"],
  ["cost", "otherCost"],
  ["cost", "totalCost"],
  ["cost", "currency"],
  ["cost", "source"],
  ["cost", "status"],
  ["cost", "priceKey"],
  ["cost", "priceAsOf"],
  ["metrics", "durationMs"],
  ["metrics", "ttftMs"],
  ["metrics", "tokensPerSecond"],
  ["cache"],
];

/** Names of the columns. */
export const CSV_HEAD: readonly string[] = COLUMNS.map((path) =>
  path.at(-1) ?? ""
);

/** Puts a line of the log as a row. */
export function csvLine(line: string): string {
  const value: unknown = JSON.parse(line);
  const object = isJsonObject(value) ? value : {};
  return csvRow(COLUMNS.map((path) => fieldAt(object, path)));
}

function fieldAt(
  object: JsonObject,
  path: readonly string[],
): string | number | boolean | null {
  let value: unknown = object;
  for (const name of path) {
    value = isJsonObject(value) ? value[name] : undefined;
  }
  return typeof value === "string" || typeof value === "number" ||
      typeof value === "boolean"
    ? value
    : null;
}
