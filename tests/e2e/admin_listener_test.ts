import { assertEquals } from "@std/assert";
import { FAST_SIMULATOR, startGateway } from "./gateway.ts";

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

Deno.test("admin.port takes /api, /debug and /metrics off the main listener; probes are on both", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    admin: { port: 0 },
  });
  const address = gateway.gateway.adminServer?.address;
  const admin = `http://127.0.0.1:${address?.port}`;
  for (const path of ["/metrics", "/api/providers/health", "/debug/traces"]) {
    assertEquals(await statusOf(gateway.url + path), 404, path);
    assertEquals(await statusOf(admin + path), 200, path);
  }
  assertEquals(await statusOf(`${admin}/v1/models`), 404);
  assertEquals(await statusOf(`${gateway.url}/v1/models`), 200);
  assertEquals(await statusOf(`${gateway.url}/health`), 200);
  assertEquals(await statusOf(`${admin}/ready`), 200);
});
