import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { GatewayProcess, sourceProgram } from "./process.ts";

const PACED = {
  simulator: {
    firstTokenMs: { mean: 5 },
    tokenMs: { mean: 5 },
  },
};
const CONFIG = { providers: { sim: PACED } };

function streamOf(url: string, model: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      stream: true,
      messages: [{ role: "user", content: "tell me a long story" }],
    }),
  });
}

Deno.test("serve lets 50 streams end at SIGTERM, cuts none and exits with 0", async () => {
  await using gateway = await GatewayProcess.start({ config: CONFIG });
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => streamOf(gateway.url, "sim/tokens-150")),
  );
  const readers = responses.map((response) => {
    assert(response.body);
    return response.body.getReader();
  });
  const firsts = await Promise.all(readers.map((reader) => reader.read()));
  gateway.kill("SIGTERM");
  await gateway.line((line) => line["message"] === "draining");
  const ready = await fetch(`${gateway.url}/ready`).catch(() => null);
  await ready?.body?.cancel();
  assert(ready === null || ready.status === 503, "not ready any more");
  const texts = await Promise.all(readers.map(async (reader, index) => {
    const decoder = new TextDecoder();
    let text = decoder.decode(firsts[index]?.value, { stream: true });
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return text;
      text += decoder.decode(value, { stream: true });
    }
  }));
  for (const text of texts) {
    assertStringIncludes(text, "[DONE]");
    assert(!text.includes('"error"'));
  }
  assertEquals(await gateway.ended(), 0);
  const stopped = gateway.lines.find((line) => line["message"] === "stopped");
  assertEquals(stopped?.["told"], 0);
});

Deno.test("serve tells a stream that outlives drainMs by an error event and exits with 0", async () => {
  await using gateway = await GatewayProcess.start({
    config: { ...CONFIG, server: { drainMs: 50 } },
  });
  const response = await streamOf(gateway.url, "sim/tokens-9000");
  assert(response.body);
  const reader = response.body.getReader();
  const first = await reader.read();
  gateway.kill("SIGINT");
  let text = new TextDecoder().decode(first.value);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  assertStringIncludes(text, "shutting down");
  assert(!text.includes("[DONE]"));
  assertEquals(await gateway.ended(), 0);
});

Deno.test("serve ends at once at a second signal", async () => {
  await using gateway = await GatewayProcess.start({ config: CONFIG });
  const response = await streamOf(gateway.url, "sim/stall-after-1");
  gateway.kill("SIGTERM");
  await gateway.line((line) => line["message"] === "draining");
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
  await response.body?.cancel().catch(() => {});
});

Deno.test("serve keeps the old config when SIGHUP brings a bad one, and takes a good one", async () => {
  await using gateway = await GatewayProcess.start({ config: CONFIG });
  await gateway.writeConfig('{ "providers": { "sim": ');
  gateway.kill("SIGHUP");
  const failed = await gateway.line((line) =>
    String(line["message"]).startsWith("config reload failed")
  );
  assertEquals(failed["level"], "error");
  const old = await streamOf(gateway.url, "sim/echo");
  assertEquals(old.status, 200);
  await old.body?.cancel();
  await gateway.writeConfig({ providers: { fresh: PACED } });
  gateway.kill("SIGHUP");
  await gateway.line((line) => String(line["providers"]).startsWith("fresh("));
  const answer = await streamOf(gateway.url, "fresh/echo");
  assertEquals(answer.status, 200);
  await answer.body?.cancel();
  const kept = JSON.parse(
    await Deno.readTextFile(`${gateway.folder}/state/effective-config.json`),
  );
  assertEquals(Object.keys(kept.config.providers), ["fresh"]);
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
});

Deno.test("serve lives through SIGUSR1 and SIGUSR2", async () => {
  await using gateway = await GatewayProcess.start({ config: CONFIG });
  gateway.kill("SIGUSR2");
  const health = await fetch(`${gateway.url}/health`);
  assertEquals(health.status, 200);
  await health.body?.cancel();
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
});

async function runToEnd(
  folder: string,
  config: string,
  ...flags: string[]
): Promise<{ code: number; text: string }> {
  await Deno.writeTextFile(`${folder}/signalbox.jsonc`, config);
  const [command = "", ...args] = sourceProgram();
  const output = await new Deno.Command(command, {
    args: [
      ...args,
      "serve",
      "--config",
      `${folder}/signalbox.jsonc`,
      ...flags,
    ],
    cwd: folder,
    stdin: "null",
    // One that starts after all must not keep the suite.
    signal: AbortSignal.timeout(20_000),
  }).output();
  return {
    code: output.code,
    text: new TextDecoder().decode(output.stderr),
  };
}

Deno.test("serve says what is wrong and does not start: port in use, second process, bad config", async () => {
  await using gateway = await GatewayProcess.start({ config: CONFIG });
  const port = Number(new URL(gateway.url).port);
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  const used = await runToEnd(
    folder,
    JSON.stringify({ ...CONFIG, server: { port }, stateDir: `${folder}/s` }),
  );
  assertEquals(used.code, 3);
  assertStringIncludes(used.text, "the port is in use");
  const locked = await runToEnd(
    folder,
    JSON.stringify({
      ...CONFIG,
      server: { port: 0 },
      stateDir: `${gateway.folder}/state`,
    }),
  );
  assertEquals(locked.code, 3);
  assertStringIncludes(locked.text, "another process uses");
  const bad = await runToEnd(
    folder,
    '{ "providers": { "sim": { "simulator": {} } }, "modles": {} }',
  );
  assertEquals(bad.code, 1);
  assertStringIncludes(bad.text, "models");
  const open = await runToEnd(
    folder,
    JSON.stringify({ ...CONFIG, server: { port: 0 } }),
    "--host",
    "0.0.0.0",
  );
  assertEquals(open.code, 1, open.text);
  assertStringIncludes(
    open.text,
    "server.host: 0.0.0.0 is reachable from other machines",
  );
  await Deno.remove(folder, { recursive: true });
});
