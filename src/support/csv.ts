/** Comma-separated values as RFC 4180 wants them. @module */

const QUOTED_REGEXP = /[",\r\n]/;

/** Writes one row without its line break; `null` is an empty field. */
export function csvRow(
  fields: readonly (string | number | boolean | null)[],
): string {
  return fields.map(csvField).join(",");
}

function csvField(value: string | number | boolean | null): string {
  if (value === null) return "";
  const text = String(value);
  return QUOTED_REGEXP.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Joins rows; whoever writes them ends the last with a line feed, which completes its line break. */
export function csvText(rows: readonly string[]): string {
  return rows.map((row) => `${row}\r`).join("\n");
}
