// F1 to F11: providers that fail, one real gateway process each, a second
// target behind them where failover is the point.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";
import {
  answer,
  type Behaviour,
  drained,
  FakeProvider,
  head,
  resetAtOnce,
  silent,
  stream,
} from "../fake_provider/fake_provider.ts";
import { chatEvents, wholeAnswer } from "../e2e/pair.ts";
import { linesIn } from "../e2e/log_lines.ts";
import { GatewayProcess, sourceProgram } from "../e2e/process.ts";
import { needs } from "../skip.ts";
import {
  askChat,
  askMany,
  CHAT,
  Load,
  pause,
  quantile,
  rssMb,
  spell,
  tell,
  until,
} from "./load.ts";
import { has } from "./rig/rig.ts";

const GOOD: Behaviour = (socket, request) =>
  new TextDecoder().decode(request.body).includes('"stream":true')
    ? stream(chatEvents("fine"))(socket, request)
    : answer(200, wholeAnswer(CHAT, "fine"))(socket, request);

interface Setup extends AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly good: FakeProvider;
}

/** Alias `fast`: first the bad provider, then the good one. `alone`: the bad one. */
async function start(
  badUrl: string,
  bad: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
  program: readonly string[] = sourceProgram(),
): Promise<Setup> {
  const good = await FakeProvider.start(GOOD);
  const gateway = await GatewayProcess.start({
    program,
    config: {
      providers: {
        bad: { protocols: { chat: badUrl }, ...bad },
        good: { protocols: { chat: `${good.url}/v1` } },
      },
      models: {
        fast: { targets: ["bad/m", "good/m"] },
        alone: { targets: ["bad/m"] },
      },
      routing: {
        retry: { maxAttempts: 3, sameTargetRetries: 0, budgetRatio: 1 },
        breaker: { enabled: false },
      },
      ...more,
    },
  });
  return {
    gateway,
    good,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await good[Symbol.asyncDispose]();
    },
  };
}

async function closedPort(): Promise<number> {
  const provider = await FakeProvider.start(silent);
  const { port } = provider;
  await provider[Symbol.asyncDispose]();
  return port;
}

Deno.test("F1: a provider that refuses costs no client anything while another lives", async () => {
  await using setup = await start(`http://127.0.0.1:${await closedPort()}/v1`);
  const { url } = setup.gateway;
  await askMany(50, 4, () => askChat(url, "good/m"));
  const base = await askMany(300, 4, () => askChat(url, "good/m"));
  const over = await askMany(300, 4, () => askChat(url, "fast"));
  assertEquals(spell(over.statuses), "200: 300");
  const added = quantile(over.tookMs, 0.5) - quantile(base.tookMs, 0.5);
  assert(added < 50, `${added} ms`);
  const alone = await askMany(20, 4, () => askChat(url, "alone"));
  assertEquals(spell(alone.statuses), "502: 20");
  tell("F1", `300 of 300 failed over, ${added.toFixed(2)} ms more at p50`);
});

/** A port whose connections are neither accepted nor refused. */
async function blackHole(): Promise<
  { port: number; sockets: Socket[] } & AsyncDisposable
> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const sockets: Socket[] = [];
  for (;;) {
    const socket = connectSocket({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    sockets.push(socket);
    const opened = await Promise.race([
      new Promise<boolean>((resolve) =>
        socket.on("connect", () => resolve(true))
      ),
      pause(300).then(() => false),
    ]);
    if (!opened) break;
    if (sockets.length > 20_000) throw new Error("Cannot fill the backlog");
  }
  return {
    port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await pause(50);
    },
  };
}

Deno.test("F2: a black hole costs the connect timeout, then the next target answers", async () => {
  await using hole = await blackHole();
  await using setup = await start(`http://127.0.0.1:${hole.port}/v1`, {
    timeouts: { connectMs: 700 },
  });
  const { tookMs, statuses } = await askMany(
    20,
    20,
    () => askChat(setup.gateway.url, "fast"),
  );
  assertEquals(spell(statuses), "200: 20");
  const worst = Math.max(...tookMs);
  assert(worst < 700 + 500, `${worst} ms`);
  const alone = await askChat(setup.gateway.url, "alone");
  assertEquals(alone.status, 504);
  tell("F2", `failover after ${worst.toFixed(0)} ms at worst, limit 700 ms`);
});

