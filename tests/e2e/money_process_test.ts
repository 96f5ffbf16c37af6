/** Money and the usage log of a real process that is stopped and killed under load. */

import { assert, assertEquals } from "@std/assert";
import { picoOfUsd, usdText } from "../../src/support/decimal.ts";
import { linesIn } from "./log_lines.ts";
import { GatewayProcess } from "./process.ts";
import { inFolder } from "../temp_folder.ts";

const PER_INPUT_PICO = 10_000_000n;
const PER_OUTPUT_PICO = 30_000_000n;

/** A chat provider that takes its time, and keeps what it bills for every request. */
class Biller implements AsyncDisposable {
  /** By our request id: when it was answered, and what for. */
  readonly bills = new Map<string, { readonly pico: bigint; atMs: number }>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(latencyMs: number) {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        const body = await request.json();
        await pause(latencyMs * (0.5 + Math.random()));
        const prompt = 20 + body.messages[0].content.length % 5;
        const completion = Math.ceil(body.max_tokens * Math.random());
        const id = body.user;
        this.bills.set(id, {
          pico: BigInt(prompt) * PER_INPUT_PICO +
            BigInt(completion) * PER_OUTPUT_PICO,
          atMs: performance.now(),
        });
        return Response.json({
          id,
          object: "chat.completion",
          created: 1,
          model: "m",
          choices: [{
            index: 0,
            message: { role: "assistant", content: id },
            finish_reason: "stop",
          }],
          usage: {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt + completion,
          },
        });
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/v1`;
  }

  get billedPico(): bigint {
    let sum = 0n;
    for (const { pico } of this.bills.values()) sum += pico;
    return sum;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What a client knows of a request that was answered. */
interface Answer {
  readonly status: number;
  /** The gateway's id of the request. */
  readonly id: string;
}

/** Many clients at once. */
class Clients {
  readonly answers: Answer[] = [];
  readonly #running: Promise<void>[];
  #left: number;

  /** `count` of them send until `requests` were sent, one is refused for good, or the gateway is gone. */
  constructor(url: string, count: number, requests = Infinity) {
    this.#left = requests;
    this.#running = Array.from({ length: count }, () => this.#run(url));
  }

  get succeeded(): readonly Answer[] {
    return this.answers.filter(({ status }) => status === 200);
  }

  /** Resolves when so many were answered well, or none sends any more. */
  async until(succeeded: number): Promise<void> {
    let running = true;
    const ended = this.ended().then(() => running = false);
    while (running && this.succeeded.length < succeeded) {
      await Promise.race([ended, pause(2)]);
    }
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(url: string): Promise<void> {
    while (this.#left-- > 0) {
      try {
        const answer = await fetch(`${url}/v1/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            model: "up/m",
            max_tokens: 40,
            user: crypto.randomUUID(),
            messages: [{ role: "user", content: "tell me something" }],
          }),
        });
        await answer.text();
        this.answers.push({
          status: answer.status,
          id: answer.headers.get("x-request-id") ?? "",
        });
        if (answer.status !== 200) return;
      } catch {
        return;
      }
    }
  }
}

function configOf(
  biller: Biller,
  dailyUsd: number,
  usage: object = {},
): Record<string, unknown> {
  return {
    server: { drainMs: 10_000, limits: { maxConcurrent: 512 } },
    providers: {
      up: { protocols: { chat: biller.url }, keys: [], auth: "none" },
    },
    pricing: { models: { "up/m": { inputPer1M: 10, outputPer1M: 30 } } },
    budgets: { dailyUsd, onExceeded: "reject" },
    logging: { usage },
  };
}

/** What the log says was spent, in 1e-12 USD; no id stands in it twice. */
function logged(folder: string): { ids: Set<string>; pico: bigint } {
  const ids = new Set<string>();
  let pico = 0n;
  for (const { id, cost } of linesIn(`${folder}/state/usage`)) {
    assert(!ids.has(id), `${id} twice`);
    ids.add(id);
    pico += picoOfUsd(cost.totalCost ?? "") ?? 0n;
  }
  return { ids, pico };
}

/** Resolves with what is answered by now, once all of it is in the files while others go on. */
async function whenWritten(
  folder: string,
  clients: Clients,
): Promise<readonly string[]> {
  const due = clients.succeeded.map(({ id }) => id);
  for (let look = 0; look < 400; look++) {
    const text = usageText(`${folder}/state/usage`);
    if (due.every((id) => text.includes(id))) return due;
    await pause(25);
  }
  throw new Error(`Not all of ${due.length} lines were written within 10 s`);
}

