import { assert, assertEquals, assertMatch } from "@std/assert";
import { picoOfUsd } from "../../src/support/decimal.ts";
import { FAST_SIMULATOR, startGateway, type TestGateway } from "./gateway.ts";
import { linesIn } from "./log_lines.ts";
import { inFolder } from "../temp_folder.ts";

const PRICES = {
  models: {
    "sim/echo": { inputPer1M: 10, outputPer1M: 1000 },
    "sim/cheap": { inputPer1M: 0, outputPer1M: 0 },
  },
};
const SIM = { ...FAST_SIMULATOR, models: ["echo", "cheap", "unpriced"] };

interface Ask {
  readonly model?: string;
  readonly maxTokens?: number | null;
  readonly path?: string;
  readonly stream?: boolean;
  readonly key?: string;
}

async function ask(url: string, given: Ask = {}): Promise<Response> {
  const { path = "/v1/chat/completions", stream = false } = given;
  const limit = given.maxTokens === undefined ? 40 : given.maxTokens;
  const answer = await fetch(url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(given.key === undefined
        ? {}
        : { authorization: `Bearer ${given.key}` }),
    },
    body: JSON.stringify({
      model: given.model ?? "fast",
      ...(limit === null ? {} : { max_tokens: limit }),
      stream,
      messages: [{ role: "user", content: "tell me a long story, please" }],
    }),
  });
  const text = await answer.text();
  return new Response(text, answer);
}

async function spentOf({ url }: TestGateway, budget: string): Promise<string> {
  const answer = await fetch(`${url}/api/budgets`);
  const { budgets } = await answer.json();
  for (const status of budgets) {
    if (status.budget === budget) return status.periods.day.spentUsd;
  }
  return "none";
}

function loggedPico(folder: string): bigint {
  let sum = 0n;
  for (const { cost } of linesIn(folder)) {
    sum += picoOfUsd(cost.totalCost ?? "") ?? 0n;
  }
  return sum;
}

Deno.test("A budget is never overspent by 64 clients at once, survives a restart and equals the log", () =>
  inFolder(async (folder) => {
    const config = {
      providers: { sim: SIM },
      models: { fast: { targets: ["sim/echo"] } },
      pricing: PRICES,
      budgets: { dailyUsd: 0.5, onExceeded: "reject" },
      logging: { usage: { storagePath: `${folder}/usage` } },
    };
    const statuses = new Map<number, number>();
    {
      await using test = await startGateway(config);
      await Promise.all(
        Array.from({ length: 64 }, async (_, client) => {
          for (let turn = 0; turn < 4; turn++) {
            const answer = await ask(test.url, { stream: client % 2 === 0 });
            statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
            assertEquals(
              answer.headers.get("x-should-retry"),
              answer.status === 402 ? "false" : null,
            );
          }
        }),
      );
      await test.gateway[Symbol.asyncDispose]();
    }
    assertEquals([...statuses.keys()].sort(), [200, 402]);
    const logged = loggedPico(`${folder}/usage`);
    assert(logged > 0n && logged <= 500_000_000_000n, String(logged));
    await using again = await startGateway(config);
    assertEquals(picoOfUsd(await spentOf(again, "global")), logged);
    const refused = await ask(again.url, { maxTokens: 4000 });
    assertEquals(refused.status, 402);
    const { error } = await refused.json();
    assertEquals([error.type, error.code], [
      "insufficient_quota",
      "budget_exceeded",
    ]);
    assertMatch(error.message, /budget global has 0\.\d+ USD of 0\.5 left/);
  }));

Deno.test("A budget is known after a restart although the usage log is switched off, and nothing counts twice", () =>
  inFolder(async (folder) => {
    const config = (enabled: boolean) => ({
      providers: { sim: SIM },
      models: { fast: { targets: ["sim/echo"], budget: { dailyUsd: 100 } } },
      pricing: PRICES,
      logging: { usage: { enabled } },
    });
    let spent = "0";
    for (const enabled of [false, true, false, true]) {
      await using test = await startGateway(config(enabled), {}, folder);
      assertEquals(await spentOf(test, "alias:fast"), spent);
      assertEquals((await ask(test.url)).status, 200);
      assertEquals((await ask(test.url, { stream: true })).status, 200);
      const before = spent;
      spent = await spentOf(test, "alias:fast");
      assert(Number(spent) > Number(before));
    }
    // What is in the usage log is half of it.
    const logged = loggedPico(`${folder}/state/usage`);
    assert(logged > 0n && logged < (picoOfUsd(spent) ?? 0n));
  }));