Deno.test("F3: a provider that says nothing costs the first-byte timeout", async () => {
  await using bad = await FakeProvider.start(silent);
  await using setup = await start(`${bad.url}/v1`, {
    timeouts: { firstByteMs: 400, responseMs: 400 },
  });
  for (const streamed of [false, true]) {
    const { tookMs, statuses } = await askMany(
      20,
      20,
      () => askChat(setup.gateway.url, "fast", streamed),
    );
    assertEquals(spell(statuses), "200: 20");
    tell(
      "F3",
      `${streamed ? "stream" : "whole"}: failover after ${
        Math.max(...tookMs).toFixed(0)
      } ms, limit 400 ms`,
    );
  }
  const alone = await askChat(setup.gateway.url, "alone");
  assertEquals(alone.status, 504);
  assertEquals(bad.requests.length, 41, "each was asked once");
});

Deno.test("F4: a reset before the head is answered by another target, once", async () => {
  await using bad = await FakeProvider.start(resetAtOnce);
  await using setup = await start(`${bad.url}/v1`);
  const { statuses } = await askMany(
    200,
    8,
    () => askChat(setup.gateway.url, "fast"),
  );
  assertEquals(spell(statuses), "200: 200");
  assertEquals([bad.requests.length, setup.good.requests.length], [200, 200]);
});

Deno.test("F5: 200 streams that are reset in the middle: none looks complete, none is asked twice", async () => {
  await using bad = await FakeProvider.start(
    stream(chatEvents("some text").slice(0, 1), "reset"),
  );
  await using setup = await start(`${bad.url}/v1`);
  let complete = 0;
  const { statuses } = await askMany(200, 20, async () => {
    const { status, text } = await askChat(setup.gateway.url, "fast", true);
    if (text.includes("[DONE]") || text.includes('"stop"')) complete++;
    // A reset may overtake the text: then the other target has answered.
    assert(text.includes('"error"') || text.includes("fine"), text);
    return { status, text };
  });
  tell(
    "F5",
    `${
      spell(statuses)
    }; ${setup.good.requests.length} reset before their text; look complete: ${
      complete - setup.good.requests.length
    }`,
  );
  assertEquals(complete, setup.good.requests.length);
  assertEquals(bad.requests.length, 200);
});

Deno.test("F6: a stall in the middle ends in an error event and closes the upstream", async () => {
  await using bad = await FakeProvider.start(
    stream(chatEvents("some text").slice(0, 1), "stall"),
  );
  await using setup = await start(`${bad.url}/v1`, {
    timeouts: { streamIdleMs: 500 },
  });
  const { tookMs } = await askMany(100, 100, async () => {
    const answered = await askChat(setup.gateway.url, "fast", true);
    assertStringIncludes(answered.text, "silent for 500 ms");
    return answered;
  });
  const closedMs = await until(
    "upstream sockets",
    1000,
    () => bad.closedSockets >= 100,
  );
  tell(
    "F6",
    `100 streams ended after ${
      quantile(tookMs, 0.5).toFixed(0)
    } ms (p50), upstream sockets gone ${closedMs.toFixed(0)} ms later`,
  );
});

/** How failing targets are treated where nothing else is said. */
const DEFAULT_ROUTING = { routing: { retry: {} } };

