import { assert, assertEquals } from "@std/assert";
import { AccessLogTap } from "../../src/cli/access_log_tap.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import { LogWriter } from "../../src/support/log_writer.ts";
import { endedExchange, type ExchangeShape } from "../metrics/exchanges.ts";
import { FakeClock } from "../support/fake_clock.ts";

const LIMITS = { maxLineBytes: 16384, maxFieldBytes: 256 };

async function logOf(
  exchange: Exchange,
  format: "json" | "text" = "json",
): Promise<string> {
  let text = "";
  const log = new LogWriter({
    sink: {
      write: (bytes) => {
        text += new TextDecoder().decode(bytes);
        return Promise.resolve(bytes.length);
      },
    },
    clock: new FakeClock(1_795_212_123_456),
    level: "info",
    format,
    ...LIMITS,
  });
  const tap = new AccessLogTap(log, LIMITS);
  tap.on({ type: "received", exchange });
  tap.on({ type: "finished", exchange });
  await log.close(1000);
  return text;
}

async function lineOf(shape: ExchangeShape): Promise<Record<string, unknown>> {
  return JSON.parse(await logOf(endedExchange(shape)));
}

Deno.test("AccessLogTap writes one JSON line with everything that is asked of a request", async () => {
  assertEquals(await lineOf({ fields: { stream: true } }), {
    time: new Date(1_795_212_123_456).toISOString(),
    level: "info",
    message: "request",
    id: "01kafx9p3r8d7zq2m4n6v8w0yt",
    endpoint: "/v1/messages",
    model: "fast",
    target: "openai/gpt-5-mini",
    status: 200,
    outcome: "success",
    stream: true,
    attempts: 1,
    durationMs: 105,
    ttftMs: 42,
    inputTokens: 150,
    outputTokens: 11,
    client: "ci",
    clientIp: "127.0.0.1",
    bytesIn: 500,
    bytesOut: 700,
  });
});

Deno.test("AccessLogTap stays one valid line whatever a client calls its model or itself", async () => {
  const line = await lineOf({
    fields: {
      requestedModel: '"},{"level":"error"\n\x1b[2J' + "x".repeat(1000),
      error: 'no "such" model',
    },
    client: { name: "tab\there", tier: "default" },
    clientRequestId: "id\\1",
  });
  assertEquals(line.level, "info");
  assert(String(line.model).startsWith('"},{"level":"error"\n\x1b[2Jxxx'));
  assert(String(line.model).length < 300);
  assertEquals(
    [line.client, line.error, line.clientRequestId],
    ["tab\there", 'no "such" model', "id\\1"],
  );
});

Deno.test("AccessLogTap gives failures their level and requests without a target a null", async () => {
  const levels = [];
  for (
    const outcome of [
      "client_error",
      "stream_broken",
      "signalbox_error",
    ] as const
  ) levels.push((await lineOf({ fields: { outcome } })).level);
  assertEquals(levels, ["info", "warn", "error"]);
  const line = await lineOf({ targets: [], fields: { cacheStatus: "hit" } });
  assertEquals([line.target, line.ttftMs, line.cache], [null, null, "hit"]);
});

Deno.test("AccessLogTap writes for people on a terminal", async () => {
  const text = await logOf(endedExchange(), "text");
  assertEquals(
    text,
    "22:02:03.456 INFO  request status=200 outcome=success endpoint=/v1/messages model=fast target=openai/gpt-5-mini durationMs=105 ttftMs=42 inputTokens=150 outputTokens=11 client=ci id=01kafx9p3r8d7zq2m4n6v8w0yt\n"
      .replace(
        "22:02:03.456",
        new Date(1_795_212_123_456).toISOString().slice(11, 23),
      ),
  );
});

Deno.test("AccessLogTap names what could not be carried over, in both formats", async () => {
  const losses = ["top_k: no such field", 'seed: the "provider" refuses it'];
  const line = await lineOf({ fields: { losses } });
  assertEquals(line.losses, losses.join(", "));
  const text = await logOf(endedExchange({ fields: { losses } }), "text");
  assert(text.includes("top_k: no such field, seed"));
});
