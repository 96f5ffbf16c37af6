import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FAST_SIMULATOR, startGateway } from "./gateway.ts";

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

Deno.test("feedback on an answer reaches the metrics and the selector cost_aware", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    models: { fast: { selector: "cost_aware", targets: ["sim/echo"] } },
  });
  const ask = {
    model: "fast",
    messages: [{ role: "user", content: "hi" }],
  };
  const answer = await post(`${gateway.url}/v1/chat/completions`, ask);
  await answer.body?.cancel();
  const requestId = answer.headers.get("x-request-id");
  const metricsBefore = await (await fetch(`${gateway.url}/metrics`)).text();
  assert(!metricsBefore.includes("ccr_response_quality_score_count"));
  const taken = await post(`${gateway.url}/api/feedback`, {
    requestId,
    quality: 0.9,
    satisfaction: 0.7,
  });
  assertEquals(await taken.json(), { ok: true, target: "sim/echo" });
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assertStringIncludes(
    metrics,
    'ccr_response_quality_score_sum{provider="sim",model="echo",content_type="text"} 0.9',
  );
  assertStringIncludes(
    metrics,
    'ccr_user_satisfaction_score{user_tier="default",provider="sim"} 0.7',
  );
  const explained = await post(`${gateway.url}/api/routing/explain`, {
    endpoint: "/v1/chat/completions",
    body: ask,
  });
  assertStringIncludes(await explained.text(), "quality 0.9");
});

Deno.test("feedback that says nothing, too much, or of an unknown request is refused", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
  });
  const url = `${gateway.url}/api/feedback`;
  for (
    const [body, status] of [
      [{ requestId: "01unknown", quality: 1 }, 404],
      [{ requestId: "01unknown" }, 400],
      [{ requestId: "01unknown", quality: 2 }, 400],
      [{ quality: 1 }, 400],
    ] as const
  ) {
    const response = await post(url, body);
    await response.body?.cancel();
    assertEquals(response.status, status, JSON.stringify(body));
  }
});