for (const [status, expected] of [[429, 429], [529, 503]] as const) {
  Deno.test(`F7: a storm of ${status} is not fed: while the provider rests it is left alone`, async () => {
    const askedMs: number[] = [];
    await using bad = await FakeProvider.start((socket, request) => {
      askedMs.push(performance.now());
      return answer(status, '{"error":{"message":"slow down"}}', {
        "retry-after": String(REST_MS / 1000),
      })(socket, request);
    });
    await using setup = await start(`${bad.url}/v1`, {}, DEFAULT_ROUTING);
    const { url } = setup.gateway;
    const load = new Load(8, () => askChat(url, "fast"));
    await pause(4 * REST_MS);
    const { statuses } = await load.stop();
    const during = askedWhileResting(askedMs);
    const perSecond = askedMs.length / (4 * REST_MS / 1000);
    assertEquals([...statuses.keys()], [200]);

    const asked = askedMs.length;
    const left: (string | null)[] = [];
    const alone = await askMany(40, 4, async () => {
      const response = await fetch(url + CHAT, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"model":"alone","messages":[{"role":"user","content":"hi"}]}',
      });
      left.push(response.headers.get("retry-after"));
      return { status: response.status, text: await response.text() };
    });
    tell(
      "F7",
      `${status} with Retry-After ${REST_MS / 1000}: ${
        spell(statuses)
      } through the other target; the resting one was asked ${
        perSecond.toFixed(1)
      } times a second, ${during} of ${asked} while it rested; where it is the last resort ${
        spell(alone.statuses)
      }, Retry-After ${[...new Set(left)].join(", ")}, asked ${
        askedMs.length - asked
      } times by 40 requests`,
    );
    assertEquals(during, 0, "asked while it rested");
    assertEquals([...alone.statuses.keys()], [expected]);
    for (const seconds of left) {
      assert(Number(seconds) >= 1 && Number(seconds) <= REST_MS / 1000);
    }
    // Where nobody else is left the resting one is the last resort, but no
    // request is made more of than its client made.
    assert(askedMs.length - asked <= 60, `${askedMs.length - asked} calls`);
  });
}

const REST_MS = 3000;

/** Calls that came well after a refusal and well before the end of the rest that it asked for. */
function askedWhileResting(askedMs: readonly number[]): number {
  let firstMs = -Infinity;
  let count = 0;
  for (const atMs of askedMs) {
    if (atMs - firstMs >= REST_MS - 100) firstMs = atMs;
    else if (atMs - firstMs > 300) count++;
  }
  return count;
}

Deno.test("F8: a provider that fails every second time: every client is answered", async () => {
  let count = 0;
  await using bad = await FakeProvider.start((socket, request) =>
    count++ % 2 === 0
      ? answer(500, '{"error":{"message":"boom"}}')(socket, request)
      : GOOD(socket, request)
  );
  await using setup = await start(`${bad.url}/v1`, {}, {
    routing: { breaker: { openMs: 1000 }, cooldownMs: { serverError: 0 } },
  });
  const { statuses } = await askMany(
    4000,
    16,
    () => askChat(setup.gateway.url, "fast"),
  );
  const text = await (await fetch(`${setup.gateway.url}/metrics`)).text();
  const transitions = text.split("\n").filter((line) =>
    line.startsWith("signalbox_circuit_breaker_transitions_total") &&
    line.includes('"bad"')
  ).map((line) => line.slice(line.indexOf("{")));
  tell(
    "F8",
    `${
      spell(statuses)
    } with half of the calls failing; ${count} of them came to it; breaker ${
      transitions.join(" ")
    }`,
  );
  assert((statuses.get(200) ?? 0) >= 3996, spell(statuses));
  assert(
    transitions.some((line) => line.includes('"open"') && !line.endsWith(" 0")),
    "the breaker never opened",
  );
});

const GARBAGE: readonly (readonly [string, Behaviour])[] = [
  ["HTML", answer(200, "<html>", { "content-type": "text/html" })],
  ["bad JSON", answer(200, '{"id":')],
  ["an array", answer(200, "[]")],
  ["no HTTP", (socket) => void socket.end("220 smtp ready\r\n\r\n")],
  ["gzip that is none", answer(200, "{}", { "content-encoding": "gzip" })],
  [
    "a gzip bomb",
    answer(200, gzipSync(new Uint8Array(300_000_000)), {
      "content-encoding": "gzip",
    }),
  ],
  ["a huge line", hugeLine],
  ["a huge body", hugeBody],
];

