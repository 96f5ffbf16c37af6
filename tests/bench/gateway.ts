/**
 * Wire to wire, side by side in one run: the upstream itself, nginx as a
 * reverse proxy, a bare proxy of the same runtime, Signalbox from source and
 * compiled. Every round asks every variant, in another order; ratios are taken
 * within a round.
 *
 * @module
 */

import { buildExecutable } from "../compiled/build.ts";
import { installedPeers } from "./peers.ts";
import { rssMb, runWrk, type Slice, writeScript } from "./gateway_wrk.ts";
import { hasProgram, Servers, type Variant } from "./servers.ts";

/** How long and how often. */
export interface GatewayBenchOptions {
  /** Rounds. */
  readonly rounds: number;
  /** Length of a slice of small requests, s. Streams take twice as long. */
  readonly seconds: number;
  /** Where the figures go as JSON. */
  readonly json: string;
}

interface Scenario {
  readonly name: string;
  readonly connections: number;
  readonly body: string;
  readonly streamed: boolean;
}

/** Figures of one variant in one scenario, a value for each round. */
interface Series {
  readonly perSecond: number[];
  readonly p50Ms: number[];
  readonly p99Ms: number[];
  /** CPU per request, of a stream per event, us. */
  readonly cpuUs: number[];
  readonly rssMb: number[];
  errors: number;
}

const SMALL = JSON.stringify({
  model: "fast",
  messages: [{ role: "user", content: "Is the line to the harbour free?" }],
});

function large(bytes: number): string {
  const content = "All trains stop here. ".repeat(Math.ceil(bytes / 22));
  return JSON.stringify({
    model: "fast",
    messages: [{ role: "user", content: content.slice(0, bytes) }],
  });
}

const STREAMED = SMALL.replace("{", '{"stream":true,');

/** Others are slower by so much that two rounds tell. */
const PEER_ROUNDS = 2;
/** How long a stream runs on that was cut. */
const CUT_STREAMS_MS = 1200;

const SCENARIOS: readonly Scenario[] = [
  { name: "small, c=1", connections: 1, body: SMALL, streamed: false },
  { name: "small, c=32", connections: 32, body: SMALL, streamed: false },
  { name: "small, c=128", connections: 128, body: SMALL, streamed: false },
  {
    name: "128 KB body, c=16",
    connections: 16,
    body: large(131_072),
    streamed: false,
  },
  {
    name: "1 MB body, c=8",
    connections: 8,
    body: large(1_048_576),
    streamed: false,
  },
  { name: "SSE, c=64", connections: 64, body: STREAMED, streamed: true },
  { name: "SSE, c=256", connections: 256, body: STREAMED, streamed: true },
];

/** Runs it all; says on the terminal what is missing. */
export async function runGatewayBench(
  options: GatewayBenchOptions,
): Promise<void> {
  for (const [program, argument] of [["nginx", "-v"], ["wrk", "-v"]] as const) {
    if (await hasProgram(program, argument)) continue;
    console.log(`skipped: ${program} is not installed (Debian: ${program})`);
    return;
  }
  await using servers = await Servers.start();
  const built = await buildExecutable();
  try {
    const variants = [
      servers.direct(),
      servers.nginx(),
      await servers.bare(),
      await servers.signalbox("Signalbox"),
    ];
    if (built.path === null) {
      console.log("skipped: Signalbox compiled (no $DENORT_BIN)");
    } else {
      variants.push(
        await servers.signalbox("Signalbox compiled", [built.path]),
      );
    }
    const bench = new GatewayBench(servers, variants, options, built.folder);
    await bench.run();
    console.log(bench.table());
    // In a second pass: who waits for long is cold when its turn comes.
    const peers = [servers.direct(), servers.nginx()];
    for (const peer of await installedPeers()) {
      peers.push(await servers.peer(peer));
    }
    const second = new GatewayBench(servers, peers, {
      ...options,
      rounds: Math.min(options.rounds, PEER_ROUNDS),
    }, built.folder);
    if (peers.length > 2) {
      await second.run();
      console.log(`\n${second.table()}`);
    }
    await Deno.mkdir(options.json.replace(/[^/]*$/, "") || ".", {
      recursive: true,
    });
    const rows = [...bench.rows(), ...second.rows()];
    await Deno.writeTextFile(
      options.json,
      `${JSON.stringify({ deno: Deno.version, rows }, null, 2)}\n`,
    );
    console.log(`\nwritten to ${options.json}`);
  } finally {
    await Deno.remove(built.folder, { recursive: true });
  }
}

/** The rounds and their figures. */
class GatewayBench {
  readonly #figures = new Map<string, Series>();

  constructor(
    private readonly servers: Servers,
    private readonly variants: readonly Variant[],
    private readonly options: GatewayBenchOptions,
    private readonly folder: string,
  ) {}

  async run(): Promise<void> {
    for (const [index, scenario] of SCENARIOS.entries()) {
      const scripts = new Map<Variant, string>();
      for (const [place, variant] of this.variants.entries()) {
        const { headers, streamHeaders } = variant;
        scripts.set(
          variant,
          await writeScript(
            this.folder,
            `scenario-${index}-${place}`,
            scenario.body,
            scenario.streamed ? streamHeaders : headers,
          ),
        );
      }
      // A round that warms up and does not count.
      for (let round = -1; round < this.options.rounds; round++) {
        for (const variant of shuffled(this.variants)) {
          const script = scripts.get(variant) ?? "";
          await this.#slice(scenario, variant, script, round >= 0);
        }
      }
      console.error(`measured: ${scenario.name}`);
    }
  }

