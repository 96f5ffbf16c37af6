/** Reading of loosely typed request bodies, shared by the checks and readers of all protocols. @module */

import { invalidField, type RequestError } from "../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

/** Gives a list, empty for what is none. */
export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** Gives the objects of a list. */
export function objectsOf(value: JsonValue | undefined): JsonObject[] {
  return listOf(value).filter(isJsonObject);
}

/** Gives an object, empty for what is none. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Gives a text, "" for what is none. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Gives a number, `null` for what is none. */
export function numberOf(value: JsonValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}

/** Joins the text of a content that is a string or a list of parts with `text`. */
export function contentText(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  return objectsOf(value).map((part) => textOf(part.text))
    .filter((text) => text !== "").join("\n");
}

/** Refuses a body without a model name. */
export function checkModel(body: JsonObject): void {
  if (typeof body.model !== "string" || body.model === "") {
    throw invalidField(
      "model",
      "model: a model name is required",
      "missing_required_parameter",
    );
  }
}

/** The bounds of a numeric field. */
export interface NumberRange {
  /** Least value. */
  readonly least: number;
  /** Greatest value. */
  readonly most: number;
  /** Only whole numbers. */
  readonly whole: boolean;
}

/** Refuses a field that is there and no number within `range`. */
export function checkNumber(
  body: JsonObject,
  name: string,
  range: NumberRange,
): void {
  const value = body[name];
  if (value === undefined || value === null) return;
  const { least, most, whole } = range;
  if (typeof value !== "number" || whole && !Number.isInteger(value)) {
    throw invalidField(
      name,
      `Invalid type for '${name}': expected ${
        whole ? "an integer" : "a number"
      }, but got ${JSON.stringify(value)?.slice(0, 80)} instead.`,
      "invalid_type",
    );
  }
  if (value < least || value > most) {
    const below = value < least;
    throw invalidField(
      name,
      `Invalid '${name}': value ${
        below ? "below minimum" : "above maximum"
      }. Expected a value ${
        below ? `>= ${least}` : `<= ${most}`
      }, but got ${value} instead.`,
      below ? "integer_below_min_value" : "integer_above_max_value",
    );
  }
}

/** Finds the first field that belongs to another protocol. */
export function foreignField(
  body: JsonObject,
  foreign: readonly string[],
): string | null {
  return foreign.find((name) => body[name] !== undefined) ?? null;
}

/** The error of OpenAI's for a value out of a closed set. */
export function unsupportedValue(
  param: string,
  value: JsonValue | undefined,
  allowed: readonly string[],
): RequestError {
  return invalidField(
    param,
    `Invalid value: '${textOf(value)}'. Supported values are: ${
      allowed.map((one) => `'${one}'`).join(", ")
    }.`,
    "invalid_value",
  );
}

/** The error of OpenAI's for a field that must be there. */
export function missingParameter(param: string): RequestError {
  return invalidField(
    param,
    `Missing required parameter: '${param}'.`,
    "missing_required_parameter",
  );
}
