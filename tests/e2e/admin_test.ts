import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { auditFiles } from "../../src/audit/audit_files.ts";
import { verifyAudit } from "../../src/audit/verify_audit.ts";
import { FAST_SIMULATOR, startGateway, type TestGateway } from "./gateway.ts";

const ANSWER = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "up",
  choices: [{
    index: 0,
    message: { role: "assistant", content: "hello" },
    finish_reason: "stop",
  }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
});
const FAILING = answer(500, '{"error":{"message":"down"}}');

async function ask(gateway: TestGateway, model: string): Promise<Response> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: "hi" }],
    }),
  });
  await response.body?.cancel();
  return response;
}

async function call(
  gateway: TestGateway,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function auditLines(gateway: TestGateway) {
  const path = `${gateway.folder}/state/logs/routing_audit.log`;
  const text = await Deno.readTextFile(path);
  const verified = await verifyAudit(await auditFiles(path));
  assert(verified.ok);
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("a target that fails is left out, shown, and readmitted by a reset that is audited", async () => {
  await using broken = await FakeProvider.start(FAILING);
  await using sound = await FakeProvider.start(answer(200, ANSWER));
  await using gateway = await startGateway({
    providers: {
      broken: { protocols: { chat: `${broken.url}/v1` } },
      sound: { protocols: { chat: `${sound.url}/v1` } },
    },
    models: { fast: { targets: ["broken/up", "sound/up"] } },
    routing: {
      retry: { sameTargetRetries: 0 },
      breaker: { consecutiveFailures: 3 },
    },
  });
  for (let request = 0; request < 5; request++) {
    assertEquals((await ask(gateway, "fast")).status, 200);
  }
  assertEquals(broken.requests.length, 3);
  assertEquals(sound.requests.length, 5);
  const { body: breakers } = await call(
    gateway,
    "GET",
    "/debug/circuit-breakers",
  );
  const open = breakers.find(({ name }: { name: string }) =>
    name === "broken/up"
  );
  assertEquals([open.state, open.failures, open.reason], [
    "open",
    3,
    "server_error",
  ]);
  assert(Date.parse(open.retryAt) > Date.parse(open.openedAt));
  const { body: health } = await call(gateway, "GET", "/api/providers/health");
  assertEquals(
    health.map((one: Record<string, unknown>) =>
      `${one["name"]} ${one["status"]}`
    ),
    ["broken down", "sound healthy"],
  );
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assertStringIncludes(
    metrics,
    'signalbox_circuit_breaker_state{provider="broken",model="up",state="open"} 1',
  );
  assertStringIncludes(
    metrics,
    'signalbox_circuit_breaker_transitions_total{provider="broken",to="open"} 1',
  );
  assertStringIncludes(
    metrics,
    'ccr_provider_health_score{provider="broken"} 0',
  );
  const unknown = await call(gateway, "POST", "/debug/circuit-breakers/reset", {
    target: "nobody/up",
  });
  assertEquals(unknown.status, 404);
  const wrong = await call(gateway, "POST", "/debug/circuit-breakers/reset", {
    taget: "broken/up",
  });
  assertEquals(wrong.status, 400);
  broken.behaviour = answer(200, ANSWER);
  const reset = await call(gateway, "POST", "/debug/circuit-breakers/reset", {
    target: "broken/up",
  });
  assertEquals(reset, { status: 200, body: { ok: true, target: "broken/up" } });
  await ask(gateway, "fast");
  assertEquals(broken.requests.length, 4);
  const lines = await auditLines(gateway);
  assertEquals(
    lines.map(({ action, target, before }) => [action, target, before]),
    [
      ["breaker.reset", "broken/up", ["broken/up open"]],
    ],
  );
});

Deno.test("of 64 requests at once one probes a target after its rest, the others go elsewhere", async () => {
  await using shaky = await FakeProvider.start(FAILING);
  await using sound = await FakeProvider.start(answer(200, ANSWER));
  await using gateway = await startGateway({
    providers: {
      shaky: { protocols: { chat: `${shaky.url}/v1` } },
      sound: { protocols: { chat: `${sound.url}/v1` } },
    },
    models: { fast: { targets: ["shaky/up", "sound/up"] } },
    routing: {
      retry: { sameTargetRetries: 0 },
      breaker: { consecutiveFailures: 1, openMs: 100 },
    },
  });
  await ask(gateway, "fast");
  assertEquals(shaky.requests.length, 1);
  const finish = Promise.withResolvers<void>();
  shaky.behaviour = async (socket, request) => {
    await finish.promise;
    await answer(200, ANSWER)(socket, request);
  };
  const deadline = performance.now() + 10_000;
  for (let state = "open"; state !== "half_open";) {
    assert(performance.now() < deadline, "the rest ends");
    const { body } = await call(gateway, "GET", "/debug/circuit-breakers");
    state = body.find(({ name }: { name: string }) =>
      name === "shaky/up"
    ).state;
  }
  let answered = 0;
  const others = Promise.withResolvers<void>();
  const all = Array.from({ length: 64 }, async () => {
    const response = await ask(gateway, "fast");
    if (++answered === 63) others.resolve();
    return `${response.status} ${response.headers.get("x-signalbox-target")}`;
  });
  await others.promise;
  assertEquals(shaky.requests.length, 2, "one probe");
  finish.resolve();
  const targets = await Promise.all(all);
  assertEquals(targets.filter((one) => one === "200 shaky/up").length, 1);
  assertEquals(targets.filter((one) => one === "200 sound/up").length, 63);
});

Deno.test("breakers that are switched off leave nobody out", async () => {
  await using broken = await FakeProvider.start(FAILING);
  await using gateway = await startGateway({
    providers: { broken: { protocols: { chat: `${broken.url}/v1` } } },
    models: { fast: { targets: ["broken/up"] } },
    routing: { breaker: { enabled: false }, retry: { maxAttempts: 1 } },
  });
  for (let request = 0; request < 12; request++) await ask(gateway, "fast");
  assertEquals(broken.requests.length, 12);
});

Deno.test("a refused key is replaced within the request and rests for the next ones", async () => {
  await using provider = await FakeProvider.start(async (socket, request) => {
    const refused =
      request.header("authorization") === "Bearer first-key-of-two";
    const say = refused
      ? answer(401, '{"error":{"message":"bad key"}}')
      : answer(200, ANSWER);
    await say(socket, request);
  });
  await using gateway = await startGateway({
    providers: {
      two: {
        protocols: { chat: `${provider.url}/v1` },
        keys: ["${env:FIRST}", "${env:SECOND}"],
      },
    },
    models: { fast: { targets: ["two/up"] } },
  }, { FIRST: "first-key-of-two", SECOND: "second-key-of-two" });
  for (let request = 0; request < 4; request++) {
    assertEquals((await ask(gateway, "fast")).status, 200);
  }
  assertEquals(
    provider.requests.map((request) =>
      request.header("authorization")?.slice(7, 12)
    ),
    ["first", "secon", "secon", "secon", "secon"],
  );
  const { body } = await call(gateway, "GET", "/debug/circuit-breakers");
  const names = body.filter(({ kind }: { kind: string }) => kind === "key")
    .map(({ name, reason }: { name: string; reason: string }) =>
      `${name} ${reason}`
    );
  assertEquals(names, ["two#0 auth"]);
  assert(!JSON.stringify(body).includes("first-key"));
});

Deno.test("an open breaker survives a restart and a reload", async () => {
  await using broken = await FakeProvider.start(FAILING);
  await using sound = await FakeProvider.start(answer(200, ANSWER));
  const config = {
    providers: {
      broken: { protocols: { chat: `${broken.url}/v1` } },
      sound: { protocols: { chat: `${sound.url}/v1` } },
    },
    models: { fast: { targets: ["broken/up", "sound/up"] } },
    routing: {
      retry: { sameTargetRetries: 0 },
      breaker: { consecutiveFailures: 2 },
    },
  };
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  try {
    {
      await using gateway = await startGateway(config, {}, folder);
      for (let request = 0; request < 3; request++) await ask(gateway, "fast");
      const changed = { ...config, log: { level: "warn" } };
      assertEquals(await gateway.reload(changed), null);
      await ask(gateway, "fast");
      assertEquals(broken.requests.length, 2);
    }
    await using again = await startGateway(config, {}, folder);
    await ask(again, "fast");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(broken.requests.length, 2);
  assertEquals(sound.requests.length, 5);
});

Deno.test("reloads are audited whether they succeed or not, and refused calls of admin routes too", async () => {
  const config = {
    providers: { sim: FAST_SIMULATOR },
    admin: { token: "${env:ADMIN}" },
  };
  const environment = { ADMIN: "an-admin-token-of-some-length" };
  await using gateway = await startGateway(config, environment);
  const admin = { authorization: `Bearer ${environment.ADMIN}` };
  assertEquals(
    (await call(gateway, "POST", "/api/reload", {}, admin)).status,
    200,
  );
  const missing = await fetch(`${gateway.url}/debug/traces`);
  assertEquals(missing.status, 401);
  await missing.body?.cancel();
  const wrong = await call(gateway, "POST", "/debug/heap", {}, {
    authorization: "Bearer sk-some-other-test-token-12345",
  });
  assertEquals(wrong.status, 401);
  const bad = await gateway.reload({ ...config, modles: {} });
  assert(bad);
  const health = await (await fetch(`${gateway.url}/health`)).json();
  assertEquals(health.audit, "ok");
  const lines = await auditLines(gateway);
  assertEquals(
    lines.map(({ actor, action, target, outcome }) =>
      `${actor} ${action} ${target.split("/").at(-1)} ${outcome}`
    ),
    [
      "admin config.reload signalbox.jsonc ok",
      "anonymous access.refused traces refused",
      "anonymous access.refused heap refused",
      "signal config.reload config failed",
    ],
  );
  assertEquals(lines[0].after.hash.length > 10, true);
  assertEquals(lines[1].actorIp, "127.0.0.1");
  assertEquals(lines[1].requestId, missing.headers.get("x-request-id"));
  assert(!JSON.stringify(lines).includes("sk-some-other"));
});

Deno.test("an action whose audit line cannot be written is refused with 503 and not done", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
  });
  await Deno.mkdir(`${gateway.folder}/state/logs/routing_audit.log`, {
    recursive: true,
  });
  const reset = await call(
    gateway,
    "POST",
    "/debug/circuit-breakers/reset",
    {},
  );
  assertEquals(reset.status, 503);
  assertEquals(reset.body.error.code, "audit_failed");
  const before = (await call(gateway, "POST", "/api/reload", {})).status;
  assertEquals(before, 503);
  const error = await gateway.reload({ providers: { other: FAST_SIMULATOR } });
  assert(error);
  const { body } = await call(gateway, "GET", "/api/providers/health");
  assertEquals(body[0].name, "sim");
  const health = await (await fetch(`${gateway.url}/health`)).json();
  assertEquals(health.audit, "failing");
});