/** The whole lines of the usage log. */
function usageText(folder: string): string {
  return [...Deno.readDirSync(folder)]
    .filter(({ name }) => name.endsWith(".jsonl"))
    .map(({ name }) => Deno.readTextFileSync(`${folder}/${name}`))
    .map((text) => text.slice(0, text.lastIndexOf("\n") + 1)).join("");
}

async function spentPico({ url }: GatewayProcess): Promise<bigint> {
  const { budgets } = await (await fetch(`${url}/api/budgets`)).json();
  const [global] = budgets;
  assertEquals(global.budget, "global");
  return picoOfUsd(global.periods.day.spentUsd) ?? -1n;
}

/** Leaves what a write leaves that a kill cut short. */
function tearLastLine(folder: string): void {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".jsonl")).sort();
  assert(names.length > 0);
  const torn = '{"id":"01torn","timestamp":"2026-11-';
  Deno.writeTextFileSync(`${folder}/${names.at(-1)}`, torn, { append: true });
}

Deno.test("200 clients at once never spend more than a budget of one dollar, over a restart and a kill", () =>
  inFolder(async (folder) => {
    await using biller = new Biller(20);
    const config = configOf(biller, 1);
    {
      await using gateway = await GatewayProcess.start({ config, folder });
      const clients = new Clients(gateway.url, 200);
      await clients.until(120);
      gateway.kill("SIGTERM");
      await clients.ended();
      assertEquals(await gateway.ended(), 0);
      // Nobody was cut off: what was billed was answered and stands in the log.
      const { ids, pico } = logged(folder);
      for (const { id } of clients.succeeded) assert(ids.has(id), id);
      assertEquals(usdText(pico), usdText(biller.billedPico));
    }
    {
      await using gateway = await GatewayProcess.start({ config, folder });
      assertEquals(await spentPico(gateway), logged(folder).pico);
      const clients = new Clients(gateway.url, 200);
      await clients.until(250);
      assert(clients.answers.every(({ status }) => status === 200));
      const due = await whenWritten(folder, clients);
      gateway.kill("SIGKILL");
      await clients.ended();
      await gateway.ended();
      const { ids } = logged(folder);
      for (const id of due) assert(ids.has(id), `lost ${id}`);
    }
    await using gateway = await GatewayProcess.start({ config, folder });
    const before = logged(folder).pico;
    assertEquals(await spentPico(gateway), before);
    const billedBefore = biller.billedPico;
    const clients = new Clients(gateway.url, 200);
    await clients.ended();
    const statuses = new Set(clients.answers.map(({ status }) => status));
    assertEquals([...statuses].filter((status) => status !== 200), [402]);
    const spent = await spentPico(gateway);
    gateway.kill("SIGTERM");
    assertEquals(await gateway.ended(), 0);
    const { ids, pico } = logged(folder);
    for (const { id } of clients.succeeded) assert(ids.has(id), id);
    assertEquals(usdText(spent), usdText(pico));
    assertEquals(pico - before, biller.billedPico - billedBefore);
    assert(pico <= 1_000_000_000_000n, usdText(pico));
    // What is left would not have paid for one more.
    assert(pico > 980_000_000_000n, usdText(pico));
  }));

Deno.test("a gateway that is killed in a load of 2,000 requests has a line of every one that was answered in time, repairs its log and goes on", () =>
  inFolder(async (folder) => {
    await using biller = new Biller(30);
    const config = configOf(biller, 1000, { flushMs: 50, fsyncMs: 200 });
    let due: readonly string[] = [];
    let first: readonly Answer[] = [];
    {
      await using gateway = await GatewayProcess.start({ config, folder });
      const clients = new Clients(gateway.url, 48, 2000);
      await clients.until(500);
      due = await whenWritten(folder, clients);
      gateway.kill("SIGKILL");
      await clients.ended();
      await gateway.ended();
      first = clients.succeeded;
    }
    tearLastLine(`${folder}/state/usage`);
    await using gateway = await GatewayProcess.start({ config, folder });
    const rest = new Clients(gateway.url, 48, 2000 - first.length);
    await rest.ended();
    assertEquals(first.length + rest.succeeded.length, 2000);
    gateway.kill("SIGTERM");
    assertEquals(await gateway.ended(), 0);
    const { ids, pico } = logged(folder);
    assert(first.length < 2000, "the kill came too late");
    for (const id of [...due, ...rest.succeeded.map(({ id }) => id)]) {
      assert(ids.has(id), `lost ${id}`);
    }
    assert(![...ids].some((id) => id.startsWith("01torn")));
    assert(pico <= biller.billedPico);
  }));
