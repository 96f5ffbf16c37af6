/**
 * The operator's own edits of request bodies (`providers.*.edits`), in the
 * order of the config and after the patches. They work on the native JSON of
 * both paths, and count as no loss: the operator asked for them.
 *
 * `drop`, `rename` and `cap` act on what is there, in every operation. `set`
 * and `default` bring something new and act on generation alone: the same field
 * would be refused when tokens are counted or texts embedded.
 *
 * @module
 */

import type { EditConfig } from "../config/schema.ts";
import type { AdaptedCall } from "../providers/request_adapter.ts";
import type { JsonObject } from "../support/json.ts";
import { matchesWildcard } from "../support/wildcard.ts";
import { isBlocked, readPath, removePath, setPath } from "./json_path.ts";

function isFor(edit: EditConfig, call: AdaptedCall): boolean {
  const adds = "set" in edit || "default" in edit;
  if (adds && call.operation !== "generate") return false;
  return edit.models.length === 0 ||
    edit.models.some((pattern) => matchesWildcard(pattern, call.model));
}

/** Picks the edits that are for a call. */
export function editsFor(
  edits: readonly EditConfig[],
  call: AdaptedCall,
): readonly EditConfig[] {
  return edits.filter((edit) => isFor(edit, call));
}

/** Applies edits one after the other; the body itself where none has anything to do. */
export function applyEdits(
  body: JsonObject,
  edits: readonly EditConfig[],
): JsonObject {
  return edits.reduce(applyEdit, body);
}

function applyEdit(body: JsonObject, edit: EditConfig): JsonObject {
  if ("drop" in edit) return removePath(body, edit.drop);
  if ("set" in edit) return setPath(body, edit.set, edit.value);
  if ("rename" in edit) return rename(body, edit.rename, edit.to);
  if ("cap" in edit) {
    const value = readPath(body, edit.cap);
    return typeof value === "number" && value > edit.at
      ? setPath(body, edit.cap, edit.at)
      : body;
  }
  const unsaid = readPath(body, edit.default) === undefined &&
    !isBlocked(body, edit.default);
  return unsaid ? setPath(body, edit.default, edit.value) : body;
}

/** Moves a field. Where the new name was said too, that one stays. */
export function rename(
  body: JsonObject,
  from: string,
  to: string,
): JsonObject {
  const value = readPath(body, from);
  if (value === undefined) return body;
  const without = removePath(body, from);
  // What stands in the way of the new name was said, and is not overwritten.
  if (isBlocked(without, to)) return body;
  return readPath(body, to) === undefined
    ? setPath(without, to, value)
    : without;
}
