// F29: the wall clock jumps by an hour, over midnight, to a leap day. What
// waits goes by another clock; days are those of UTC.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  answer,
  type Behaviour,
  FakeProvider,
} from "../fake_provider/fake_provider.ts";
import { needs } from "../skip.ts";
import { FAST_SIMULATOR } from "./gateway.ts";
import { linesIn } from "./log_lines.ts";
import { GatewayProcess } from "./process.ts";

/** Where Debian's package libfaketime puts it, `null` where it is not installed. */
function fakeTimeLibrary(): string | null {
  try {
    for (const { name } of Deno.readDirSync("/usr/lib")) {
      const path = `/usr/lib/${name}/faketime/libfaketime.so.1`;
      if (isFile(path)) return path;
    }
  } catch {
    // Another system.
  }
  return null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Its model `limited` has a limit for a minute, all others say nothing. */
const behaviour: Behaviour = (socket, request) => {
  const { model } = JSON.parse(new TextDecoder().decode(request.body));
  if (model === "limited") {
    return answer(429, "{}", { "retry-after": "60" })(socket, request);
  }
};

function configOf(provider: string): Record<string, unknown> {
  const up = {
    protocols: { chat: `${provider}/v1` },
    keys: ["${env:UP_KEY}"],
    timeouts: { responseMs: 1000 },
  };
  return {
    providers: {
      up,
      sim: FAST_SIMULATOR,
      slow: {
        simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 100 } },
      },
    },
    models: { fast: { targets: ["up/limited", "sim/echo"] } },
    clients: {
      ci: { key: "${env:CI_KEY}" },
      few: { key: "${env:FEW_KEY}", limits: { requestsPerMinute: 2 } },
    },
    admin: { token: "${env:ADMIN_TOKEN}" },
    routing: { retry: { maxAttempts: 2 } },
    logging: { usage: { storagePath: "usage", flushMs: 1, minFreeBytes: 0 } },
  };
}

/** A gateway whose clock a test sets. */
class ClockedGateway implements AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly #file: string;

  private constructor(gateway: GatewayProcess, file: string) {
    this.gateway = gateway;
    this.#file = file;
  }

  static async start(library: string, provider: string) {
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, "+0");
    const gateway = await GatewayProcess.start({
      config: configOf(provider),
      environment: {
        UP_KEY: "key-of-the-provider-0123456789",
        CI_KEY: "key-of-ci-0123456789",
        FEW_KEY: "key-of-few-0123456789",
        ADMIN_TOKEN: "token-of-admin-0123456789",
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        DONT_FAKE_MONOTONIC: "1",
      },
    });
    return new ClockedGateway(gateway, file);
  }

  /** Sets its clock so many seconds from the true time. */
  async set(seconds: number): Promise<void> {
    const part = `${this.#file}.part`;
    await Deno.writeTextFile(part, `${seconds < 0 ? "" : "+"}${seconds}`);
    await Deno.rename(part, this.#file);
  }

  async ask(
    model: string,
    { client = "ci", stream = false } = {},
  ): Promise<{ status: number; text: string }> {
    const answered = await fetch(`${this.gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer key-of-${client}-0123456789`,
      },
      body: JSON.stringify({
        model,
        stream,
        messages: [{ role: "user", content: "hi" }],
      }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: answered.status, text: await answered.text() };
  }

  async admin(path: string) {
    const answered = await fetch(this.gateway.url + path, {
      headers: { authorization: "Bearer token-of-admin-0123456789" },
    });
    return await answered.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await Deno.remove(this.#file);
  }
}

const library = fakeTimeLibrary();

Deno.test({
  ...needs(
    library !== null,
    "no libfaketime",
    "A clock that jumps by an hour and over a leap day moves no deadline, rest or limit; days are those of UTC",
  ),
  fn: async () => {
    await using provider = await FakeProvider.start(behaviour);
    await using at = await ClockedGateway.start(library ?? "", provider.url);
    const few = { client: "few" };
    assertEquals((await at.ask("fast")).status, 200);
    for (const status of [200, 200, 429]) {
      assertEquals((await at.ask("sim/echo", few)).status, status);
    }
    const startMs = performance.now();
    const streamed = at.ask("slow/tokens-20", { stream: true });
    const silent = at.ask("up/silent").then(({ status }) => ({
      status,
      tookMs: performance.now() - startMs,
    }));
    for (const seconds of [3600, -3600, 0]) {
      await at.set(seconds);
      assertEquals((await at.ask("fast")).status, 200);
      assertEquals((await at.ask("sim/echo", few)).status, 429);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await at.set(-3600);
    const { status, tookMs } = await silent;
    assertEquals(status, 504);
    assert(tookMs >= 950, `${tookMs} ms`);
    const { text } = await streamed;
    assertStringIncludes(text, "[DONE]");
    assert(!text.includes('"error"'), text);
    const limited = provider.requests.filter(({ body }) =>
      new TextDecoder().decode(body).includes("limited")
    );
    assertEquals(limited.length, 1, "rests by its own clock");
    for (const day of ["02-28T23:50", "02-29T00:10", "03-01T00:10"]) {
      const atMs = Date.parse(`2028-${day}:00Z`);
      await at.set(Math.round((atMs - Date.now()) / 1000));
      assertEquals((await at.ask("sim/echo")).status, 200);
    }
    const summary = await at.admin(
      "/api/usage/summary?from=2028-02-28&to=2028-03-02&groupBy=day",
    );
    assertEquals(
      summary.groups.map((
        { day, requests }: { day: string; requests: { total: number } },
      ) => [day, requests.total]),
      [["2028-02-28", 1], ["2028-02-29", 1], ["2028-03-01", 1]],
    );
    at.gateway.kill("SIGTERM");
    assertEquals(await at.gateway.ended(), 0);
    for (const { metrics } of linesIn(`${at.gateway.folder}/state/usage`)) {
      assert(metrics.durationMs >= 0 && metrics.durationMs < 60_000);
    }
  },
});
