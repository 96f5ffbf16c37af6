/** Calls that are read on after their client has gone, while the process is told to stop. */

import { assert, assertEquals } from "@std/assert";
import {
  type Behaviour,
  chunk,
  FakeProvider,
  stream,
} from "../fake_provider/fake_provider.ts";
import { linesIn } from "./log_lines.ts";
import { chatEvents } from "./pair.ts";
import { GatewayProcess } from "./process.ts";

const [HELLO = "", ...REST] = chatEvents("hello, this is what was said so far");
const USAGE = `data: ${
  JSON.stringify({
    choices: [],
    usage: { prompt_tokens: 1000, completion_tokens: 50, total_tokens: 1050 },
  })
}\n\n`;

/** A provider that says the first words, and the rest when it is told to. */
function held(): { behaviour: Behaviour; release: () => void } {
  const released = Promise.withResolvers<void>();
  const behaviour: Behaviour = async (socket, request) => {
    await stream([HELLO], "stall")(socket, request);
    await released.promise;
    for (const text of [REST[0] ?? "", USAGE, REST[1] ?? ""]) {
      socket.write(chunk(text));
    }
    socket.write("0\r\n\r\n");
  };
  return { behaviour, release: () => released.resolve() };
}

function start(
  provider: FakeProvider,
  drainMs: number,
): Promise<GatewayProcess> {
  return GatewayProcess.start({
    config: {
      server: { drainMs },
      providers: {
        up: {
          protocols: { chat: `${provider.url}/v1` },
          keys: [],
          auth: "none",
          models: ["m"],
          onDisconnect: "drain",
        },
      },
      pricing: { models: { "up/m": { inputPer1M: 1, outputPer1M: 10 } } },
    },
  });
}

/** Asks for a stream, reads its first words and hangs up. */
async function askAndLeave(url: string): Promise<void> {
  const abort = new AbortController();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "up/m",
      stream: true,
      messages: [{ role: "user", content: "tell me" }],
    }),
    signal: abort.signal,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  abort.abort();
  await reader?.closed.catch(() => {});
  // Gone: nobody is served any more, and yet the call goes on.
  for (;;) {
    const answer = await fetch(`${url}/debug/connections`);
    if ((await answer.json()).total === 1) return;
  }
}

function usageOf(gateway: GatewayProcess) {
  return linesIn(`${gateway.folder}/state/usage`).map((line) => ({
    outcome: line.outcome,
    source: line.usageSource,
    usage: line.usage.totalTokens,
    cost: line.cost.totalCost,
    status: line.cost.status,
  }));
}

Deno.test("SIGTERM waits for a call whose client has gone, and its usage is logged as reported", async () => {
  const { behaviour, release } = held();
  await using provider = await FakeProvider.start(behaviour);
  await using gateway = await start(provider, 20_000);
  await askAndLeave(gateway.url);
  gateway.kill("SIGTERM");
  await gateway.line((line) => line["message"] === "draining");
  await new Promise((resolve) => setTimeout(resolve, 300));
  release();
  assertEquals(await gateway.ended(), 0);
  assertEquals(usageOf(gateway), [{
    outcome: "client_abort",
    source: "reported",
    usage: 1050,
    cost: "0.0015",
    status: "priced",
  }]);
});

for (const signals of [1, 2]) {
  Deno.test(`SIGTERM ${signals === 1 ? "waits no longer than drainMs" : "twice waits for nothing"}, and what was used so far is logged as an estimate`, async () => {
    const { behaviour, release } = held();
    await using provider = await FakeProvider.start(behaviour);
    await using gateway = await start(provider, signals === 1 ? 200 : 60_000);
    await askAndLeave(gateway.url);
    const startedMs = performance.now();
    gateway.kill("SIGTERM");
    if (signals === 2) {
      await gateway.line((line) => line["message"] === "draining");
      gateway.kill("SIGTERM");
    }
    assertEquals(await gateway.ended(), 0);
    assert(performance.now() - startedMs < 20_000);
    const [line, ...more] = usageOf(gateway);
    assertEquals(more, []);
    assertEquals(
      [line?.outcome, line?.source, line?.status],
      ["client_abort", "partial", "estimated"],
    );
    assert(line !== undefined && line.usage > 0 && Number(line.cost) > 0);
    release();
  });
}
