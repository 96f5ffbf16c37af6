import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  answer,
  FakeProvider,
  silent,
} from "../fake_provider/fake_provider.ts";
import { auditFiles } from "../../src/audit/audit_files.ts";
import { verifyAudit } from "../../src/audit/verify_audit.ts";
import { startGateway, type TestGateway } from "./gateway.ts";

const TOKEN = "an-admin-token-of-some-length";
const ANSWER = answer(
  200,
  JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "qwen",
    choices: [{
      index: 0,
      message: { role: "assistant", content: "hello" },
      finish_reason: "stop",
    }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  }),
);

function config(heads: Record<string, unknown> = {}) {
  return {
    admin: { token: "${env:ADMIN}" },
    clients: { ci: { key: "${env:CI_KEY}" } },
    providers: {
      fallback: {
        simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } },
      },
    },
    models: {
      edge: {
        groups: [
          {
            heads: { modelType: "small", region: "eu" },
            selector: "least_loaded",
          },
          { targets: ["fallback/echo"] },
        ],
      },
      own: { heads: { modelType: "small" } },
    },
    routing: {
      heads: { enabled: true, leaseMs: 60_000, minimum: 1, ...heads },
    },
  };
}

function start(heads: Record<string, unknown> = {}): Promise<TestGateway> {
  return startGateway(config(heads), {
    ADMIN: TOKEN,
    CI_KEY: "client-key-of-ci-1",
  });
}

