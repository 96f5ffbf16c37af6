/**
 * Loads undici; to be imported in front of it.
 *
 * undici checks itself some forty times per request, and the runtime's
 * `assert` makes arrays of its arguments and walks through them before it looks
 * at the value: a sixth of all that a request allocated, and 7 % of its CPU
 * time (measured side by side on Deno 2.9.4). While undici is loaded, its
 * `node:assert` looks at the value first. Every check stays; one that fails
 * throws the runtime's own error.
 *
 * @module
 */

import assert from "node:assert";
import Module from "node:module";

type Load = (request: string, ...rest: readonly unknown[]) => unknown;

const loader = Module as unknown as { _load?: Load };
const load = loader._load;

const cheap = Object.assign((value: unknown, message?: string | Error) => {
  if (!value) assert(value, message);
}, assert);

if (load !== undefined) {
  loader._load = function (this: unknown, request, ...rest) {
    return request === "node:assert"
      ? cheap
      : load.call(this, request, ...rest);
  };
  try {
    await import("undici");
  } finally {
    loader._load = load;
  }
}
