import { assert, assertEquals } from "@std/assert";
import type { UpgradeRoute } from "../../../src/http/upgrade.ts";
import { start } from "../../http/fixtures.ts";
import { ask, connect, get } from "./raw_client.ts";

const ECHO: UpgradeRoute = {
  path: "/api/ws",
  scope: "admin",
  handler: (_message, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    socket.on("data", (bytes) => socket.write(bytes));
  },
};

function upgrade(path: string, headers: readonly string[]): string {
  return get(path, ["connection: upgrade", "upgrade: websocket", ...headers]);
}

Deno.test("an upgrade reaches its route with the scope's credentials only", async () => {
  await using running = await start({ upgrades: [ECHO] });
  const { port } = running;
  const status = async (path: string, headers: string[]) =>
    (await ask(port, upgrade(path, headers))).status;
  assertEquals(await status("/api/ws", []), 401);
  assertEquals(await status("/api/ws", ["x-api-key: key-ci"]), 403);
  const token = "authorization: Bearer token-admin";
  assertEquals(await status("/api/other", [token]), 426);
  assertEquals(await status("/api/ws", [token, "host: b"]), 400);
  const site = "sec-fetch-site: cross-site";
  assertEquals(await status("/api/ws", [token, site]), 403);
  using client = await connect(port);
  await client.write(upgrade("/api/ws?a=b", [token]));
  await client.until("101 Switching Protocols\r\n\r\n");
  await client.write("ping");
  await client.until("ping");
});

Deno.test("close() ends upgraded connections", async () => {
  await using running = await start({ upgrades: [ECHO] });
  using client = await connect(running.port);
  await client.write(
    upgrade("/api/ws", ["authorization: Bearer token-admin"]),
  );
  await client.until("101");
  await running.server.close();
  assert(await client.closed());
});