Deno.test("A translated request is capped at what the budget has, a native one is refused", () =>
  inFolder(async (folder) => {
    await using up = upstream("chat");
    await using test = await startGateway({
      providers: {
        up: { protocols: { chat: up.url }, keys: [], auth: "none" },
      },
      models: { fast: { targets: ["up/echo"], budget: { dailyUsd: 0.05 } } },
      pricing: { models: { "up/echo": { inputPer1M: 0, outputPer1M: 1000 } } },
      logging: { usage: { storagePath: `${folder}/usage` } },
    });
    const native = await ask(test.url, { maxTokens: 4000 });
    assertEquals(native.status, 402);
    const translated = await ask(test.url, {
      path: "/v1/messages",
      maxTokens: 4000,
    });
    assertEquals(translated.status, 200);
    assertEquals(up.limits, [50]);
  }));

Deno.test("What nothing bounds is not sent under a budget that rejects, however the limit is hidden", () =>
  inFolder(async (folder) => {
    await using up = upstream("chat");
    const config = (settings: object, budgets: object) => ({
      providers: {
        up: {
          protocols: { chat: up.url },
          keys: [],
          auth: "none",
          ...settings,
        },
      },
      pricing: { models: { "up/echo": { inputPer1M: 0, outputPer1M: 1000 } } },
      budgets,
      logging: { usage: { storagePath: `${folder}/usage` } },
    });
    const strict = { dailyUsd: 100, onExceeded: "reject" };
    await using test = await startGateway(config({}, strict));
    const send = async (limit: string, path = "/v1/chat/completions") => {
      const answer = await fetch(test.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body:
          `{"model":"up/echo",${limit}"messages":[{"role":"user","content":"hi"}]}`,
      });
      return { status: answer.status, text: await answer.text() };
    };
    for (
      const limit of [
        "",
        '"max_output_tokens":1,',
        '"max_tokens":null,',
        '"max_tokens":1,"max_tokens":90000,',
        '"max_tokens":90000,"max_tokens":1,',
      ]
    ) {
      const { status, text } = await send(limit);
      assertEquals(status, 402, limit);
      assertMatch(text, /nothing limits what the answer may cost.*max_tokens/);
    }
    assertEquals(up.limits, []);
    assertEquals((await send('"max_tokens":7,')).status, 200);
    // The larger of two is set aside: 90 USD of what is left.
    const both = '"max_tokens":7,"max_completion_tokens":90000,';
    assertEquals((await send(both)).status, 200);
    assertEquals((await send(both.replace("9", "10"))).status, 402);
    // A translated request gets the limit that was set aside for it.
    const input = { model: "up/echo", input: "hi" };
    const translated = await fetch(`${test.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    await translated.body?.cancel();
    assertEquals([translated.status, up.limits.at(-1)], [200, 8192]);
    const known = { modelSettings: { "*": { maxOutputTokens: 100 } } };
    await test.reload(config(known, strict));
    assertEquals((await send("")).status, 200);
    await test.reload(config({}, { dailyUsd: 100, onExceeded: "warn" }));
    assertEquals((await send("")).status, 200);
  }));

Deno.test("What is asked to be served at a dearer tier must have the money for it", () =>
  inFolder(async (folder) => {
    await using up = upstream("chat");
    await using test = await startGateway({
      providers: {
        up: { protocols: { chat: up.url }, keys: [], auth: "none" },
      },
      pricing: {
        models: {
          "up/echo": {
            inputPer1M: 0,
            outputPer1M: 1000,
            serviceTiers: { priority: { factor: 2.5 } },
          },
        },
      },
      budgets: { dailyUsd: 0.1, onExceeded: "reject" },
      logging: { usage: { storagePath: `${folder}/usage` } },
    });
    const send = async (more: object) => {
      const answer = await fetch(`${test.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "up/echo",
          max_tokens: 50,
          messages: [{ role: "user", content: "hi" }],
          ...more,
        }),
      });
      await answer.body?.cancel();
      return answer.status;
    };
    // 50 tokens are 0.05 USD, or 0.125 as priority.
    assertEquals(await send({ service_tier: "priority" }), 402);
    assertEquals(await send({ service_tier: "flex" }), 200);
    assertEquals(await send({}), 200);
    assertEquals(up.limits, [50, 50]);
  }));