  async #slice(
    scenario: Scenario,
    variant: Variant,
    script: string,
    counts: boolean,
  ): Promise<void> {
    const { streamed, connections } = scenario;
    const base = streamed ? variant.streamUrl : variant.url;
    if (base === null) return;
    const pid = streamed ? variant.streamPid : variant.pid;
    const seconds = counts ? this.options.seconds * (streamed ? 2 : 1) : 1;
    const path = variant.path ?? "/v1/chat/completions";
    // What the engine and the kernel took back while others had their turn.
    if (counts && pid !== this.variants[0]?.pid) {
      await runWrk(base + path, pid, { connections, seconds: 1, script });
      if (streamed) await pause(CUT_STREAMS_MS);
    }
    const eventsBefore = streamed ? await this.#eventsSent() : 0;
    let memory = 0;
    const sample = setInterval(
      () => void rssMb(pid).then((now) => memory = Math.max(memory, now)),
      250,
    );
    const slice = await runWrk(base + path, pid, {
      connections,
      seconds,
      script,
    });
    clearInterval(sample);
    const events = streamed ? await this.#eventsSent() - eventsBefore : 0;
    // What is left of cut streams must not run into the next slice.
    if (streamed) await pause(CUT_STREAMS_MS);
    if (counts) this.#keep(scenario, variant, slice, events, memory);
  }

  #keep(
    scenario: Scenario,
    variant: Variant,
    slice: Slice,
    events: number,
    memory: number,
  ): void {
    const series = this.#series(scenario, variant);
    series.perSecond.push(slice.perSecond);
    series.p50Ms.push(slice.p50Ms);
    series.p99Ms.push(slice.p99Ms);
    const units = scenario.streamed ? events : slice.requests;
    series.cpuUs.push(slice.cpuUs / Math.max(1, units));
    series.rssMb.push(memory);
    series.errors += slice.errors;
  }

  #series(scenario: Scenario, variant: Variant): Series {
    const key = `${scenario.name}\n${variant.name}`;
    let series = this.#figures.get(key);
    if (series === undefined) {
      series = {
        perSecond: [],
        p50Ms: [],
        p99Ms: [],
        cpuUs: [],
        rssMb: [],
        errors: 0,
      };
      this.#figures.set(key, series);
    }
    return series;
  }

  async #eventsSent(): Promise<number> {
    const url = `http://127.0.0.1:${this.servers.pacedPort}/events`;
    return Number(await (await fetch(url)).text());
  }

  /** The figures as Markdown: medians, ratios with their quartiles. */
  table(): string {
    const lines = [
      "| scenario | variant | answers/s | of nginx [quartiles] | p50 ms | p99 ms | CPU us | RSS MB | errors |",
      "|---|---|---|---|---|---|---|---|---|",
    ];
    for (const scenario of SCENARIOS) {
      const nginx = this.#figures.get(`${scenario.name}\nnginx`);
      for (const variant of this.variants) {
        const series = this.#figures.get(`${scenario.name}\n${variant.name}`);
        if (series === undefined) continue;
        const ratios = series.perSecond.map((value, round) =>
          value / (nginx?.perSecond[round] ?? NaN)
        );
        lines.push(
          [
            "",
            scenario.name,
            variant.name,
            quantile(series.perSecond, 0.5).toFixed(0),
            `${quantile(ratios, 0.5).toFixed(2)} [${
              quantile(ratios, 0.25).toFixed(2)
            }, ${quantile(ratios, 0.75).toFixed(2)}]`,
            quantile(series.p50Ms, 0.5).toFixed(3),
            quantile(series.p99Ms, 0.5).toFixed(2),
            // The upstream shares nginx's worker: its CPU says nothing of either.
            !scenario.streamed && variant.pid === this.variants[0]?.pid ||
              variant.name === "direct"
              ? ""
              : quantile(series.cpuUs, 0.5).toFixed(1),
            variant.name === "direct"
              ? ""
              : Math.max(...series.rssMb).toFixed(0),
            String(series.errors),
            "",
          ].join(" | ").trim(),
        );
      }
    }
    lines.push(
      "",
      `Medians of ${this.options.rounds} interleaved rounds. CPU: per answer, of streams per event. Added p50 at c=1: ${this.#added()}.`,
    );
    return lines.join("\n");
  }

  #added(): string {
    const p50 = (name: string) =>
      quantile(this.#figures.get(`small, c=1\n${name}`)?.p50Ms ?? [], 0.5);
    return this.variants.slice(1).map(({ name }) =>
      `${name} ${(p50(name) - p50("direct")).toFixed(3)} ms`
    ).join(", ");
  }

  /** Every figure of every round. */
  rows(): object[] {
    return [...this.#figures].map(([key, series]) => {
      const [scenario, variant] = key.split("\n");
      return { scenario, variant, ...series };
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function shuffled<T>(values: readonly T[]): T[] {
  return values.map((value) => [Math.random(), value] as const)
    .sort(([left], [right]) => left - right).map(([, value]) => value);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}
