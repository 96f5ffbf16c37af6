import { assert, assertEquals, assertThrows } from "@std/assert";
import { QueryError } from "../../../src/accounting/query/query_error.ts";
import {
  summarize,
  summarizeIndexed,
} from "../../../src/accounting/query/summarize.ts";
import {
  limitRange,
  readRange,
} from "../../../src/accounting/query/time_range.ts";
import { readFilter } from "../../../src/accounting/query/usage_filter.ts";
import { UsageIndex } from "../../../src/accounting/query/usage_index.ts";
import { readPage } from "../../../src/accounting/query/usage_page.ts";
import { readGrouping } from "../../../src/accounting/query/usage_summary.ts";
import { archiveDay, usageLine, writeDay } from "../usage_lines.ts";
import { inFolder } from "../../temp_folder.ts";

type Given = Readonly<Record<string, string>>;

function filter(given: Given = {}) {
  return readFilter((name) => given[name]);
}

function grouping(given: Given = {}) {
  return readGrouping((name) => given[name]);
}

function reader(folder: string) {
  return { folders: [folder, `${folder}/archive`] };
}

/** 3,000 lines over three days: every third by b/large, every tenth failed, every seventh unpriced. */
async function generate(folder: string): Promise<void> {
  for (
    const [index, day] of ["2026-11-18", "2026-11-19", "2026-11-20"].entries()
  ) {
    const lines = Array.from({ length: 1000 }, (_, at) => {
      const minute = Math.floor(at * 1.44);
      const time = new Date(Date.parse(`${day}T00:00:00Z`) + minute * 60_000);
      const isLarge = at % 3 === 0;
      return usageLine(index * 1000 + at, {
        timestamp: time.toISOString(),
        client: at % 2 === 0 ? "ci" : "laptop",
        alias: isLarge ? "smart" : null,
        provider: isLarge ? "b" : "a",
        model: isLarge ? "large" : "small",
        outcome: at % 10 === 0 ? "upstream_error" : "success",
        input: 100 + at,
        cached: 10,
        output: 20,
        reasoning: 5,
        cost: at % 7 === 0 ? null : "0.000000000001",
        durationMs: at + 0.125,
        ttftMs: at % 4 === 0 ? 40 : null,
      });
    });
    await writeDay(folder, day, lines);
  }
}

Deno.test("summarize() sums what can be summed by hand", () =>
  inFolder(async (folder) => {
    await generate(folder);
    const view = await summarize(reader(folder), filter(), grouping());
    assertEquals(view.requests, {
      total: 3000,
      successful: 2700,
      failed: 300,
    });
    assertEquals(view.tokens, {
      input: 3 * (1000 * 100 + 499_500),
      output: 60_000,
      cached: 30_000,
      reasoning: 15_000,
      total: 3 * (1000 * 100 + 499_500) + 60_000,
    });
    // 143 of each day's thousand are divisible by seven.
    assertEquals(view.cost.unpricedRequests, 3 * 143);
    assertEquals(view.cost.total, "0.000000002571");
    // Of the 334 multiples of three, 48 are multiples of 21.
    assertEquals(view.cost.byModel, {
      "a/small": "0.000000001713",
      "b/large": "0.000000000858",
    });
    assertEquals(view.performance.avgDurationMs, 499.625);
    assertEquals(view.performance.avgTtftMs, 40);
    const { p50DurationMs, p95DurationMs } = view.performance;
    assert(Math.abs((p50DurationMs ?? 0) / 500 - 1) < 0.06);
    assert(Math.abs((p95DurationMs ?? 0) / 950 - 1) < 0.06);
    assertEquals(view.brokenLines, 0);
  }));

Deno.test("summarize() groups, sorts by cost and keeps the top", () =>
  inFolder(async (folder) => {
    await generate(folder);
    const by = (given: Given) =>
      summarize(reader(folder), filter(), grouping(given));
    const providers = await by({ groupBy: "provider" });
    assertEquals(
      providers.groups?.map(({ provider, requests }) => [
        provider,
        requests.total,
      ]),
      [["a", 1998], ["b", 1002]],
    );
    const top = await by({ groupBy: "provider,client", top: "1" });
    assertEquals(top.groups?.length, 1);
    assertEquals(top.moreGroups, 3);
    const days = await by({ groupBy: "day" });
    assertEquals(days.groups?.map(({ day }) => day), [
      "2026-11-18",
      "2026-11-19",
      "2026-11-20",
    ]);
    const hours = await by({ groupBy: "hour" });
    assertEquals(hours.groups?.length, 72);
    assertEquals(hours.groups?.[0]?.hour, "2026-11-18T00:00Z");
  }));

Deno.test("summarizeIndexed() answers what summarize() answers, whatever is asked", () =>
  inFolder(async (folder) => {
    await generate(folder);
    await archiveDay(folder, "2026-11-18");
    using index = UsageIndex.open(`${folder}/index.sqlite`);
    const added = await index.update(reader(folder), 0);
    assertEquals([added.files, added.lines], [3, 3000]);
    const again = await index.update(reader(folder), 0);
    assertEquals([again.files, again.unchanged], [0, 3]);
    // Lines that came after, one of them of the day before and one broken.
    await Deno.writeTextFile(
      `${folder}/2026-11-20.jsonl`,
      [
        usageLine(9001, { timestamp: "2026-11-19T23:59:59.999Z" }),
        "{broken",
        usageLine(9002, { timestamp: "2026-11-20T23:00:00.000Z" }),
        '{"id":"torn',
      ].join("\n"),
      { append: true },
    );
    const questions: [Given, Given][] = [
      [{}, {}],
      [{ from: "2026-11-19", to: "2026-11-19" }, { groupBy: "provider" }],
      [{ from: "2026-11-18T05:30", to: "2026-11-20T23:30" }, {
        groupBy: "day",
      }],
      [{ from: "2026-11-19T05:00:00.001Z", to: "2026-11-19T05:30" }, {}],
      [{ client: "ci", success: "true" }, { groupBy: "hour" }],
      [{ model: "large", alias: "smart" }, { groupBy: "client,outcome" }],
      [{ provider: "a,b", outcome: "upstream_error" }, {}],
      [{ from: "2027-01-01" }, {}],
    ];
    for (const [where, how] of questions) {
      assertEquals(
        await summarizeIndexed(
          reader(folder),
          filter(where),
          grouping(how),
          index,
        ),
        await summarize(reader(folder), filter(where), grouping(how)),
        JSON.stringify([where, how]),
      );
    }
  }));

