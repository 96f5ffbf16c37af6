/** What a running gateway explains is what it then does, and what it counts. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "../../src/cli/run.ts";
import type { Explanation } from "../../src/routing/explanation.ts";
import { FakeTerminal } from "../cli/fake_terminal.ts";
import type { Question } from "../routing/fixtures.ts";
import { Generated } from "../routing/generated.ts";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { wholeAnswer } from "./pair.ts";
import { FAST_SIMULATOR, startGateway, type TestGateway } from "./gateway.ts";

const JSON_TYPE = { "content-type": "application/json" };

async function explain(
  { url }: TestGateway,
  question: unknown,
): Promise<{ status: number; body: Explanation }> {
  const answer = await fetch(`${url}/api/routing/explain`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify(question),
  });
  return { status: answer.status, body: await answer.json() };
}

async function send(
  { url }: TestGateway,
  { endpoint, headers, body }: Question,
): Promise<{ status: number; target: string | null; text: string }> {
  const answer = await fetch(`${url}${endpoint}`, {
    method: "POST",
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  const target = answer.headers.get("x-signalbox-target");
  return { status: answer.status, target, text };
}

Deno.test("POST /api/routing/explain says where each of 1,000 requests over 10 configs then goes", async () => {
  const statuses = new Map<number, number>();
  for (let seed = 100; seed < 110; seed++) {
    const generated = new Generated(seed);
    await using gateway = await startGateway(generated.config(FAST_SIMULATOR));
    for (let request = 0; request < 100; request++) {
      const question = generated.question();
      const explained = await explain(gateway, question);
      assertEquals(explained.status, 200);
      const live = await send(gateway, question);
      const { chosen, refusal } = explained.body;
      statuses.set(live.status, (statuses.get(live.status) ?? 0) + 1);
      assertEquals(
        [live.status, live.target],
        [refusal?.status ?? 200, chosen],
        `${JSON.stringify(question)} ${live.text}`,
      );
    }
  }
  assert((statuses.get(200) ?? 0) > 600, JSON.stringify([...statuses]));
});

Deno.test("a gateway keeps a conversation on its target, and counts decisions and lookups", async () => {
  await using gateway = await startGateway({
    providers: { a: FAST_SIMULATOR, b: { ...FAST_SIMULATOR, region: "eu" } },
    models: {
      chat: {
        selector: "round_robin",
        modelType: "small",
        targets: ["b/1", "a/2"],
        affinity: { by: "header", header: "x-session" },
      },
    },
  });
  const targets: (string | null)[] = [];
  for (const session of ["s1", "s2", "s1", "s2", "s1"]) {
    const { target } = await send(gateway, {
      endpoint: "/v1/chat/completions",
      headers: { "x-session": session },
      body: { model: "chat", messages: [{ role: "user", content: "hi" }] },
    });
    targets.push(target);
  }
  assertEquals(targets, ["b/1", "a/2", "b/1", "a/2", "b/1"]);
  await send(gateway, {
    endpoint: "/v1/chat/completions",
    body: { model: "nobody", messages: [{ role: "user", content: "hi" }] },
  });
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  for (
    const line of [
      'routing_decisions_total{strategy="none",model_type="default",region="default"} 1',
      'routing_decisions_total{strategy="round_robin",model_type="small",region="eu"} 3',
      'routing_decisions_total{strategy="round_robin",model_type="small",region="default"} 2',
      "cache_hits_total 3",
      "cache_misses_total 2",
    ]
  ) assertStringIncludes(metrics, `\n${line}\n`);
});

Deno.test("a gateway learns which target is fast, and keeps what it knows over a reload", async () => {
  const config = {
    providers: {
      slow: {
        simulator: { ...FAST_SIMULATOR.simulator, firstTokenMs: { mean: 60 } },
      },
      fast: FAST_SIMULATOR,
    },
    models: { m: { selector: "latency", targets: ["slow/1", "fast/2"] } },
    routing: { explorationRate: 1 },
  };
  await using gateway = await startGateway(config);
  const question = {
    endpoint: "/v1/messages",
    body: {
      model: "m",
      max_tokens: 9,
      messages: [{ role: "user", content: "hi" }],
    },
  };
  // Drawn the first time; then the one without data is explored.
  for (let request = 0; request < 2; request++) await send(gateway, question);
  assertEquals((await send(gateway, question)).target, "fast/2");
  assertEquals(await gateway.reload({ ...config, rules: [] }), null);
  const { body } = await explain(gateway, question);
  assertEquals(body.chosen, "fast/2");
  assertStringIncludes(body.candidates[0]?.reason ?? "", "Median answer after");
});

/** Targets of each protocol; the fakes answer whatever reaches them. */
async function withFakes(
  onLoss: "header" | "reject",
  body: (gateway: TestGateway) => Promise<void>,
): Promise<void> {
  const chatPath = "/v1/chat/completions";
  await using chat = await FakeProvider.start(
    answer(200, wholeAnswer(chatPath, "x")),
  );
  await using messages = await FakeProvider.start(
    answer(200, wholeAnswer("/v1/messages", "x")),
  );
  await using gateway = await startGateway({
    providers: {
      c: {
        protocols: { chat: `${chat.url}/v1` },
        keys: ["${env:KEY}"],
        patches: ["groq"],
      },
      m: { protocols: { messages: messages.url }, keys: ["${env:KEY}"] },
    },
    models: {
      both: { onLoss, targets: ["m/claude", "c/glm-5"] },
      only: { onLoss, targets: ["m/claude"] },
      patched: { onLoss, targets: ["c/glm-5", "m/claude"] },
    },
  }, { KEY: "key-of-a-provider-1" });
  await body(gateway);
}