async function admin(
  gateway: TestGateway,
  method: string,
  path: string,
  body?: unknown,
) {
  const response = await fetch(`${gateway.url}/api/routing/${path}`, {
    method,
    headers: {
      "authorization": `Bearer ${TOKEN}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function ask(gateway: TestGateway, model = "edge") {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "authorization": "Bearer client-key-of-ci-1",
      "content-type": "application/json",
    },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: "hi" }],
    }),
  });
  await response.body?.cancel();
  return {
    status: response.status,
    target: response.headers.get("x-signalbox-target"),
    decision: response.headers.get("x-signalbox-decision"),
  };
}

async function metric(gateway: TestGateway, name: string): Promise<string[]> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith(name));
}

async function audited(gateway: TestGateway): Promise<string[]> {
  const files = await auditFiles(
    `${gateway.folder}/state/logs/routing_audit.log`,
  );
  const verified = await verifyAudit(files);
  assert(verified.ok);
  const text = await Deno.readTextFile(files.at(-1) ?? "");
  return text.trimEnd().split("\n").map((line) => {
    const { action, target, outcome } = JSON.parse(line);
    return `${action} ${target} ${outcome}`;
  });
}

Deno.test("a head registers, traffic flows, its heartbeat stops, active_heads falls and traffic moves on", async () => {
  await using head = await FakeProvider.start(ANSWER);
  await using gateway = await start({ leaseMs: 400 });
  assertEquals((await ask(gateway)).target, "fallback/echo");
  const registered = await admin(gateway, "POST", "heads", {
    head_id: "gpu-1",
    endpoint: `${head.url}/v1`,
    protocol: "chat",
    model_type: "small",
    region: "eu",
    models: ["qwen"],
    capacity: 4,
    version: "1.2",
    metadata: { rack: "7" },
  });
  assertEquals(registered.status, 201);
  assertEquals(registered.body.leaseMs, 400);
  assertEquals(registered.body.status, "active");
  assertEquals(await metric(gateway, "active_heads"), ["active_heads 1"]);
  assertEquals(await metric(gateway, "signalbox_heads_minimum"), [
    "signalbox_heads_minimum 1",
  ]);
  assertEquals(await ask(gateway), {
    status: 200,
    target: "gpu-1/qwen",
    decision: "edge;strategy=least_loaded",
  });
  const [request] = head.requests;
  assert(request);
  assertEquals(request.target, "/v1/chat/completions");
  assertEquals(request.header("authorization"), null, "nobody's key");
  assertEquals((await ask(gateway, "gpu-1/qwen")).target, "gpu-1/qwen");
  const renewed = await admin(gateway, "POST", "heads/gpu-1/heartbeat", {
    status: "active",
    current_load: 30,
  });
  assertEquals([renewed.status, renewed.body.currentLoad], [200, 30]);
  assert(renewed.body.leaseEndsAt > registered.body.leaseEndsAt);
  assertEquals((await admin(gateway, "GET", "heads")).body.heads.length, 1);
  const seen = await metric(gateway, "ccr_provider_requests_total");
  assert(
    seen.some((line) =>
      line.includes('provider="gpu-1",model="qwen",status="success"} 2')
    ),
  );

  const deadline = performance.now() + 10_000;
  while ((await metric(gateway, "active_heads"))[0] !== "active_heads 0") {
    assert(performance.now() < deadline, "the lease ends");
  }
  assertEquals((await ask(gateway)).target, "fallback/echo");
  assertEquals((await ask(gateway, "own")).status, 503);
  assertEquals((await ask(gateway, "gpu-1/qwen")).status, 404);
  const late = await admin(gateway, "POST", "heads/gpu-1/heartbeat", {});
  assertEquals([late.status, late.body.error.code], [404, "head_not_found"]);
  await head.whenClosed(1);
  assertEquals(await metric(gateway, "head_registrations_total"), [
    "head_registrations_total 1",
  ]);
  assertEquals(await metric(gateway, "head_status_updates_total"), [
    "head_status_updates_total 1",
  ]);
  while (!(await audited(gateway)).includes("head.expire gpu-1 ok")) {
    assert(performance.now() < deadline, "the end of the lease is audited");
  }
});

Deno.test("a draining head gets no new requests and ends those it has; a removed one is gone", async () => {
  await using head = await FakeProvider.start(silent);
  await using gateway = await start();
  const registration = {
    id: "gpu-1",
    endpoint: `${head.url}/v1`,
    modelType: "small",
    region: "eu",
    models: ["qwen"],
  };
  await admin(gateway, "POST", "heads", registration);
  const asked = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  head.behaviour = async (socket, request) => {
    asked.resolve();
    await finish.promise;
    await ANSWER(socket, request);
  };
  const running = ask(gateway);
  await asked.promise;
  const drained = await admin(gateway, "PATCH", "heads/gpu-1", {
    status: "draining",
  });
  assertEquals([drained.status, drained.body.status], [200, "draining"]);
  assertEquals((await ask(gateway)).target, "fallback/echo");
  assertEquals((await admin(gateway, "DELETE", "heads/gpu-1")).status, 200);
  finish.resolve();
  assertEquals(
    (await running).target,
    "gpu-1/qwen",
    "its last request ends well",
  );
  await head.whenClosed(1);
  assertEquals((await admin(gateway, "DELETE", "heads/gpu-1")).status, 404);
  assertEquals(await audited(gateway), [
    "head.register gpu-1 ok",
    "head.status gpu-1 ok",
    "head.remove gpu-1 ok",
  ]);
});

Deno.test("registrations that are not allowed are refused, audited and counted", async () => {
  await using gateway = await start({ allow: ["127.0.0.1:8000"], max: 1 });
  const head = {
    id: "gpu-1",
    endpoint: "http://127.0.0.1:8000",
    models: ["m"],
  };
  const cases: [Record<string, unknown>, number, string][] = [
    [{ endpoint: "http://127.0.0.1:9000" }, 403, "not_allowed"],
    [{ endpoint: "http://169.254.169.254:8000" }, 403, "not_allowed"],
    [{ endpoint: "gopher://127.0.0.1:8000" }, 400, "invalid"],
    [{ models: [] }, 400, "invalid"],
    [{ id: "../x" }, 400, "invalid"],
    [{ colour: "red" }, 400, "invalid"],
    [{ id: "fallback" }, 409, "conflict"],
  ];
  for (const [change, status] of cases) {
    const answered = await admin(gateway, "POST", "heads", {
      ...head,
      ...change,
    });
    assertEquals(answered.status, status, JSON.stringify(change));
  }
  const wordings: [Record<string, unknown>, string][] = [
    [{ id: "g" }, "endpoint: the key is missing: give text in quotes"],
    [{ ...head, colour: "red" }, "colour: the key is unknown: remove it"],
    [{ ...head, capacity: "8" }, 'capacity: value is "8": give a number'],
    [
      { ...head, protocol: "chta" },
      'protocol: value is "chta": did you mean "chat"?',
    ],
    [
      { ...head, models: [""] },
      'models[0]: value is "": use 1 to 256 of letters',
    ],
    [
      { ...head, model_type: "a b" },
      'modelType: value is "a b": use 1 to 64 letters',
    ],
  ];
  for (const [body, words] of wordings) {
    const { body: told } = await admin(gateway, "POST", "heads", body);
    assertStringIncludes(told.error.message, `Cannot take the body: ${words}`);
  }
  assertEquals((await admin(gateway, "POST", "heads", head)).status, 201);
  assertEquals(
    (await admin(gateway, "POST", "heads", head)).status,
    200,
    "again",
  );
  const second = await admin(gateway, "POST", "heads", {
    ...head,
    id: "gpu-2",
  });
  assertEquals(second.status, 503);
  const counted = await metric(gateway, "signalbox_heads_rejected_total");
  assertEquals(
    counted.map((line) => line.slice("signalbox_heads_rejected_total".length))
      .sort(),
    [
      '{reason="audit"} 0',
      '{reason="conflict"} 1',
      '{reason="disabled"} 0',
      '{reason="full"} 1',
      '{reason="invalid"} 10',
      '{reason="not_allowed"} 2',
    ],
  );
  const lines = await audited(gateway);
  assertEquals(lines.filter((line) => line.endsWith("refused")).length, 2);
});

Deno.test("heads that are switched off have no routes to traffic and no metrics", async () => {
  await using gateway = await start({ enabled: false });
  const refused = await admin(gateway, "POST", "heads", {
    id: "gpu-1",
    endpoint: "http://127.0.0.1:1",
    models: ["m"],
  });
  assertEquals(refused.status, 404);
  assertStringIncludes(refused.body.error.message, "routing.heads.enabled");
  assertEquals(await metric(gateway, "active_heads"), []);
});

Deno.test("the policy is changed while running, kept, audited, and shown by config show --effective", async () => {
  await using one = await FakeProvider.start(ANSWER);
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  try {
    {
      await using gateway = await startGateway(config(), {
        ADMIN: TOKEN,
        CI_KEY: "client-key-of-ci-1",
      }, folder);
      await admin(gateway, "POST", "heads", {
        id: "gpu-1",
        endpoint: `${one.url}/v1`,
        modelType: "small",
        region: "us",
        models: ["qwen"],
      });
      assertEquals(
        (await ask(gateway)).target,
        "fallback/echo",
        "another region",
      );
      assertEquals(
        (await ask(gateway, "own")).decision,
        "own;strategy=in_order",
      );
      const changed = await admin(gateway, "PUT", "policy", {
        enable_geo_routing: false,
        enable_load_balancing: false,
        default_strategy: "random",
      });
      assertEquals(changed.status, 200);
      assertEquals(await ask(gateway), {
        status: 200,
        target: "gpu-1/qwen",
        decision: "edge;strategy=round_robin",
      });
      assertEquals((await ask(gateway, "own")).decision, "own;strategy=random");
      const wrong = await admin(gateway, "PUT", "policy", {
        defaultStrategy: "best",
      });
      assertEquals(wrong.status, 400);
      assertEquals(await audited(gateway), [
        "head.register gpu-1 ok",
        "policy.change heads ok",
      ]);
    }
    await using again = await startGateway(config(), {
      ADMIN: TOKEN,
      CI_KEY: "client-key-of-ci-1",
    }, folder);
    const { body } = await admin(again, "GET", "policy");
    assertEquals(body, {
      enabled: true,
      defaultStrategy: "random",
      enableGeoRouting: false,
      enableLoadBalancing: false,
      enableModelSpecific: true,
    });
    await admin(again, "PUT", "policy", { enabled: false });
    assertEquals((await ask(again, "own")).status, 503);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("heads survive a restart with the rest of their lease, as far as the config still allows them", async () => {
  await using back = await FakeProvider.start(ANSWER);
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  const begin = (heads: Record<string, unknown> = {}) =>
    startGateway(config(heads), {
      ADMIN: TOKEN,
      CI_KEY: "client-key-of-ci-1",
    }, folder);
  const registration = (id: string, endpoint: string) => ({
    id,
    endpoint,
    modelType: "small",
    region: "eu",
    models: ["qwen"],
    metadata: { rack: "7" },
  });
  try {
    let before: unknown[] = [];
    {
      await using gateway = await begin();
      for (const id of ["gpu-1", "gpu-2", "gpu-3"]) {
        const { status } = await admin(
          gateway,
          "POST",
          "heads",
          registration(id, `${back.url}/v1`),
        );
        assertEquals(status, 201);
      }
      await admin(gateway, "POST", "heads/gpu-2/heartbeat", {
        currentLoad: 60,
      });
      await admin(gateway, "PATCH", "heads/gpu-1", { status: "draining" });
      await admin(gateway, "DELETE", "heads/gpu-3");
      before = (await admin(gateway, "GET", "heads")).body.heads;
    }
    {
      await using gateway = await begin();
      const { body } = await admin(gateway, "GET", "heads");
      assertEquals(body.heads, before);
      assertEquals(await metric(gateway, "active_heads"), ["active_heads 1"]);
      assertEquals((await ask(gateway)).target, "gpu-2/qwen");
      const seen = await metric(gateway, "ccr_provider_requests_total");
      assert(seen.some((line) => line.includes('provider="gpu-2"')));
      const renewed = await admin(gateway, "POST", "heads/gpu-2/heartbeat", {});
      assertEquals(renewed.status, 200);
    }
    {
      await using gateway = await begin({ allow: ["127.0.0.1:1"] });
      assertEquals((await admin(gateway, "GET", "heads")).body.heads, []);
      assertEquals((await ask(gateway)).target, "fallback/echo");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a head whose lease ended while the gateway was down stays away; a broken file keeps nobody from starting", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  const variables = { ADMIN: TOKEN, CI_KEY: "client-key-of-ci-1" };
  const path = `${folder}/state/heads.json`;
  const heads = async () => {
    await using gateway = await startGateway(config(), variables, folder);
    const { body } = await admin(gateway, "GET", "heads");
    return body.heads.map(({ id }: { id: string }) => id);
  };
  try {
    {
      await using gateway = await startGateway(config(), variables, folder);
      await admin(gateway, "POST", "heads", {
        id: "gpu-1",
        endpoint: "http://127.0.0.1:8000/v1",
        models: ["qwen"],
      });
    }
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const kept = JSON.parse(await Deno.readTextFile(path));
    assertEquals(await heads(), ["gpu-1"]);
    kept.heads[0].leaseEndsAt = new Date(Date.now() - 1).toISOString();
    await Deno.writeTextFile(path, JSON.stringify(kept));
    assertEquals(await heads(), []);
    for (const text of ["", "{", '{"version":1,"heads":[{"id":"../x"}]}']) {
      await Deno.writeTextFile(path, text);
      assertEquals(await heads(), [], text);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a head that a reload no longer allows ends", async () => {
  await using gateway = await start();
  await admin(gateway, "POST", "heads", {
    id: "gpu-1",
    endpoint: "http://127.0.0.1:8000/v1",
    models: ["qwen"],
  });
  assertEquals(await gateway.reload(config({ allow: ["10.0.0.*:*"] })), null);
  assertEquals((await admin(gateway, "GET", "heads")).body.heads, []);
});