Deno.test("A budget that downgrades sends requests elsewhere once it is used up", () =>
  inFolder(async (folder) => {
    await using test = await startGateway({
      providers: { sim: SIM },
      models: {
        fast: {
          targets: ["sim/echo"],
          budget: {
            dailyUsd: 0.06,
            onExceeded: "downgrade",
            downgradeTo: "slow",
          },
        },
        slow: { targets: ["sim/cheap"] },
      },
      pricing: PRICES,
      logging: { usage: { storagePath: `${folder}/usage` } },
    });
    const targets: (string | null)[] = [];
    let decision: string | null = null;
    for (let turn = 0; turn < 8; turn++) {
      const answer = await ask(test.url);
      assertEquals(answer.status, 200);
      targets.push(answer.headers.get("x-signalbox-target"));
      decision = answer.headers.get("x-signalbox-decision");
    }
    assertEquals(targets[0], "sim/echo");
    assertEquals(targets.at(-1), "sim/cheap");
    assertMatch(decision ?? "", /^slow;strategy=in_order;budget=alias:fast$/);
    assert(Number(await spentOf(test, "alias:fast")) <= 0.06);
  }));

Deno.test("An unpriced target is refused only where a budget refuses", () =>
  inFolder(async (folder) => {
    const config = (budgets: object) => ({
      providers: { sim: SIM },
      budgets,
      logging: { usage: { storagePath: `${folder}/usage` } },
    });
    await using test = await startGateway(
      config({ dailyUsd: 1, onExceeded: "warn" }),
    );
    const model = "sim/unpriced";
    assertEquals((await ask(test.url, { model })).status, 200);
    await test.reload(config({ dailyUsd: 1, onExceeded: "reject" }));
    const refused = await ask(test.url, { model });
    assertEquals(refused.status, 402);
    assertMatch((await refused.json()).error.message, /no price.*onUnpriced/);
    await test.reload(
      config({ dailyUsd: 1, onExceeded: "reject", onUnpriced: "allow" }),
    );
    assertEquals((await ask(test.url, { model })).status, 200);
  }));

Deno.test("A client's requests and tokens per minute are limited, and the answers say so", () =>
  inFolder(async (folder) => {
    await using test = await startGateway({
      providers: { sim: SIM },
      models: { fast: { targets: ["sim/echo"] } },
      clients: {
        few: { key: "${env:FEW}", limits: { requestsPerMinute: 2 } },
        small: { key: "${env:SMALL}", limits: { tokensPerMinute: 25 } },
      },
      logging: { usage: { storagePath: `${folder}/usage` } },
    }, { FEW: "few-key-123456", SMALL: "small-key-123456" });
    const few = { key: "few-key-123456" };
    const first = await ask(test.url, few);
    assertEquals(first.status, 200);
    assertEquals(first.headers.get("x-ratelimit-limit-requests"), "2");
    assertEquals(first.headers.get("x-ratelimit-remaining-requests"), "1");
    const second = await ask(test.url, { ...few, path: "/v1/messages" });
    assertEquals(
      second.headers.get("anthropic-ratelimit-requests-remaining"),
      "0",
    );
    const third = await ask(test.url, { ...few, stream: true });
    assertEquals(third.status, 429);
    assertEquals((await third.json()).error.code, "rate_limit_exceeded");
    const wait = Number(third.headers.get("retry-after"));
    assert(wait > 50 && wait <= 61, String(wait));
    const small = { key: "small-key-123456" };
    assertEquals((await ask(test.url, small)).status, 200);
    const fourth = await ask(test.url, small);
    assertEquals(fourth.status, 429);
    assert(Number(fourth.headers.get("x-ratelimit-remaining-tokens")) < 25);
    const metrics = await (await fetch(`${test.url}/metrics`)).text();
    assertMatch(metrics, /signalbox_rate_limited_total\{scope="requests"\} 1/);
    assertMatch(metrics, /signalbox_rate_limited_total\{scope="tokens"\} 1/);
  }));

/** A chat provider that keeps the output limits it was asked for. */
function upstream(
  _protocol: "chat",
): { url: string; limits: number[] } & AsyncDisposable {
  const limits: number[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const body = await request.json();
      limits.push(body.max_completion_tokens ?? body.max_tokens);
      return Response.json({
        id: "x",
        object: "chat.completion",
        created: 1,
        model: body.model,
        choices: [{
          index: 0,
          message: { role: "assistant", content: "hello" },
          finish_reason: "stop",
        }],
        usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
      });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/v1`,
    limits,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