const HI = [{ role: "user", content: "hi" }];
const TRANSLATED: readonly [string, JsonObject, (string | null)[]][] = [
  ["/v1/chat/completions", { messages: HI }, [null, null]],
  ["/v1/chat/completions", { messages: HI, n: 2 }, ["n", "n"]],
  ["/v1/chat/completions", { messages: HI, logprobs: true }, [
    "logprobs",
    "logprobs",
  ]],
  ["/v1/responses", { input: "hi", background: true }, [
    "background",
    "background",
  ]],
  ["/v1/responses", {
    input: "hi",
    tools: [{ type: "custom", name: "patch" }],
  }, ["tools[0]", null]],
  ["/v1/messages", { max_tokens: 9, messages: HI, container: "c" }, [
    null,
    "container",
  ]],
];

for (const onLoss of ["header", "reject"] as const) {
  Deno.test(`POST /api/routing/explain foresees what translation refuses (onLoss ${onLoss})`, () =>
    withFakes(onLoss, async (gateway) => {
      for (const model of ["both", "only", "patched"]) {
        for (const [endpoint, fields, refused] of TRANSLATED) {
          const question = {
            endpoint,
            headers: {},
            body: { model, ...fields },
          };
          const explained = (await explain(gateway, question)).body;
          const live = await send(gateway, question);
          const told = JSON.stringify([model, fields, explained, live.text]);
          assertEquals(
            [live.status, live.target],
            [explained.refusal?.status ?? 200, explained.chosen],
            told,
          );
          if (explained.refusal !== null) {
            assert(
              live.text.includes(
                JSON.stringify(explained.refusal.message).slice(1, -1),
              ),
              told,
            );
          }
          const [atMessages, atChat] = refused;
          for (const { target, refusal } of explained.candidates) {
            const param = target === "m/claude" ? atMessages : atChat;
            assertEquals(refusal?.param ?? null, param ?? null, told);
          }
        }
      }
    }));
}

