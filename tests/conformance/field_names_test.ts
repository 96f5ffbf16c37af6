/**
 * Losses and refusals name fields that stand in the client's own body: every
 * probe of the matrix, in each pair of different protocols.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { RequestError } from "../../src/exchange/gateway_error.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import { translateRequest } from "../../src/protocols/translate_document.ts";
import { capabilitiesOf } from "../../src/providers/model_table.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../src/support/json.ts";
import { LEAST } from "./matrix.ts";
import { REQUEST_FEATURES } from "./request_features.ts";

const MODELS: { readonly [P in ProtocolName]: readonly string[] } = {
  chat: ["gpt-5-mini", "glm-5", "o1-mini"],
  messages: ["claude-sonnet-4-5", "claude-opus-5-5", "claude-3-haiku"],
  responses: ["gpt-4.1", "gpt-5-mini"],
};

/** Whether a path such as `messages[0].content[1]` leads to something. */
function leadsSomewhere(body: JsonObject, path: string): boolean {
  let value: JsonValue | undefined = body;
  for (const [step] of path.matchAll(/[^.[\]]+/g)) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isJsonObject(value)) value = value[step];
    else return false;
  }
  return value !== undefined;
}

/** Whether a field is there: at its path, or a mere name anywhere. */
function isThere(body: JsonObject, field: string): boolean {
  return leadsSomewhere(body, field) ||
    /^\w+$/.test(field) && JSON.stringify(body).includes(`"${field}":`);
}

/** Gives the fields that losses, or the refusal, name. */
function namedFields(
  body: JsonObject,
  direction: { from: ProtocolName; to: ProtocolName },
  model: string,
): readonly string[] {
  try {
    return translateRequest(
      JSON.stringify(body),
      { from: PROTOCOLS[direction.from], to: PROTOCOLS[direction.to] },
      {
        provider: "p",
        model,
        capabilities: capabilitiesOf(model),
        cacheControl: false,
      },
    ).losses.map(({ field }) => field);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { param, message } = error.error;
    // Messages has no place for the field but the words.
    assert(param !== null && message.includes(param), `${param}: ${message}`);
    return [param];
  }
}

for (const from of PROTOCOL_NAMES) {
  for (const to of PROTOCOL_NAMES) {
    if (from === to) continue;
    Deno.test(`a ${from} client of a ${to} provider hears of fields of its own`, () => {
      const strange: string[] = [];
      for (const { name, said } of REQUEST_FEATURES) {
        const given = said[from];
        if (given === undefined) continue;
        const body = { ...LEAST[from], ...given };
        for (const model of MODELS[to]) {
          for (const field of namedFields(body, { from, to }, model)) {
            if (isThere(body, field)) continue;
            strange.push(`${name} at ${model}: ${field}`);
          }
        }
      }
      assertEquals(strange, []);
    });
  }
}
