import { assertStrictEquals, assertThrows } from "@std/assert";
import nodeAssert, { AssertionError } from "node:assert";
import { createRequire } from "node:module";
import "../../src/upstream/load_undici.ts";
import { buildConnector } from "undici";

Deno.test("undici's checks of itself throw as ever", () => {
  const connect = buildConnector({});
  const options = { protocol: "https:", hostname: "x", port: "1", host: 42 };
  assertThrows(
    // What undici demands of its own callers: the host is a text.
    () => connect(options as unknown as buildConnector.Options, () => {}),
    AssertionError,
  );
});

Deno.test("what is loaded after undici has the runtime's own assert", () => {
  const require = createRequire(import.meta.url);
  assertStrictEquals(require("node:assert"), nodeAssert);
});