async function flood(socket: Socket): Promise<void> {
  const piece = new Uint8Array(65_536).fill(120);
  for (let count = 0; count < 3000 && !socket.destroyed; count++) {
    if (socket.write(piece)) continue;
    await drained(socket);
  }
}

async function hugeLine(socket: Socket): Promise<void> {
  socket.write(head(200, { "content-type": "text/event-stream" }) + "data: ");
  await flood(socket);
}

async function hugeBody(socket: Socket): Promise<void> {
  socket.write(head(200, { "content-type": "application/json" }) + '{"x":"');
  await flood(socket);
}

Deno.test("F9: garbage, bombs and huge lines end in 502, memory stays flat, no word of the runtime", async () => {
  const figures: string[] = [];
  for (const [name, behaviour] of GARBAGE) {
    await using bad = await FakeProvider.start(behaviour);
    await using setup = await start(`${bad.url}/v1`, {}, {
      server: {
        limits: { maxResponseBytes: 20_000_000, maxSseEventBytes: 4_000_000 },
      },
    });
    const { url } = setup.gateway;
    await askMany(20, 4, () => askChat(url, "good/m"));
    const before = await rssMb(setup.gateway);
    let peak = before;
    const watch = new Load(1, async () => {
      peak = Math.max(peak, await rssMb(setup.gateway));
      await pause(10);
      return { status: 200, text: "" };
    });
    const streamed = name === "a huge line";
    const { statuses, errors } = await askMany(
      12,
      4,
      () => askChat(url, "alone", streamed),
    );
    await watch.stop();
    assertEquals(spell(statuses), "502: 12", name);
    for (const text of errors) {
      assert(!/TypeError|SyntaxError|undici|at file|HPE_/.test(text), text);
    }
    const over = await askChat(url, "fast", streamed);
    assertEquals(over.status, 200, name);
    figures.push(`${name} +${(peak - before).toFixed(0)}`);
    assert(peak - before < 250, `${name}: ${peak - before} MB`);
  }
  tell("F9", `RSS peak in MB over idle: ${figures.join(", ")}`);
});

