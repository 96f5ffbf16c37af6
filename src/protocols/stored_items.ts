/** The items of stored Responses exchanges, as they are shown and as they can be sent again. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

/** Lists the items of an input or output. */
export function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Gives `input` as items, each with an id. */
export function inputItemsOf(
  input: JsonValue | undefined,
  responseId: string,
): JsonObject[] {
  const items = typeof input === "string"
    ? [{ role: "user", content: [{ type: "input_text", text: input }] }]
    : objects(input);
  return items.map((item: JsonObject, index) => ({
    type: "message",
    ...item,
    id: typeof item.id === "string" ? item.id : `in_${responseId}_${index}`,
  }));
}

/** Items whose id and state mean nothing to another target; hosted ones are nothing without. */
const WITHOUT_ID: ReadonlySet<unknown> = new Set([
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
]);

/** Gives an item as it can be sent again, `null` for reasoning without its payload, which is refused everywhere. */
export function replayable(item: JsonObject): JsonObject | null {
  if (item.type === "reasoning") {
    return typeof item.encrypted_content === "string" ? item : null;
  }
  if (!WITHOUT_ID.has(item.type)) return item;
  const { id: _id, status: _status, ...rest } = item;
  return rest;
}

/** Whether an item only names one that was said before. */
export function isReference(item: JsonObject): boolean {
  return item.type === "item_reference" ||
    (item.type === undefined && item.role === undefined);
}
