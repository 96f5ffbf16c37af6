import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ProgressBar } from "../../src/cli/progress_bar.ts";
import { run } from "../../src/cli/run.ts";
import { usageLine, writeDay } from "../accounting/usage_lines.ts";
import { FakeTerminal } from "./fake_terminal.ts";
import { inFolder } from "../temp_folder.ts";

type Run = (...words: string[]) => Promise<readonly [number, FakeTerminal]>;

/** Runs commands over a log of four lines; sim/echo costs 8 USD per million in, 20 out. */
async function withLog(
  test: (signalbox: Run, folder: string) => Promise<void>,
  logging: unknown = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const config = `${folder}/signalbox.jsonc`;
    await Deno.writeTextFile(
      config,
      JSON.stringify({
        stateDir: `${folder}/state`,
        providers: { sim: { simulator: {} } },
        pricing: {
          models: { "sim/echo": { inputPer1M: 8, outputPer1M: 20 } },
        },
        logging,
      }),
    );
    await writeDay(`${folder}/state/usage`, "2026-11-19", [
      usageLine(1, { timestamp: "2026-11-19T10:00:00.000Z" }),
      "{torn",
    ]);
    await writeDay(`${folder}/state/usage`, "2026-11-20", [
      usageLine(2, { client: 'say "hi", ok', ttftMs: 12.5 }),
      usageLine(3, { outcome: "timeout", cost: null }),
      usageLine(4, { alias: "fast", client: "laptop" }),
    ]);
    await test(async (...words) => {
      const terminal = new FakeTerminal();
      const code = await run([...words, "--config", config], terminal);
      return [code, terminal];
    }, folder);
  });
}

Deno.test("usage summary answers as table, JSON and CSV", () =>
  withLog(async (signalbox) => {
    const [code, table] = await signalbox("usage", "summary");
    assertEquals(code, 0, table.errText);
    assertStringIncludes(table.outText, "0.003");
    assertStringIncludes(table.errText, "1 lines could not be read");
    const [, json] = await signalbox(
      "usage",
      "summary",
      "--from",
      "2026-11-20",
      "--json",
    );
    const view = JSON.parse(json.outText);
    assertEquals(view.requests, { total: 3, successful: 2, failed: 1 });
    assertEquals(view.cost.total, "0.002");
    assertEquals(view.cost.byProvider, { sim: "0.002" });
    assertEquals(view.period.from, "2026-11-20T00:00:00.000Z");
    const [, csv] = await signalbox(
      "usage",
      "summary",
      "--group-by",
      "client",
      "--csv",
      "--success",
      "true",
    );
    const rows = csv.outText.split("\r\n");
    assertEquals(rows.length, 4);
    assert(rows.some((row) => row.startsWith('"say ""hi"", ok",1,0,100,')));
  }));

Deno.test("usage index is made, used and made again", () =>
  withLog(async (signalbox, folder) => {
    const [code, made] = await signalbox("usage", "index", "--json");
    assertEquals(code, 0, made.errText);
    const { path, lines, files } = JSON.parse(made.outText);
    assertEquals([lines, files], [4, 2]);
    assertEquals(path, `${folder}/state/usage/index.sqlite`);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    const ask = async (...words: string[]) =>
      JSON.parse(
        (await signalbox("usage", "summary", "--json", ...words))[1]
          .outText,
      );
    assertEquals(await ask("--index"), await ask());
    await Deno.remove(`${path}-wal`).catch(() => {});
    await Deno.writeTextFile(path, "no database at all ".repeat(100));
    const [broken, told] = await signalbox("usage", "summary", "--index");
    assertEquals(broken, 3);
    assertStringIncludes(told.errText, "usage index --rebuild");
    const [, again] = await signalbox("usage", "index", "--rebuild", "--json");
    assertEquals(JSON.parse(again.outText).lines, 4);
  }));

