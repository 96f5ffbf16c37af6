// F22 to F26, F31 and F32: signals, restarts, reloads and a log that nobody
// reads, each under load.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import {
  pairConfig,
  postJson,
  UPSTREAM_KEY,
  wholeAnswer,
} from "../e2e/pair.ts";
import { GatewayProcess, sourceProgram } from "../e2e/process.ts";
import {
  askChat,
  CHAT,
  descriptors,
  Load,
  metric,
  pause,
  quantile,
  rssMb,
  spell,
  tell,
  until,
} from "./load.ts";

const SIM = {
  simulator: { firstTokenMs: { mean: 5 }, tokenMs: { mean: 10 } },
};

/** Begins 200 streams; resolves once all have begun, with what each says to its end. */
async function begin200(
  model: string,
  gateway: GatewayProcess,
): Promise<readonly Promise<string>[]> {
  let begun = 0;
  const streams = Array.from({ length: 200 }, async () => {
    const response = await postJson(gateway.url + CHAT, {
      model: `sim/${model}`,
      stream: true,
      messages: [{ role: "user", content: "hi" }],
    });
    begun++;
    return await response.text();
  });
  await until("200 heads", 20_000, () => begun === 200);
  return streams;
}

Deno.test("F22: SIGTERM during 200 streams: none is cut, the gateway is not ready at once, exit code 0", async () => {
  await using gateway = await GatewayProcess.start({
    config: { providers: { sim: SIM }, server: { drainDelayMs: 1000 } },
  });
  const streams = await begin200("tokens-200", gateway);
  gateway.kill("SIGTERM");
  const sentMs = performance.now();
  await gateway.line(({ message }) => message === "draining");
  const ready = await fetch(`${gateway.url}/ready`);
  await ready.body?.cancel();
  assertEquals(ready.status, 503);
  const readyMs = performance.now() - sentMs;
  const texts = await Promise.all(streams);
  const cut =
    texts.filter((text) => !text.includes("[DONE]") || text.includes('"error"'))
      .length;
  assertEquals(await gateway.ended(), 0);
  tell(
    "F22",
    `${cut} of 200 streams cut; /ready said 503 ${
      readyMs.toFixed(0)
    } ms after the signal; exit 0 after ${
      (performance.now() - sentMs).toFixed(0)
    } ms`,
  );
  assertEquals(cut, 0);
});

Deno.test("F22: streams that outlive the drain get an error event each", async () => {
  await using gateway = await GatewayProcess.start({
    config: { providers: { sim: SIM }, server: { drainMs: 500 } },
  });
  const streams = await begin200("stall-after-2", gateway);
  gateway.kill("SIGTERM");
  const texts = await Promise.all(streams);
  const silent = texts.filter((text) => !text.includes("shutting down")).length;
  assertEquals(await gateway.ended(), 0);
  tell("F22", `${silent} of 200 overdue streams ended without an error event`);
  assertEquals(silent, 0);
});

const KEEP_SOCKET = `use Socket; use POSIX; $^F = 255;
socket(S, PF_INET, SOCK_STREAM, 0) or die; bind(S, sockaddr_in(0, inet_aton("127.0.0.1"))) or die;
listen(S, 1024) or die; my ($port) = sockaddr_in(getsockname(S)); POSIX::dup2(fileno(S), 3);
open(P, ">", "$ENV{STATE}/port") or die; print P $port; close P;
$ENV{LISTEN_FDS} = 1;
while (!-e "$ENV{STATE}/stop") {
  my $pid = fork(); if ($pid == 0) { $ENV{LISTEN_PID} = $$; exec("sh", "-c", $ARGV[0]) or die; }
  open(P, ">", "$ENV{STATE}/pid.new") or die; print P $pid; close P; rename("$ENV{STATE}/pid.new", "$ENV{STATE}/pid");
  waitpid($pid, 0);
}`;

async function hasPerl(): Promise<boolean> {
  try {
    const output = await new Deno.Command("perl", {
      args: ["-v"],
      stdout: "null",
    })
      .output();
    return output.success;
  } catch {
    return false;
  }
}

const perl = await hasPerl();

