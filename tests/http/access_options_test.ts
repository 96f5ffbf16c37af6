import { assertEquals } from "@std/assert";
import { keyDigest } from "../../src/config/client_keys.ts";
import { configSchema } from "../../src/config/schema.ts";
import { accessOptions } from "../../src/http/access_options.ts";
import { parseNetwork } from "../../src/http/ip.ts";

Deno.test("accessOptions() has no clients where none are configured", () => {
  const options = accessOptions(configSchema.parse({}));
  assertEquals(options.clients, null);
  assertEquals(options.adminTokenSha256, null);
  assertEquals(options.metricsTokenSha256, null);
  assertEquals(options.metricsPublic, true);
});

Deno.test("accessOptions() reads hosts, proxies, tiers and digests", () => {
  const digest = keyDigest("test-key");
  const options = accessOptions(configSchema.parse({
    server: { allowedHosts: ["gw"], trustedProxies: ["10.0.0.0/8"] },
    clients: {
      laptop: {
        keySha256: digest.toUpperCase(),
        tier: "internal",
        limits: { concurrent: 3 },
      },
    },
    metrics: { public: false },
  }));
  assertEquals(options.clients, [{
    name: "laptop",
    tier: "internal",
    enabled: true,
    keySha256: [digest],
    concurrent: 3,
  }]);
  assertEquals(options.allowedHosts, ["gw"]);
  assertEquals(options.trustedProxies, [parseNetwork("10.0.0.0/8")]);
  assertEquals(options.metricsPublic, false);
});
