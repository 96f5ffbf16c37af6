import { assertEquals, assertRejects } from "@std/assert";
import { RequestError } from "../../src/exchange/gateway_error.ts";
import {
  probeRoutes,
  type ProbeSources,
  type Readiness,
} from "../../src/http/probes.ts";
import type { RequestContext } from "../../src/http/route.ts";
import { MemoryRequest, MemoryResponse } from "./memory_exchange.ts";

function sources(readiness: Readiness): ProbeSources {
  return {
    about: { name: "signalbox", version: "1.2.3" },
    health: () => ({ uptimeSeconds: 7 }),
    readiness: () => readiness,
    metrics: (format) => `# ${format}`,
  };
}

async function ask(
  path: string,
  readiness: Readiness = { ready: true, status: "ready" },
  accept: string[] = [],
  others: Partial<ProbeSources> = {},
): Promise<MemoryResponse> {
  const routes = probeRoutes({ ...sources(readiness), ...others });
  const route = routes.find((one) => one.path === path);
  if (route === undefined) throw new Error(`Cannot find ${path}`);
  const response = new MemoryResponse();
  const request = new MemoryRequest("GET", path, accept);
  const context: RequestContext = {
    id: "id",
    receivedAtMs: 0,
    startedMs: 0,
    client: { name: "anonymous", tier: "default" },
    clientIp: "127.0.0.1",
    clientRequestId: null,
    route,
    scan: null,
    parameter: () => "",
    releaseBody: () => {},
    bodyHeld: false,
    running: null,
  };
  await route.handler(context, request, response);
  return response;
}

Deno.test("probeRoutes() answers / with name and version", async () => {
  const { status, text } = await ask("/");
  assertEquals([status, text], [200, '{"name":"signalbox","version":"1.2.3"}']);
});

Deno.test("probeRoutes() answers /health with 200 while draining", async () => {
  const { status, text } = await ask("/health", {
    ready: false,
    status: "draining",
  });
  assertEquals([status, text], [200, '{"status":"ok","uptimeSeconds":7}']);
});

Deno.test("probeRoutes() answers /ready with 503 and the reason", async () => {
  const no = await ask("/ready", { ready: false, status: "draining" });
  assertEquals([no.status, no.text], [503, '{"status":"draining"}']);
  const yes = await ask("/ready");
  assertEquals([yes.status, yes.text], [200, '{"status":"ready"}']);
});

Deno.test("probeRoutes() answers /metrics in the format that is asked for", async () => {
  const ready = { ready: true, status: "ready" };
  const text = await ask("/metrics", ready);
  assertEquals(text.text, "# text");
  assertEquals(
    text.header("content-type"),
    "text/plain; version=0.0.4; charset=utf-8",
  );
  const open = await ask("/metrics", ready, [
    "Accept",
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.4",
  ]);
  assertEquals(open.text, "# openmetrics");
  assertEquals(
    open.header("content-type"),
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
});

Deno.test("probeRoutes() says 409 at /metrics while metrics are off", async () => {
  const error = await assertRejects(
    () => ask("/metrics", undefined, [], { metrics: () => null }),
    RequestError,
  );
  assertEquals([error.error.status, error.error.code], [409, "disabled"]);
});