Deno.test("POST /api/routing/explain says what a translation loses, and refuses for it where the config says so", async () => {
  const question = {
    endpoint: "/v1/chat/completions",
    body: { model: "only", messages: HI, seed: 7 },
  };
  await withFakes("header", async (gateway) => {
    const { candidates, refusal } = (await explain(gateway, question)).body;
    assertEquals(refusal, null);
    assertEquals(candidates.map(({ protocol }) => protocol), ["messages"]);
    assertEquals(candidates[0]?.losses, [
      "seed: the messages protocol has no such field",
    ]);
  });
  await withFakes("reject", async (gateway) => {
    const { chosen, refusal } = (await explain(gateway, question)).body;
    assertEquals([chosen, refusal?.status], [null, 400]);
  });
});

Deno.test("POST /api/routing/explain names what is wrong with a question", async () => {
  await using gateway = await startGateway({
    providers: { a: FAST_SIMULATOR },
    models: { m: { targets: ["a/1"] } },
  });
  const body = { model: "m", messages: [] };
  const endpoint = "/v1/chat/completions";
  const cases: [unknown, string][] = [
    [[], "no JSON object"],
    [{ body }, "endpoint is missing"],
    [{ endpoint: "/v1/nope", body }, '\\"/v1/nope\\"'],
    [{ endpoint }, "body is no object"],
    [{ endpoint, body, client: "x" }, "no clients are configured"],
    [{ endpoint, body, headers: { a: 1 } }, "header"],
    [{ endpoint, body: { messages: [] } }, "model is missing"],
    [{ endpoint, body: { ...body, stream: 1 } }, "stream must be"],
  ];
  for (const [question, words] of cases) {
    const answer = await explain(gateway, question);
    assertEquals(answer.status, 400, words);
    assertStringIncludes(JSON.stringify(answer.body), words);
  }
});

Deno.test("POST /api/routing/explain is for admins", async () => {
  await using gateway = await startGateway({
    providers: { a: FAST_SIMULATOR },
    admin: { token: "${env:TOKEN}" },
  }, { TOKEN: "admin-token-0123456789" });
  const answer = await explain(gateway, {});
  assertEquals(answer.status, 401);
});

// --- the command -------------------------------------------------------------

const CONFIG = {
  providers: {
    a: { ...FAST_SIMULATOR, modelSettings: { "*": { images: false } } },
    b: FAST_SIMULATOR,
  },
  clients: { ci: { keySha256: "0".repeat(64), tier: "internal" } },
  admin: { token: "${env:SIGNALBOX_ADMIN_TOKEN}" },
  models: { m: { targets: ["a/1", "b/2"] } },
  rules: [{
    when: { tier: ["internal"], headers: { "x-team": "blue" } },
    use: "b/ruled",
  }],
};
const VARIABLES = { SIGNALBOX_ADMIN_TOKEN: "admin-token-0123456789" };
const PICTURE = JSON.stringify({
  model: "m",
  messages: [{ role: "user", content: [{ type: "image_url" }] }],
});

async function command(
  words: readonly string[],
  input: string,
): Promise<{ code: number; out: string; err: string }> {
  const variables = new Map(Object.entries(VARIABLES));
  const terminal = new FakeTerminal({ input, environment: variables });
  const code = await run(["explain", ...words], terminal);
  return { code, out: terminal.outText, err: terminal.errText };
}

Deno.test("explain tells from a config and from a running gateway, in the same words", async () => {
  await using gateway = await startGateway(CONFIG, VARIABLES);
  const path = `${gateway.folder}/signalbox.jsonc`;
  const asked = ["--endpoint", "chat", "-"];
  const offline = await command(["--config", path, ...asked], PICTURE);
  const running = await command(["--url", gateway.url, ...asked], PICTURE);
  assertEquals(offline, running);
  assertEquals([offline.code, offline.err], [0, ""]);
  assertStringIncludes(offline.out, "m: by alias, alias m, selector in_order");
  assertStringIncludes(offline.out, "1  b/2");
  assertStringIncludes(offline.out, "a/1       It takes no images");
});

