// Rows 54 and 57 to 59: what operators' routes and the log make of bad input.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FAST_SIMULATOR, startGateway } from "../gateway.ts";
import { GatewayProcess } from "../process.ts";
import { ask, get, post } from "./raw_client.ts";

const TOKEN = ["authorization: Bearer token-of-the-admin-0123456789"];
const CONFIG = {
  admin: { token: "${env:ADMIN}" },
  providers: { sim: FAST_SIMULATOR },
};
const ENVIRONMENT = { ADMIN: "token-of-the-admin-0123456789" };

Deno.test("row 54: no user agent breaks a line of the log or paints the terminal", async () => {
  await using gateway = await GatewayProcess.start({
    config: { ...CONFIG, log: { level: "debug" } },
    environment: ENVIRONMENT,
  });
  const port = Number(new URL(gateway.url).port);
  const body = JSON.stringify({
    model: "sim/echo",
    messages: [{ role: "user", content: "hi" }],
  });
  const agents: [string, number][] = [
    ["\x1b[31mred\x1b[0m", 400],
    ['\\u001b[31mred\\n{"level":"error","message":"forged"}', 200],
    ['a"b\\', 200],
    ["\u00ff\u009b31m", 200],
  ];
  for (const [agent, status] of agents) {
    const bytes = Uint8Array.from(
      post("/v1/chat/completions", body, [`user-agent: ${agent}`]),
      (character) => character.charCodeAt(0),
    );
    assertEquals((await ask(port, bytes)).status, status, agent);
  }
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
  const served = gateway.lines.filter((line) => line["endpoint"] !== undefined);
  assertEquals(served.length, 3);
  for (const line of gateway.lines) {
    assertEquals(line["text"], undefined, "a line is no JSON");
    assert(line["message"] !== "forged");
    // deno-lint-ignore no-control-regex -- they are what is looked for
    assert(!/[\u0000-\u001f\u007f-\u009f]/.test(JSON.stringify(line)));
  }
});

Deno.test("row 57: a day that no calendar has gets 400", async () => {
  await using gateway = await startGateway(CONFIG, ENVIRONMENT);
  const port = Number(new URL(gateway.url).port);
  for (
    const day of ["2026-02-30", "2026-13-01", "yesterday", "%00", "../../x"]
  ) {
    for (const path of ["/api/usage", "/api/usage/summary"]) {
      const answered = await ask(port, get(`${path}?from=${day}`, TOKEN));
      assertEquals(answered.status, 400, `${path} ${day}`);
      assertEquals(JSON.parse(answered.body).error.param, "from");
    }
  }
});

Deno.test("row 58: ten years are no range", async () => {
  await using gateway = await startGateway(CONFIG, ENVIRONMENT);
  const port = Number(new URL(gateway.url).port);
  for (const path of ["/api/usage/summary", "/api/costs/report"]) {
    const answered = await ask(
      port,
      get(`${path}?from=2016-01-01&to=2026-01-01`, TOKEN),
    );
    assertEquals(answered.status, 400, path);
    assertStringIncludes(answered.body, "range too large");
  }
});

Deno.test("row 59: a head behind an address in disguise is refused and audited", async () => {
  await using gateway = await startGateway({
    ...CONFIG,
    routing: { heads: { enabled: true, allow: ["10.0.0.1:9"] } },
  }, ENVIRONMENT);
  const port = Number(new URL(gateway.url).port);
  const endpoints = [
    "http://[::ffff:7f00:1]:9/",
    "http://[::ffff:a9fe:a9fe]:9/",
    "http://2130706433:9/",
    "http://0x7f.1:9/",
    "http://0:9/",
    "http://10.0.0.1.nip.io:9/",
  ];
  for (const endpoint of endpoints) {
    const head = JSON.stringify({ id: "gpu-1", endpoint, models: ["m"] });
    const answered = await ask(port, post("/api/routing/heads", head, TOKEN));
    assertEquals(answered.status, 403, `${endpoint} ${answered.body}`);
  }
  const log = await Deno.readTextFile(
    `${gateway.folder}/state/logs/routing_audit.log`,
  );
  const refused = log.trimEnd().split("\n").filter((line) => {
    const { action, outcome } = JSON.parse(line);
    return action === "head.register" && outcome === "refused";
  });
  assertEquals(refused.length, endpoints.length);
});
