/**
 * `GET /api/usage`, `/api/usage/summary`, `/api/costs/report`: questions to the
 * usage log. One is answered after the other: each reads files.
 *
 * @module
 */

import type { Pricing } from "../accounting/attempt_pricer.ts";
import { QueryError } from "../accounting/query/query_error.ts";
import { summarize, summarizeIndexed } from "../accounting/query/summarize.ts";
import { DAY_MS, limitRange } from "../accounting/query/time_range.ts";
import {
  FILTER_PARAMETERS,
  type Parameters,
  readCount,
  readFilter,
  type UsageFilter,
} from "../accounting/query/usage_filter.ts";
import {
  isBrokenIndex,
  type UsageIndex,
} from "../accounting/query/usage_index.ts";
import {
  MAX_LIMIT,
  MAX_OFFSET,
  readPage,
} from "../accounting/query/usage_page.ts";
import type { UsageLogReader } from "../accounting/query/usage_scan.ts";
import {
  GROUPING_PARAMETERS,
  readGrouping,
} from "../accounting/query/usage_summary.ts";
import { costReport } from "../accounting/report/cost_report.ts";
import type { ClientRequest, ClientResponse } from "../exchange/client.ts";
import {
  gatewayError,
  invalidField,
  RequestError,
} from "../exchange/gateway_error.ts";
import { sendJson } from "./admin_body.ts";
import { READ_LIMITS, type Route } from "./route.ts";

/** The usage log of a gateway that runs. */
export interface LogSource {
  /** Why it cannot be asked, `null` while it can. */
  problem(): string | null;
  /** Folders of its files, the archive last. */
  folders(): readonly string[];
  /** Writes what waits, so that an answer has every request that was answered. `false`: the disk does not take it. */
  flush(): Promise<boolean>;
  /** The index, brought up to date; `null` where the config wants none. The caller closes it. */
  index(reader: UsageLogReader): Promise<UsageIndex | null>;
  /** Removes an index that turned out to be broken. */
  dropIndex(): Promise<void>;
  /** The prices of the moment. */
  pricing(): Pricing;
}

/** Longest range of one question. */
const MAX_DAYS = 366;
/** Where `from` is not given. */
const DEFAULT_DAYS = 30;
const MAX_WAITING = 16;

/** A question whose parameters were read. `isWritable`: whether the disk takes writes. */
type Question = (
  reader: UsageLogReader,
  isWritable: boolean,
) => Promise<unknown>;

/** Makes the routes. */
export function logQueryRoutes(source: LogSource): Route[] {
  const queue = new QuestionQueue();
  const route = (
    path: string,
    names: readonly string[],
    ask: (parameters: Parameters) => Question,
  ): Route => ({
    method: "GET",
    path,
    scope: "admin",
    protocol: null,
    limits: READ_LIMITS,
    handler: async (_context, request, response) => {
      refuseDisabled(source);
      const question = asked(() => ask(parametersOf(request, names)));
      await queue.run(() => answer(source, question, response));
    },
  });
  return [
    route(
      "/api/usage",
      [...FILTER_PARAMETERS, "limit", "offset"],
      listQuestion,
    ),
    route(
      "/api/usage/summary",
      [...FILTER_PARAMETERS, ...GROUPING_PARAMETERS],
      (parameters) => summaryQuestion(parameters, source),
    ),
    route("/api/costs/report", FILTER_PARAMETERS, (parameters) => {
      const filter = filterOf(parameters);
      return (reader) =>
        costReport(reader, filter, {
          pricing: source.pricing(),
          nowMs: Date.now(),
        });
    }),
  ];
}

function listQuestion(parameters: Parameters): Question {
  const filter = filterOf(parameters);
  const limit = readCount(parameters, "limit", 50, [1, MAX_LIMIT]);
  const offset = readCount(parameters, "offset", 0, [0, MAX_OFFSET]);
  return async (reader) => {
    const { lines, hasMore, brokenLines } = await readPage(reader, filter, {
      limit,
      offset,
    });
    const items = lines.map((line): unknown => JSON.parse(line));
    return { items, limit, offset, hasMore, brokenLines };
  };
}

function summaryQuestion(
  parameters: Parameters,
  source: LogSource,
): Question {
  const filter = filterOf(parameters);
  const grouping = readGrouping(parameters);
  return async (reader, isWritable) => {
    // The index is written by this thread: it must not wait for a disk that hangs.
    using index = isWritable ? await source.index(reader) : null;
    if (index === null) return await summarize(reader, filter, grouping);
    try {
      return await summarizeIndexed(reader, filter, grouping, index);
    } catch (error) {
      if (!isBrokenIndex(error)) throw error;
      await source.dropIndex();
      return await summarize(reader, filter, grouping);
    }
  };
}

async function answer(
  source: LogSource,
  question: Question,
  response: ClientResponse,
): Promise<void> {
  if (response.closed) return;
  const isWritable = await source.flush();
  const result = await question({
    folders: source.folders(),
    stopped: () => response.closed,
  }, isWritable);
  sendJson(response, 200, result);
}

function filterOf(parameters: Parameters): UsageFilter {
  const filter = readFilter(parameters);
  const toMs = Math.min(filter.toMs, Date.now());
  const fromMs = Number.isFinite(filter.fromMs)
    ? filter.fromMs
    : toMs - DEFAULT_DAYS * DAY_MS;
  limitRange({ fromMs, toMs }, MAX_DAYS);
  return { ...filter, fromMs };
}

function parametersOf(
  { query }: ClientRequest,
  names: readonly string[],
): Parameters {
  const given = new URLSearchParams(query);
  for (const name of given.keys()) {
    if (names.includes(name)) continue;
    throw new QueryError(
      name.slice(0, 40),
      `Cannot query by ${
        JSON.stringify(name.slice(0, 40))
      }: it is unknown, use ${names.join(", ")}`,
    );
  }
  return (name) => given.get(name) ?? undefined;
}

function asked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw invalidField(error.param, error.message);
  }
}

function refuseDisabled(source: LogSource): void {
  const problem = source.problem();
  if (problem === null) return;
  throw new RequestError(
    gatewayError("conflict", `Cannot query the usage log: ${problem}`, {
      code: "disabled",
    }),
  );
}

/** One after the other, and not too many that wait. */
class QuestionQueue {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  async run(work: () => Promise<void>): Promise<void> {
    if (this.#waiting >= MAX_WAITING) {
      throw new RequestError(gatewayError(
        "overloaded",
        `Cannot query the usage log: ${MAX_WAITING} questions wait already, ask again later`,
        { retryAfterMs: 1000 },
      ));
    }
    this.#waiting++;
    const before = this.#last;
    const done = Promise.withResolvers<void>();
    this.#last = done.promise;
    try {
      await before;
      await work();
    } finally {
      this.#waiting--;
      done.resolve();
    }
  }
}