Deno.test("explain shows what translation loses and refuses", async () => {
  const file = {
    admin: CONFIG.admin,
    providers: {
      m: { protocols: { messages: "http://127.0.0.1:1" } },
      c: { protocols: { chat: "http://127.0.0.1:1/v1" } },
    },
    models: { x: { targets: ["m/claude", "c/glm-5"] } },
  };
  await using gateway = await startGateway(file, VARIABLES);
  const config = ["--config", `${gateway.folder}/signalbox.jsonc`];
  const asked = ["--endpoint", "/v1/responses", "-"];
  const tools = [{
    type: "custom",
    name: "patch",
    format: { type: "grammar", syntax: "lark", definition: "x" },
  }];
  const input = JSON.stringify({ model: "x", input: "hi", tools });
  const offline = await command([...config, ...asked], input);
  assertEquals(offline.code, 0);
  assertStringIncludes(offline.out, "m/claude  Cannot send tools[0]");
  assertStringIncludes(offline.out, "c/glm-5   Loses tools[0].format: ");
  assertEquals(
    await command(["--url", gateway.url, ...asked], input),
    offline,
  );
  const one = JSON.stringify({ model: "m/claude", input: "hi", tools });
  const refused = await command([...config, ...asked], one);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.out, "Refused with 400: Cannot send tools[0]");
});

Deno.test("explain takes client and headers, and speaks JSON", async () => {
  await using gateway = await startGateway(CONFIG, VARIABLES);
  const file = `${gateway.folder}/request.json`;
  await Deno.writeTextFile(file, PICTURE);
  const { code, out } = await command([
    "--config",
    `${gateway.folder}/signalbox.jsonc`,
    "--endpoint",
    "/v1/chat/completions",
    "--client",
    "ci",
    "--headers",
    '{"X-Team": "blue"}',
    "--json",
    file,
  ], "");
  const explanation = JSON.parse(out) as Explanation;
  assertEquals([code, explanation.chosen, explanation.rule], [
    0,
    "b/ruled",
    0,
  ]);
  assertEquals(explanation.facts.tier, "internal");
});

Deno.test("explain exits with 1 for a request that would be refused, with 2 for a mistake, with 3 without an answer", async () => {
  await using gateway = await startGateway(CONFIG, VARIABLES);
  const config = ["--config", `${gateway.folder}/signalbox.jsonc`];
  const endpoint = ["--endpoint", "chat"];
  const unknown = '{"model":"nobody","messages":[]}';
  const refused = await command([...config, ...endpoint, "-"], unknown);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.out, "Refused with 404");
  const mistakes: [string[], string, string][] = [
    [[...config, "-"], PICTURE, "--endpoint is missing"],
    [[...config, ...endpoint], PICTURE, "FILE is missing"],
    [[...config, ...endpoint, "-"], "[]", "no JSON object"],
    [[...config, ...endpoint, "--client", "x", "-"], PICTURE, "give one of ci"],
    [[...config, ...endpoint, "--headers", "x", "-"], PICTURE, "--headers"],
    [["--url", "nowhere", ...endpoint, "-"], PICTURE, "--url nowhere"],
    [["--url", gateway.url, "--endpoint", "x", "-"], PICTURE, "endpoint is"],
  ];
  for (const [words, input, says] of mistakes) {
    const { code, err } = await command(words, input);
    assertEquals(code, 2, says);
    assertStringIncludes(err, says);
  }
  const away = await command([...config, ...endpoint, "/no/such/file"], "");
  assertEquals(away.code, 3);
  const { url } = gateway;
  await gateway.gateway[Symbol.asyncDispose]();
  const nobody = await command(["--url", url, ...endpoint, "-"], PICTURE);
  assertEquals(nobody.code, 3);
  assertStringIncludes(nobody.err, "Cannot ask");
});
