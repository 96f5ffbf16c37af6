/** Load on a gateway process, and what it costs the process. @module */

import { bodyFor, postJson } from "../e2e/pair.ts";
import type { GatewayProcess } from "../e2e/process.ts";

export const CHAT = "/v1/chat/completions";

/** How often each status came; 0: no answer at all. */
export type Statuses = Map<number, number>;

/** What was asked and how it went. */
export interface Tally {
  /** By status. */
  readonly statuses: Statuses;
  /** Durations of the answered ones, ms. */
  readonly tookMs: number[];
  /** The texts of those that were not 200. */
  readonly errors: string[];
}

/** Asks in a loop, `workers` at once, until it is stopped. */
export class Load {
  readonly tally: Tally = { statuses: new Map(), tookMs: [], errors: [] };
  readonly #ask: () => Promise<{ status: number; text: string }>;
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  constructor(
    workers: number,
    ask: () => Promise<{ status: number; text: string }>,
  ) {
    this.#ask = ask;
    for (let count = 0; count < workers; count++) {
      this.#running.push(this.#run());
    }
  }

  /** How many answers have come. */
  get answered(): number {
    return this.tally.tookMs.length;
  }

  /** Waits for so many more answers. */
  async more(count: number): Promise<void> {
    const target = this.answered + count;
    while (this.answered < target && !this.#stopped) await pause(5);
  }

  async stop(): Promise<Tally> {
    this.#stopped = true;
    await Promise.all(this.#running);
    return this.tally;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) await once(this.#ask, this.tally);
  }
}

async function once(
  ask: () => Promise<{ status: number; text: string }>,
  tally: Tally,
): Promise<void> {
  const startMs = performance.now();
  let status = 0;
  try {
    const answer = await ask();
    status = answer.status;
    if (status !== 200) tally.errors.push(answer.text);
  } catch (error) {
    tally.errors.push(String(error));
  }
  tally.tookMs.push(performance.now() - startMs);
  tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
}

/** Asks `count` times, `workers` at once. */
export async function askMany(
  count: number,
  workers: number,
  ask: () => Promise<{ status: number; text: string }>,
): Promise<Tally> {
  const tally: Tally = { statuses: new Map(), tookMs: [], errors: [] };
  let left = count;
  await Promise.all(Array.from({ length: workers }, async () => {
    while (left-- > 0) await once(ask, tally);
  }));
  return tally;
}

/** One chat request. */
export async function askChat(
  url: string,
  model: string,
  stream = false,
): Promise<{ status: number; text: string }> {
  const response = await postJson(
    url + CHAT,
    bodyFor(CHAT, model, "hi", stream),
  );
  return { status: response.status, text: await response.text() };
}

/** A value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[
    Math.min(sorted.length - 1, Math.floor(sorted.length * share))
  ] ??
    0;
}

/** `200: 99, 502: 1`. */
export function spell(statuses: Statuses): string {
  return [...statuses].sort().map(([status, count]) => `${status}: ${count}`)
    .join(", ");
}

/** Resident memory of a process, MB. */
export async function rssMb(gateway: GatewayProcess): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${gateway.pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Open descriptors of a process. */
export async function descriptors(gateway: GatewayProcess): Promise<number> {
  const entries = await Array.fromAsync(
    Deno.readDir(`/proc/${gateway.pid}/fd`),
  );
  return entries.length;
}

/** Waits until `test` holds; fails after `deadlineMs`. Says how long it took. */
export async function until(
  what: string,
  deadlineMs: number,
  test: () => boolean | Promise<boolean>,
): Promise<number> {
  const startMs = performance.now();
  while (!await test()) {
    if (performance.now() - startMs > deadlineMs) {
      throw new Error(`Cannot wait longer than ${deadlineMs} ms: ${what}`);
    }
    await pause(20);
  }
  return performance.now() - startMs;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A number of a metric without labels, or with exactly `labels`. */
export async function metric(
  gateway: GatewayProcess,
  name: string,
): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  let sum = 0;
  for (const line of text.split("\n")) {
    if (!line.startsWith(`${name} `) && !line.startsWith(`${name}{`)) continue;
    sum += Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return sum;
}

/** Says figures on the terminal. */
export function tell(fault: string, figures: string): void {
  console.log(`${fault}: ${figures}`);
}
