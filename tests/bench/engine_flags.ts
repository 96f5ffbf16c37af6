/** What the gateway runs with (`start` and `compile` of deno.json): young strings are dearer without. @module */

/** For `deno run`. */
export const ENGINE_FLAGS =
  "--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks,--no-allocation-site-pretenuring";