async function certificate(
  folder: string,
  name: string,
  days: string,
): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("openssl", {
      args: [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        `${folder}/${name}.key`,
        "-out",
        `${folder}/${name}.pem`,
        "-days",
        days,
        "-subj",
        `/CN=${name}`,
        "-addext",
        `subjectAltName=DNS:${name}`,
      ],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

const keys = await Deno.makeTempDir({ prefix: "signalbox-tls-" });
const hasOpenssl = await certificate(keys, "localhost", "1") &&
  await certificate(keys, "other.example", "1");
globalThis.addEventListener("unload", () => {
  Deno.removeSync(keys, { recursive: true });
});

Deno.test({
  name:
    `F10: TLS that cannot be trusted, has another name or stalls ends in an error, never in plain text${
      hasOpenssl ? "" : " (skipped: no openssl)"
    }`,
  ignore: !hasOpenssl,
  fn: async () => {
    const serve = async (name: string) => {
      const server = createTlsServer({
        key: await Deno.readTextFile(`${keys}/${name}.key`),
        cert: await Deno.readTextFile(`${keys}/${name}.pem`),
      }, (socket) => socket.end(head(200, { "content-length": "2" }) + "{}"));
      server.on("tlsClientError", () => {});
      await new Promise<void>((resolve) =>
        server.listen(0, "127.0.0.1", resolve)
      );
      const address = server.address();
      const port = typeof address === "object" && address !== null
        ? address.port
        : 0;
      return { server, port };
    };
    const untrusted = await serve("localhost");
    const wrongName = await serve("other.example");
    const stalled = createServer((socket) => void socket.on("error", () => {}));
    await new Promise<void>((resolve) =>
      stalled.listen(0, "127.0.0.1", resolve)
    );
    const stalledAt = stalled.address();
    const stalledPort = typeof stalledAt === "object" && stalledAt !== null
      ? stalledAt.port
      : 0;
    for (
      const [what, port, tls, status] of [
        ["untrusted", untrusted.port, {}, 502],
        [
          "wrong name",
          wrongName.port,
          { caFile: `${keys}/other.example.pem` },
          502,
        ],
        ["stalled", stalledPort, {}, 504],
      ] as const
    ) {
      await using setup = await start(`https://localhost:${port}/v1`, {
        tls,
        timeouts: { connectMs: 500 },
      });
      const alone = await askChat(setup.gateway.url, "alone");
      assertEquals(alone.status, status, `${what}: ${alone.text}`);
      assertEquals(
        (await askChat(setup.gateway.url, "fast")).status,
        200,
        what,
      );
      tell("F10", `${what}: ${alone.status}`);
    }
    for (const server of [untrusted.server, wrongName.server, stalled]) {
      server.close();
    }
  },
});

Deno.test("F11: a name that does not resolve hurts nobody else", async () => {
  await using setup = await start("http://no-such-host.invalid/v1", {
    timeouts: { connectMs: 2000 },
  });
  const { url } = setup.gateway;
  const [dead, alive] = await Promise.all([
    askMany(100, 50, () => askChat(url, "alone")),
    askMany(300, 8, () => askChat(url, "good/m")),
  ]);
  assertEquals(spell(alive.statuses), "200: 300");
  for (const status of dead.statuses.keys()) {
    assert(status === 502 || status === 504);
  }
  assertEquals((await askChat(url, "fast")).status, 200);
  tell(
    "F11",
    `dead: ${spell(dead.statuses)}; meanwhile p99 of the healthy one ${
      quantile(alive.tookMs, 0.99).toFixed(1)
    } ms`,
  );
});

/** Where a name server listens that never answers. */
const MUTE_SERVER = "127.0.0.77";
const mayUnshare = await has("unshare", "--mount", "true");

Deno.test({
  ...needs(
    mayUnshare,
    "needs root and mount namespaces",
    "F11: a name server that never answers holds up its own names alone",
  ),
  fn: async () => {
    const mute = Deno.listenDatagram({
      transport: "udp",
      hostname: MUTE_SERVER,
      port: 53,
    });
    const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
    await Deno.writeTextFile(
      `${folder}/resolv.conf`,
      `nameserver ${MUTE_SERVER}\n`,
    );
    const program = sourceProgram().map((word) => `'${word}'`).join(" ");
    await using setup = await start(
      "http://api.provider.example/v1",
      { timeouts: { connectMs: 2000 } },
      { logging: { usage: { storagePath: `${folder}/usage` } } },
      [
        "unshare",
        "--mount",
        "sh",
        "-c",
        `mount --bind ${folder}/resolv.conf /etc/resolv.conf && exec ${program} "$@"`,
        "sh",
      ],
    );
    const { url } = setup.gateway;
    const load = new Load(4, () => askChat(url, "good/m"));
    await load.more(50);
    const dead = await askMany(100, 50, () => askChat(url, "alone"));
    const { statuses, tookMs } = await load.stop();
    const over = await askChat(url, "fast");
    const threads = (await Array.fromAsync(
      Deno.readDir(`/proc/${setup.gateway.pid}/task`),
    )).length;
    setup.gateway.kill("SIGTERM");
    const exitCode = await setup.gateway.ended();
    mute.close();
    const logged = linesIn(`${folder}/usage`).length;
    await Deno.remove(folder, { recursive: true });
    const answered = (statuses.get(200) ?? 0) + dead.tookMs.length + 1;
    tell(
      "F11",
      `dead ${spell(dead.statuses)}, at most ${
        Math.max(...dead.tookMs).toFixed(0)
      } ms (limit 2000); meanwhile ${spell(statuses)}, p99 ${
        quantile(tookMs, 0.99).toFixed(1)
      } ms; ${threads} threads; exit ${exitCode}, ${logged} of ${answered} lines of usage`,
    );
    assertEquals(exitCode, 0);
    assertEquals([...dead.statuses.keys()], [504]);
    assert(Math.max(...dead.tookMs) < 4000);
    assertEquals([...statuses.keys()], [200]);
    assertEquals(over.status, 200);
    assertEquals(logged, answered);
  },
});