Deno.test({
  name: `F23: restarts on an inherited socket under load refuse nobody${
    perl ? "" : " (skipped: no perl to hold the socket)"
  }`,
  ignore: !perl,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
    const config = {
      stateDir: `${folder}/state`,
      providers: {
        sim: { simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } } },
      },
    };
    await Deno.writeTextFile(
      `${folder}/signalbox.jsonc`,
      JSON.stringify(config),
    );
    const run = sourceProgram().map((word) => `'${word}'`).join(" ");
    const keeper = new Deno.Command("perl", {
      args: [
        "-e",
        KEEP_SOCKET,
        `exec ${run} serve --config '${folder}/signalbox.jsonc'`,
      ],
      cwd: folder,
      env: { STATE: folder },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const read = (name: string) =>
      Deno.readTextFile(`${folder}/${name}`).catch(() => "");
    await until("the port", 5000, async () => await read("port") !== "");
    const url = `http://127.0.0.1:${await read("port")}`;
    await until("the first start", 10_000, async () => {
      const response = await fetch(`${url}/ready`, {
        signal: AbortSignal.timeout(10_000),
      });
      await response.body?.cancel();
      return response.status === 200;
    });
    const load = new Load(8, () => askChat(url, "sim/tokens-3"));
    for (let restart = 0; restart < 4; restart++) {
      await load.more(200);
      const pid = await read("pid");
      Deno.kill(Number(pid), "SIGTERM");
      await until(
        "another process",
        15_000,
        async () => await read("pid") !== pid,
      );
    }
    await load.more(200);
    const { statuses, tookMs, errors } = await load.stop();
    await Deno.writeTextFile(`${folder}/stop`, "");
    Deno.kill(Number(await read("pid")), "SIGTERM");
    await keeper.status;
    await Deno.remove(folder, { recursive: true });
    tell(
      "F23",
      `4 restarts: ${spell(statuses)}; worst ${
        Math.max(...tookMs).toFixed(0)
      } ms; ${[...new Set(errors)].slice(0, 3).join(" | ")}`,
    );
    assertEquals([...statuses.keys()], [200]);
  },
});

Deno.test("F24: SIGHUP with a broken or half-written config under load changes nothing", async () => {
  const config = {
    providers: {
      sim: { simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } } },
    },
  };
  await using gateway = await GatewayProcess.start({ config });
  const load = new Load(4, () => askChat(gateway.url, "sim/tokens-3"));
  const good = JSON.stringify({ ...config, server: { port: 0 } });
  const broken = [
    "",
    good.slice(0, 20),
    good.slice(0, -1),
    '{ "providers": {} , "x": 1 }',
    '{ "providers": { "sim": { "simulator": { "seed": "one" } } } }',
    "\u0000\u0001",
  ];
  let failures = 0;
  for (const text of [...broken, ...broken, ...broken]) {
    await gateway.writeConfig(text);
    gateway.kill("SIGHUP");
    failures++;
    await until(
      "the refusal",
      5000,
      () =>
        gateway.lines.filter(({ message }) =>
          String(message).startsWith("config reload failed")
        ).length >= failures,
    );
  }
  await load.more(100);
  const { statuses } = await load.stop();
  assertEquals([...statuses.keys()], [200]);
  assertEquals(
    await metric(gateway, "signalbox_config_last_reload_successful"),
    0,
  );
  tell("F24", `${failures} broken configs under load: ${spell(statuses)}`);
});

Deno.test("F25: 1,000 config swaps under load: every request sees one config, nothing leaks", async () => {
  // The provider says which config's header and which config's model it saw.
  await using provider = await FakeProvider.start((socket, request) => {
    const { model } = JSON.parse(new TextDecoder().decode(request.body));
    const text = `${request.header("x-config")} ${model}`;
    return answer(200, wholeAnswer(CHAT, text))(socket, request);
  });
  const make = (name: string) => ({
    ...pairConfig(provider.url, {
      models: { fast: { targets: [`up/model-${name}`] } },
    }, { headers: { "x-config": name } }),
  });
  await using gateway = await GatewayProcess.start({
    config: make("a"),
    environment: { UP_KEY: UPSTREAM_KEY },
  });
  let mixed = 0;
  const seen = new Set<string>();
  const load = new Load(8, async () => {
    const answered = await askChat(gateway.url, "fast");
    const said = /(a|b) model-(a|b)/.exec(answered.text);
    if (said !== null && said[1] !== said[2]) mixed++;
    seen.add(said?.[1] ?? answered.text);
    return answered;
  });
  await load.more(200);
  const before = [await descriptors(gateway), await rssMb(gateway)];
  let loaded = 1;
  for (let swap = 1; swap <= 1000; swap++) {
    await gateway.writeConfig(make(swap % 2 === 0 ? "a" : "b"));
    gateway.kill("SIGHUP");
    loaded++;
    await until(
      "the reload",
      10_000,
      () =>
        gateway.lines.filter(({ message }) => message === "config loaded")
          .length >= loaded,
    );
  }
  const { statuses } = await load.stop();
  await pause(500);
  const after = [await descriptors(gateway), await rssMb(gateway)];
  tell(
    "F25",
    `1,000 swaps: ${spell(statuses)}, mixed ${mixed}; descriptors ${
      before[0]
    } before, ${after[0]} after; RSS ${before[1]?.toFixed(0)} and ${
      after[1]?.toFixed(0)
    } MB`,
  );
  assertEquals([mixed, [...seen].sort()], [0, ["a", "b"]]);
  assertEquals([...statuses.keys()], [200]);
  assert((after[0] ?? 0) <= (before[0] ?? 0) + 20, "descriptors leak");
});

