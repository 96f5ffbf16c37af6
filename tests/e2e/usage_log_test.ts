import { assert, assertEquals } from "@std/assert";
import { FAST_SIMULATOR, startGateway } from "./gateway.ts";
import { linesIn } from "./log_lines.ts";

async function ask(
  url: string,
  path: string,
  body: unknown,
): Promise<Response> {
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await answer.text();
  return answer;
}

Deno.test("A gateway leaves one line per request, streamed or not, native or translated, failed or not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using test = await startGateway({
      providers: { sim: FAST_SIMULATOR },
      models: { fast: { targets: ["sim/echo"] } },
      logging: { usage: { storagePath: `${folder}/usage` } },
    });
    const messages = [{ role: "user", content: "hello" }];
    const answers = [
      await ask(test.url, "/v1/chat/completions", { model: "fast", messages }),
      await ask(test.url, "/v1/chat/completions", {
        model: "sim/echo",
        messages,
        stream: true,
      }),
      await ask(test.url, "/v1/messages", {
        model: "fast",
        max_tokens: 50,
        messages,
        stream: true,
      }),
      await ask(test.url, "/v1/chat/completions", { model: "nope", messages }),
    ];
    const ids = answers.map(({ headers }) => headers.get("x-request-id"));
    await test.gateway[Symbol.asyncDispose]();
    const lines = linesIn(`${folder}/usage`);
    assertEquals(lines.map(({ id }) => id), ids);
    assertEquals(lines.map(({ status }) => status), [200, 200, 200, 404]);
    assertEquals(lines.map(({ streaming }) => streaming), [
      false,
      true,
      true,
      false,
    ]);
    for (const line of lines.slice(0, 3)) {
      assertEquals(line.usageSource, "reported");
      assert(line.usage.outputTokens > 0);
      assert(line.usage.inputTokens > 0);
      assertEquals(line.actualProvider, "sim");
    }
    assert(typeof lines[1]?.metrics.ttftMs === "number");
    assertEquals(lines[0]?.metrics.ttftMs, null);
    assertEquals([lines[3]?.success, lines[3]?.outcome], [
      false,
      "client_error",
    ]);
    assertEquals(lines[3]?.attempts, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A line, the metrics and the selector cost agree on what a request costs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using test = await startGateway({
      providers: {
        sim: { ...FAST_SIMULATOR, models: ["dear", "cheap"] },
        free: { ...FAST_SIMULATOR, models: ["unknown"] },
      },
      models: {
        fast: {
          selector: "cost",
          targets: ["free/unknown", "sim/dear", "sim/cheap"],
        },
      },
      routing: { explorationRate: 0 },
      pricing: {
        models: {
          "sim/dear": { inputPer1M: 100, outputPer1M: 200 },
          "sim/cheap": { inputPer1M: 1, outputPer1M: 2 },
        },
      },
      logging: { usage: { storagePath: `${folder}/usage` } },
    });
    const messages = [{ role: "user", content: "hello" }];
    await ask(test.url, "/v1/chat/completions", { model: "fast", messages });
    await ask(test.url, "/v1/chat/completions", {
      model: "free/unknown",
      messages,
    });
    const metrics = await (await fetch(`${test.url}/metrics`)).text();
    await test.gateway[Symbol.asyncDispose]();
    const [cheap, unknown] = linesIn(`${folder}/usage`);
    assert(cheap !== undefined && unknown !== undefined);
    assertEquals(cheap.actualModel, "cheap");
    const { inputTokens, outputTokens } = cheap.usage;
    const micro = inputTokens + 2 * outputTokens;
    assertEquals(Number(cheap.cost.totalCost), micro / 1e6);
    assertEquals(cheap.cost.status, "priced");
    assertEquals(cheap.cost.source, "config");
    assertEquals(cheap.cost.priceKey, "sim/cheap");
    assertEquals(
      [unknown.cost.status, unknown.cost.totalCost],
      ["unpriced", null],
    );
    const value = (series: string) =>
      Number(
        metrics.split("\n").find((line) => line.startsWith(`${series} `))
          ?.split(" ")[1],
      );
    assertEquals(
      value(
        'ccr_cost_total_usd{provider="sim",model="cheap",user_id="local"}',
      ),
      micro / 1e6,
    );
    assertEquals(
      value('signalbox_cost_records_total{provider="free",status="unpriced"}'),
      1,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