Deno.test("UsageIndex forgets days that are gone and reads again what was written anew", () =>
  inFolder(async (folder) => {
    await generate(folder);
    using index = UsageIndex.open(`${folder}/index.sqlite`);
    await index.update(reader(folder), 0);
    await Deno.remove(`${folder}/2026-11-18.jsonl`);
    await writeDay(folder, "2026-11-19", [
      usageLine(1, { timestamp: "2026-11-19T01:00:00.000Z" }),
    ]);
    const ask = () =>
      summarizeIndexed(reader(folder), filter(), grouping(), index);
    assertEquals((await ask()).requests.total, 1001);
    await index.update(reader(folder), 0);
    assertEquals((await ask()).requests.total, 1001);
  }));

Deno.test("summarize() passes over lines that are broken or torn and counts them", () =>
  inFolder(async (folder) => {
    await writeDay(folder, "2026-11-20", [
      usageLine(1),
      "not json",
      '{"no":"usage line"}',
      usageLine(2),
    ]);
    await Deno.writeTextFile(`${folder}/2026-11-20.jsonl`, '{"id":"01', {
      append: true,
    });
    const view = await summarize(reader(folder), filter(), grouping());
    assertEquals([view.requests.total, view.brokenLines], [2, 2]);
  }));

Deno.test("summarize() of nothing has no numbers that are none", () =>
  inFolder(async (folder) => {
    const view = await summarize(
      reader(`${folder}/missing`),
      filter(),
      grouping({ groupBy: "day" }),
    );
    assertEquals(view.cost.total, "0");
    assertEquals(view.performance.avgDurationMs, null);
    assertEquals(view.performance.p95TtftMs, null);
    assertEquals(view.groups, []);
  }));

Deno.test("readPage() gives the newest first, over days and archives, with its offset", () =>
  inFolder(async (folder) => {
    await generate(folder);
    await archiveDay(folder, "2026-11-19");
    const ids = async (given: Given, limit: number, offset: number) => {
      const page = await readPage(reader(folder), filter(given), {
        limit,
        offset,
      });
      return [
        page.lines.map((line) => Number(JSON.parse(line).id.slice(2))),
        page.hasMore,
      ];
    };
    const at = (index: number) => index;
    assertEquals(await ids({}, 2, 0), [[at(2999), at(2998)], true]);
    assertEquals(await ids({}, 3, 999), [
      [at(2000), at(1999), at(1998)],
      true,
    ]);
    assertEquals(await ids({}, 5, 2998), [[at(1), at(0)], false]);
    assertEquals(await ids({}, 1000, 2000), [
      Array.from({ length: 1000 }, (_, index) => at(999 - index)),
      false,
    ]);
    assertEquals(
      await ids({ to: "2026-11-18", outcome: "upstream_error" }, 1, 0),
      [
        [at(990)],
        true,
      ],
    );
    assertEquals(await ids({ client: "nobody" }, 1, 0), [[], false]);
  }));

Deno.test("readRange() reads days and times and refuses what no calendar has", () => {
  assertEquals(readRange("2026-11-20", "2026-11-20"), {
    fromMs: Date.parse("2026-11-20T00:00:00Z"),
    toMs: Date.parse("2026-11-21T00:00:00Z"),
  });
  assertEquals(
    readRange("2026-11-20T01:00:00 01:00", "2026-11-20T00:00:00.5").fromMs,
    Date.parse("2026-11-20T00:00:00Z"),
  );
  assertEquals(readRange("2024-02-29", undefined).toMs, Infinity);
  for (
    const bad of [
      "2026-02-30",
      "2026-13-01",
      "2025-02-29",
      "2026-11-20T24:00",
      "2026-11-20T10:61",
      "yesterday",
      "20261120",
      "",
    ]
  ) {
    assertThrows(() => readRange(bad, undefined), QueryError, "is no moment");
  }
  assertThrows(
    () => readRange("2026-11-20", "2026-11-19"),
    QueryError,
    "before from",
  );
  assertThrows(
    () => readRange("2026-11-20T10:00", "2026-11-20T09:00"),
    QueryError,
    "before from",
  );
  limitRange(readRange("2026-01-01", "2026-12-31"), 366);
  assertThrows(
    () => limitRange(readRange("2025-01-01", "2026-12-31"), 366),
    QueryError,
    "range too large",
  );
});

Deno.test("readFilter() and readGrouping() name the parameter and the fix", () => {
  for (
    const [given, words] of [
      [{ outcome: "sucess" }, "use success"],
      [{ success: "yes" }, "neither true nor false"],
    ] as const
  ) {
    assertThrows(() => filter(given), QueryError, words);
  }
  assertThrows(() => grouping({ groupBy: "model,tier" }), QueryError, "tier");
  assertThrows(() => grouping({ top: "-1" }), QueryError, "top");
});