/** A port that is free now. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

Deno.test("F26: a log that nobody reads stops no request; lines are dropped and counted", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  const port = freePort();
  await Deno.writeTextFile(
    `${folder}/signalbox.jsonc`,
    JSON.stringify({
      stateDir: `${folder}/state`,
      server: { port },
      providers: {
        sim: { simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } } },
      },
    }),
  );
  const [command = "", ...args] = sourceProgram();
  const child = new Deno.Command(command, {
    args: [...args, "serve", "--config", `${folder}/signalbox.jsonc`],
    cwd: folder,
    stdin: "null",
    stdout: "null",
    // Never read: full after 64 KB.
    stderr: "piped",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  await until(
    "the start",
    10_000,
    () =>
      fetch(`${url}/health`).then((response) => {
        response.body?.cancel();
        return true;
      }).catch(() => false),
  );
  const load = new Load(8, () => askChat(url, "sim/tokens-1"));
  await load.more(3000);
  const { statuses, tookMs } = await load.stop();
  const text = await (await fetch(`${url}/metrics`)).text();
  const dropped = /^signalbox_log_lines?_dropped_total(?:\{[^}]*\})? (\d+)/m
    .exec(text)?.[1] ??
    /^signalbox_log_dropped[a-z_]*(?:\{[^}]*\})? (\d+)/m
      .exec(text)?.[1] ??
    "0";
  const killedMs = performance.now();
  child.kill("SIGTERM");
  const { code } = await child.status;
  const exitMs = performance.now() - killedMs;
  await child.stderr.cancel();
  await Deno.remove(folder, { recursive: true });
  tell(
    "F26",
    `${spell(statuses)}; p50 ${quantile(tookMs, 0.5).toFixed(1)} ms, worst ${
      Math.max(...tookMs).toFixed(0)
    } ms; ${dropped} lines dropped; exit ${code} ${
      exitMs.toFixed(0)
    } ms after SIGTERM`,
  );
  assertEquals([...statuses.keys()], [200]);
  assert(Number(dropped) > 0, "dropped lines are counted");
  assertEquals(code, 0);
});

Deno.test("F31: a second instance on the same data says why and ends, the first serves on", async () => {
  await using gateway = await GatewayProcess.start({
    config: { providers: { sim: SIM } },
  });
  const load = new Load(2, () => askChat(gateway.url, "sim/tokens-1"));
  const [command = "", ...args] = sourceProgram();
  const { code, stderr } = await new Deno.Command(command, {
    args: [...args, "serve", "--config", `${gateway.folder}/signalbox.jsonc`],
    cwd: gateway.folder,
    stdin: "null",
  }).output();
  assertEquals(code, 3);
  assertStringIncludes(
    new TextDecoder().decode(stderr),
    "another process uses",
  );
  await load.more(20);
  const { statuses } = await load.stop();
  assertEquals([...statuses.keys()], [200]);
});

Deno.test("F32: a port in use, a forbidden address, a missing key, an unknown key: one line each, exit code not 0", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  const base = { stateDir: `${folder}/state`, providers: { sim: SIM } };
  const cases: readonly (readonly [Record<string, unknown>, RegExp, number])[] =
    [
      [{ ...base, server: { port } }, /the port is in use/, 3],
      [
        { ...base, server: { host: "192.0.2.1", port: 0 } },
        /no such address|clients|token/,
        1,
      ],
      [
        {
          ...base,
          providers: {
            up: {
              protocols: { chat: "http://127.0.0.1:1" },
              keys: ["${env:NO_SUCH_KEY}"],
            },
          },
        },
        /NO_SUCH_KEY/,
        1,
      ],
      [{ ...base, servers: {} }, /did you mean server/, 1],
    ];
  const [command = "", ...args] = sourceProgram();
  for (const [config, says, expected] of cases) {
    await Deno.writeTextFile(`${folder}/c.jsonc`, JSON.stringify(config));
    const { code, stderr } = await new Deno.Command(command, {
      args: [...args, "serve", "--config", `${folder}/c.jsonc`],
      cwd: folder,
      stdin: "null",
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder().decode(stderr);
    assert(says.test(text), text);
    assertEquals(code, expected, text);
    assert(!text.includes("at file:"), "no stack");
    if (expected !== 1 || "server" in config) continue;
    // `check` says the same without starting anything.
    const checked = await new Deno.Command(command, {
      args: [...args, "check", "--config", `${folder}/c.jsonc`],
      cwd: folder,
      stdin: "null",
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(checked.code, 1);
    const said = new TextDecoder().decode(checked.stdout) +
      new TextDecoder().decode(checked.stderr);
    assert(says.test(said), said);
  }
  listener.close();
  await Deno.remove(folder, { recursive: true });
});
