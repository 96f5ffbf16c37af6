/** The daily files of the logs, as whoever reads them sees them. @module */

/** What a line of the usage log says of tokens and money. */
export interface BilledLine {
  readonly ledger: Readonly<Record<string, number>>;
  readonly usageSource: string;
  readonly cost: {
    readonly totalCost: string | null;
    readonly currency: string;
    readonly status: string;
    readonly source: string | null;
    readonly priceKey: string | null;
  };
}

/** One line of the usage log. */
export interface UsageLine extends BilledLine {
  readonly id: string;
  readonly timestamp: string;
  readonly client: string;
  readonly tier: string;
  readonly clientIp?: string;
  readonly aliasUsed: string | null;
  readonly requestedModel: string;
  readonly actualProvider: string | null;
  readonly actualModel: string | null;
  readonly apiType: string;
  readonly targetApiType: string | null;
  readonly native: boolean;
  readonly passthrough: boolean;
  readonly streaming: boolean;
  readonly success: boolean;
  readonly outcome: string;
  readonly status: number;
  readonly errorType: string | null;
  readonly errorMessage: string | null;
  readonly usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cachedTokens: number;
    readonly reasoningTokens: number;
    readonly totalTokens: number;
  };
  readonly metrics: {
    readonly durationMs: number;
    readonly ttftMs: number | null;
    readonly tokensPerSecond: number | null;
  };
  readonly decision: {
    readonly excluded: readonly { readonly reason: string }[];
  } | null;
  readonly attempts: readonly (BilledLine & {
    readonly provider: string;
    readonly failure?: string;
  })[];
}

/** One line of the error log. */
export interface ErrorLine {
  readonly id: string;
  readonly requestedModel: string;
  readonly provider: string | null;
  readonly model: string | null;
  readonly httpStatus: number;
  readonly errorType: string;
  readonly attempts: readonly {
    readonly status: number | null;
    readonly providerResponse?: {
      readonly error: { readonly message: string };
    };
  }[];
  readonly stack: string | null;
  readonly requestBody?: {
    readonly messages: readonly { readonly content: string }[];
  };
}

/** Every line of every day, the oldest first. */
export function linesIn<Line = UsageLine>(folder: string): Line[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /^\d{4}-\d\d-\d\d\.jsonl$/.test(name)).sort();
  return names.flatMap((name) =>
    Deno.readTextFileSync(`${folder}/${name}`).split("\n").slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  );
}
