/** The config as it may be shown: every default filled in, secrets masked, and where each value came from. @module */

import type { JsonObject, JsonValue } from "../support/json.ts";
import { Secret } from "../support/secret.ts";
import { isSecretPlace } from "./checks/literals.ts";
import { type ConfigPath, formatPath } from "./problem.ts";
import type { Config } from "./schema.ts";

/** Where a value came from: `default`, `file`, `built-in`, or the references that it was made of. */
export type Origin = string;

/** A value below some path, with the secrets masked. A literal header is no secret and is shown. */
function shownValue(
  value: unknown,
  path: ConfigPath,
  references: ReadonlyMap<string, string>,
): JsonValue {
  if (value instanceof Secret) {
    const hidden = isSecretPlace(path) || references.has(formatPath(path));
    return hidden ? value.toString() : value.reveal();
  }
  if (Array.isArray(value)) {
    return value.map((item, index) =>
      shownValue(item, [...path, index], references)
    );
  }
  if (typeof value !== "object" || value === null) return value as JsonValue;
  const entries = value instanceof Map
    ? [...value.entries()]
    : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, item]) =>
      [key, shownValue(item, [...path, key], references)] as const
    ),
  );
}

/** Turns a config into JSON with the secrets masked. */
export function maskedConfig(
  config: Config,
  references: ReadonlyMap<string, string>,
): JsonObject {
  return shownValue(config, [], references) as JsonObject;
}

/** The values of a tree that hold no others, with their paths. */
export function* leaves(
  value: unknown,
  path: ConfigPath = [],
): Generator<readonly [ConfigPath, unknown]> {
  const isTree = typeof value === "object" && value !== null &&
    Object.keys(value).length > 0;
  if (!isTree) {
    yield [path, value];
    return;
  }
  const isArray = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) {
    yield* leaves(item, [...path, isArray ? Number(key) : key]);
  }
}

/** Says of each value where it came from. */
export function findOrigins(
  masked: JsonObject,
  fileTree: unknown,
  references: ReadonlyMap<string, string>,
  source: "file" | "built-in",
): ReadonlyMap<string, Origin> {
  const given = new Set(
    [...leaves(fileTree)].map(([path]) => formatPath(path)),
  );
  const origins = new Map<string, Origin>();
  for (const [path] of leaves(masked)) {
    const place = formatPath(path);
    const text = references.get(place);
    const names = text?.match(/\$\{[^}]*\}/g)?.join(" ");
    origins.set(place, names ?? (given.has(place) ? source : "default"));
  }
  return origins;
}