Deno.test("usage list shows the newest first; usage export the oldest first, as they were logged", () =>
  withLog(async (signalbox, folder) => {
    const [code, list] = await signalbox("usage", "list", "--limit", "2");
    assertEquals(code, 0, list.errText);
    assertStringIncludes(list.outLines.join("\n"), "laptop");
    assertStringIncludes(list.errText, "--offset 2");
    const [, json] = await signalbox("usage", "list", "--json");
    const { items, hasMore } = JSON.parse(json.outText);
    assertEquals([items.length, hasMore], [4, false]);
    assertEquals(items[0].client, "laptop");
    const [, lines] = await signalbox("usage", "export");
    const logged = await Deno.readTextFile(
      `${folder}/state/usage/2026-11-20.jsonl`,
    );
    assertEquals(lines.outText.split("\n").slice(1).join("\n") + "\n", logged);
    const [, csv] = await signalbox(
      "usage",
      "export",
      "--csv",
      "--from",
      "2026-11-20",
    );
    const [head = "", first = ""] = csv.outText.split("\r\n");
    assertStringIncludes(head, "id,timestamp,client,");
    assertStringIncludes(first, ',"say ""hi"", ok",');
    // Nothing but rows that all have as many columns as the head.
    const columns = head.split(",").length;
    assertEquals(
      first.replace(/"[^"]*(?:""[^"]*)*"/g, "x").split(",").length,
      columns,
    );
  }));

Deno.test("usage refuses what makes no sense with exit code 2", () =>
  withLog(async (signalbox) => {
    for (
      const [words, message] of [
        [["summary", "--from", "2026-02-30"], "is no moment"],
        [["list", "--from", "2026-11-20", "--to", "2026-11-19"], "before from"],
        [["summary", "--group-by", "tier"], "tier"],
        [["export", "--outcome", "good"], "outcome"],
        [["list", "--limit", "5000"], "limit"],
        [["export", "--csv", "--json"], "choose one"],
      ] as const
    ) {
      const [code, { errText }] = await signalbox("usage", ...words);
      assertEquals(code, 2, words.join(" "));
      assertStringIncludes(errText, message);
    }
  }));

Deno.test("usage reads a folder without a config, and says where there is no log", () =>
  withLog(async (_, folder) => {
    const terminal = new FakeTerminal();
    const words = ["usage", "summary", "--json", "--folder"];
    assertEquals(await run([...words, `${folder}/state/usage`], terminal), 0);
    assertEquals(JSON.parse(terminal.outText).requests.total, 4);
    const empty = new FakeTerminal();
    assertEquals(await run([...words, `${folder}/nowhere`], empty), 0);
    assertEquals(JSON.parse(empty.outText).requests.total, 0);
    assertStringIncludes(empty.errText, "no usage log");
  }));

Deno.test("costs report and costs reprice compute from the log and change nothing", () =>
  withLog(async (signalbox, folder) => {
    const path = `${folder}/state/usage/2026-11-20.jsonl`;
    const before = await Deno.readTextFile(path);
    const [code, table] = await signalbox("costs", "report");
    assertEquals(code, 0, table.errText);
    assertStringIncludes(table.outText, "0.003 USD, 4 requests");
    const [, json] = await signalbox("costs", "report", "--json");
    const report = JSON.parse(json.outText);
    assertEquals(report.breakdown.byModel, { "sim/echo": "0.003" });
    assertEquals(report.unpricedRequests, 1);
    // 100 in and 10 out are 0.001 USD: only the line without a cost differs.
    const [differs, again] = await signalbox(
      "costs",
      "reprice",
      "--json",
      "--check",
    );
    assertEquals(differs, 1);
    const { changed, loggedUnpriced, repriced } = JSON.parse(again.outText);
    assertEquals([changed, loggedUnpriced, repriced], [1, 1, "0.004"]);
    const range = ["--to", "2026-11-19", "--check"];
    assertEquals((await signalbox("costs", "reprice", ...range))[0], 0);
    const prices = `${folder}/litellm.json`;
    await Deno.writeTextFile(
      prices,
      JSON.stringify({
        "sim/echo": {
          litellm_provider: "sim",
          mode: "chat",
          input_cost_per_token: 16e-6,
          output_cost_per_token: 40e-6,
        },
      }),
    );
    const [dearer, other] = await signalbox(
      "costs",
      "reprice",
      "--prices",
      prices,
      "--format",
      "litellm",
      ...range,
    );
    assertEquals(dearer, 1, other.errText);
    assertStringIncludes(other.outText, "0.002");
    assertEquals(await Deno.readTextFile(path), before);
  }));

Deno.test("ProgressBar draws on a terminal, after a while, and wipes itself off", () => {
  const drawn: string[] = [];
  const terminal = Object.assign(new FakeTerminal(), {
    progress: (line: string) => drawn.push(line),
  });
  let nowMs = 0;
  {
    using bar = new ProgressBar(terminal, () => nowMs);
    bar.update(1, 10);
    assertEquals(drawn, []);
    nowMs = 600;
    bar.update(5, 10);
    bar.update(6, 10);
    nowMs = 800;
    bar.update(10, 10);
  }
  assertEquals(drawn.map((line) => line.slice(-5).trim()), [
    "50 %",
    "100 %",
    "",
  ]);
});
