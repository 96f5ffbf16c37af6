/** What needs a restart. @module */

import { assertEquals } from "@std/assert";
import { notReloadable } from "../../src/config/reload.ts";
import { configSchema } from "../../src/config/schema.ts";

Deno.test("notReloadable() names what differs and is bound at start", () => {
  const before = configSchema.parse({});
  const after = configSchema.parse({
    server: { host: "::1", port: 1, instance: "b", drainMs: 1 },
    admin: { host: "127.0.0.1", port: 2 },
    stateDir: "other",
    logDir: "elsewhere",
    log: { level: "debug" },
  });
  assertEquals(notReloadable(before, after), [
    "server.host",
    "server.port",
    "server.instance",
    "admin.host",
    "admin.port",
    "stateDir",
    "logDir",
  ]);
});

Deno.test("notReloadable() lets everything else go live", () => {
  const before = configSchema.parse({});
  const after = configSchema.parse({
    providers: { sim: { simulator: {} } },
    routing: { retry: { maxAttempts: 1 } },
    log: { level: "debug" },
  });
  assertEquals(notReloadable(before, after), []);
});
