/** Lines of the usage log made up for tests, in the shape in which the gateway writes them. @module */

/** What a test sets. */
export interface LineFields {
  timestamp?: string;
  client?: string;
  alias?: string | null;
  provider?: string | null;
  model?: string | null;
  outcome?: string;
  input?: number;
  cached?: number;
  cacheWrite?: number;
  output?: number;
  reasoning?: number;
  /** Decimal text, `null` for unknown. */
  cost?: string | null;
  costStatus?: string;
  durationMs?: number;
  ttftMs?: number | null;
  /** Targets of the decision, in order. */
  order?: readonly string[];
  cache?: string | null;
}

/** One line without its line break; `index` makes the id. */
export function usageLine(index: number, fields: LineFields = {}): string {
  const input = fields.input ?? 100;
  const cached = fields.cached ?? 0;
  const cacheWrite = fields.cacheWrite ?? 0;
  const output = fields.output ?? 10;
  const reasoning = fields.reasoning ?? 0;
  const outcome = fields.outcome ?? "success";
  const provider = fields.provider === undefined ? "sim" : fields.provider;
  const model = fields.model === undefined ? "echo" : fields.model;
  const total = fields.cost === undefined ? "0.001" : fields.cost;
  const status = fields.costStatus ?? (total === null ? "unpriced" : "priced");
  const ledger = {
    input: input - cached - cacheWrite,
    cacheRead: cached,
    cacheWrite5m: cacheWrite,
    output: output - reasoning,
    reasoning,
  };
  const cost = {
    inputCost: "0",
    outputCost: "0",
    cachedCost: "0",
    reasoningCost: "0",
    otherCost: "0",
    totalCost: total,
    currency: "USD",
    source: total === null ? null : "config",
    status,
    priceKey: null,
    reportedCost: null,
  };
  const order = fields.order ?? (provider === null ? [] : [
    `${provider}/${model}`,
  ]);
  return JSON.stringify({
    id: `01${String(index).padStart(24, "0")}`,
    timestamp: fields.timestamp ?? "2026-11-20T08:00:00.000Z",
    client: fields.client ?? "ci",
    tier: "default",
    endpoint: "/v1/chat/completions",
    apiType: "chat",
    targetApiType: "chat",
    native: true,
    passthrough: true,
    streaming: (fields.ttftMs ?? null) !== null,
    requestedModel: fields.alias ?? "sim/echo",
    aliasUsed: fields.alias ?? null,
    actualProvider: provider,
    actualModel: model,
    success: outcome === "success",
    outcome,
    status: outcome === "success" ? 200 : 502,
    errorType: null,
    errorMessage: null,
    usage: {
      inputTokens: input,
      outputTokens: output,
      cachedTokens: cached,
      reasoningTokens: reasoning,
      totalTokens: input + output,
    },
    ledger,
    usageSource: "reported",
    cost,
    metrics: {
      durationMs: fields.durationMs ?? 100,
      ttftMs: fields.ttftMs ?? null,
      tokensPerSecond: 50,
    },
    decision: {
      resolvedBy: "alias",
      strategy: "in_order",
      order,
      excluded: [],
    },
    losses: [],
    cache: fields.cache ?? null,
    attempts: provider === null ? [] : [{
      provider,
      model,
      targetApiType: "chat",
      native: true,
      outcome: outcome === "success" ? "answered" : "failed",
      status: 200,
      startedMs: 0,
      durationMs: fields.durationMs ?? 100,
      usageSource: "reported",
      ledger,
      rawUsage: null,
      cost,
    }],
  });
}

/** Writes lines into the file of a day. */
export async function writeDay(
  folder: string,
  day: string,
  lines: readonly string[],
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    `${folder}/${day}.jsonl`,
    lines.map((line) => `${line}\n`).join(""),
  );
}

/** Compresses the file of a day into the archive, as retention does. */
export async function archiveDay(folder: string, day: string): Promise<void> {
  await Deno.mkdir(`${folder}/archive`, { recursive: true });
  const source = await Deno.open(`${folder}/${day}.jsonl`);
  const target = await Deno.create(`${folder}/archive/${day}.jsonl.gz`);
  await source.readable.pipeThrough(new CompressionStream("gzip"))
    .pipeTo(target.writable);
  await Deno.remove(`${folder}/${day}.jsonl`);
}
