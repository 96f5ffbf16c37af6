/** Embeddings that follow from the text alone. @module */

import { Buffer } from "node:buffer";
import { invalidField } from "../exchange/gateway_error.ts";
import type { JsonObject, JsonValue } from "../support/json.ts";
import {
  checkModel,
  checkNumber,
  missingParameter,
  numberOf,
  unsupportedValue,
} from "./body_read.ts";
import { textTokens } from "./prompt_tokens.ts";
import { SeededRandom } from "./seeded_random.ts";

const USUAL_DIMENSIONS = 1536;
const MAX_DIMENSIONS = 3072;
const MAX_INPUTS = 2048;

/** Answers an embeddings body: unit vectors, equal for equal inputs. @throws {RequestError} */
export function embeddingsBody(body: JsonObject, seed: number): JsonObject {
  checkModel(body);
  checkNumber(body, "dimensions", {
    least: 1,
    most: MAX_DIMENSIONS,
    whole: true,
  });
  const format = body.encoding_format ?? "float";
  if (format !== "float" && format !== "base64") {
    throw unsupportedValue("encoding_format", format, ["float", "base64"]);
  }
  const dimensions = numberOf(body.dimensions) ?? USUAL_DIMENSIONS;
  let tokens = 0;
  const data = inputsOf(body.input).map((input, index) => {
    tokens += typeof input === "string" ? textTokens(input) : input.length;
    const vector = unitVector(`${seed}/embedding/${input}`, dimensions);
    const embedding: JsonValue = format === "float"
      ? Array.from(vector)
      : base64Floats(vector);
    return { object: "embedding", index, embedding };
  });
  return {
    object: "list",
    data,
    model: body.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

// A text, token numbers, or a list of either.
function inputsOf(value: JsonValue | undefined): (string | number[])[] {
  if (value === undefined || value === null) throw missingParameter("input");
  const list = Array.isArray(value) ? value : [value];
  const inputs = isNumbers(list) ? [list] : list;
  if (inputs.length === 0 || inputs.length > MAX_INPUTS) {
    throw invalidField(
      "input",
      `Invalid 'input': expected 1 to ${MAX_INPUTS} inputs, but got ${inputs.length}.`,
    );
  }
  return inputs.map((input, index) => {
    if (typeof input === "string" && input !== "") return input;
    if (isNumbers(input)) return input;
    throw invalidField(
      "input",
      `Invalid 'input[${index}]': expected a text that is not empty, or a list of token numbers.`,
    );
  });
}

function isNumbers(value: JsonValue): value is number[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((entry) => typeof entry === "number");
}

function unitVector(seed: string, dimensions: number): Float32Array {
  const random = new SeededRandom(seed);
  const vector = new Float32Array(dimensions);
  let squares = 0;
  for (let i = 0; i < dimensions; i++) {
    const value = random.next() * 2 - 1;
    vector[i] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares) || 1;
  return vector.map((value) => value / length);
}

// 32 bits each, little-endian on every machine.
function base64Floats(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) {
    bytes.writeFloatLE(value, index * 4);
  }
  return bytes.toString("base64");
}