Deno.test("auditing that is switched off keeps no file, and /health says so", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    audit: { enabled: false },
  });
  assertEquals((await call(gateway, "POST", "/api/reload", {})).status, 200);
  const health = await (await fetch(`${gateway.url}/health`)).json();
  assertEquals(health.audit, "disabled");
  const files = await auditFiles(
    `${gateway.folder}/state/logs/routing_audit.log`,
  );
  assertEquals(files, []);
});

Deno.test("/debug shows what runs, with the client's credentials masked", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    clients: { ci: { key: "${env:CI_KEY}" } },
    admin: { token: "${env:ADMIN}" },
  }, { CI_KEY: "client-key-of-ci-1", ADMIN: "an-admin-token-of-some-length" });
  const stopped = new AbortController();
  const running = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "authorization": "Bearer client-key-of-ci-1",
      "x-team": "blue",
    },
    body: JSON.stringify({
      model: "sim/stall-after-1",
      stream: true,
      messages: [{ role: "user", content: "hi" }],
    }),
    signal: stopped.signal,
  });
  const admin = { authorization: "Bearer an-admin-token-of-some-length" };
  const { body } = await call(
    gateway,
    "GET",
    "/debug/traces",
    undefined,
    admin,
  );
  assertEquals(body.traces.length, 1);
  const [trace] = body.traces;
  assertEquals(trace.id, running.headers.get("x-request-id"));
  assertEquals([trace.client, trace.target, trace.phase, trace.stream], [
    "ci",
    "sim/stall-after-1",
    "answering",
    true,
  ]);
  assertEquals(trace.headers["x-team"], "blue");
  assert(!JSON.stringify(body).includes("client-key"));
  const { body: connections } = await call(
    gateway,
    "GET",
    "/debug/connections",
    undefined,
    admin,
  );
  assertEquals(connections.byProvider, { sim: 1 });
  assertEquals([connections.sse, connections.websocket], [1, 0]);
  assert(connections.total >= 1);
  const heap = await call(gateway, "POST", "/debug/heap", undefined, admin);
  assertEquals(heap.status, 200);
  const { size, mode } = await Deno.stat(heap.body.path);
  assert(size > 100_000);
  assertEquals((mode ?? 0) & 0o777, 0o600);
  stopped.abort();
  await running.body?.cancel().catch(() => {});
});

Deno.test("the heap is not dumped where no admin token is configured", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
  });
  assertEquals((await call(gateway, "POST", "/debug/heap")).status, 403);
});
