import { assertEquals, assertStringIncludes } from "@std/assert";
import { OpenrouterPrices } from "../../src/accounting/openrouter_prices.ts";
import { run } from "../../src/cli/run.ts";
import { usageLine, writeDay } from "../accounting/usage_lines.ts";
import { FakeTerminal } from "./fake_terminal.ts";
import { inFolder } from "../temp_folder.ts";

const MODEL = "signalbox-tests/only-here";
const LIST = JSON.stringify({
  data: [{
    id: MODEL,
    pricing: {
      prompt: "0.00001",
      completion: "0.00002",
      input_cache_read: "0.000001",
    },
  }],
});

/** A state folder with OpenRouter's list as a gateway keeps it, and a log of one line. */
async function withKept(
  enabled: boolean,
  test: (...words: string[]) => Promise<FakeTerminal>,
): Promise<FakeTerminal> {
  let answer = new FakeTerminal();
  await inFolder(async (folder) => {
    const stateDir = `${folder}/state`;
    await new OpenrouterPrices({
      download: () => Promise.resolve(LIST),
      stateDir,
      limits: { maxModelLossRatio: 0.3, maxPriceFactor: 5 },
      now: () => Date.parse("2026-11-19T10:00:00Z"),
    }).refresh();
    const config = `${folder}/signalbox.jsonc`;
    await Deno.writeTextFile(
      config,
      JSON.stringify({
        stateDir,
        providers: {
          openrouter: {
            protocols: { chat: "https://openrouter.ai/api/v1" },
            keys: [],
            auth: "none",
          },
        },
        pricing: { openrouter: { enabled } },
      }),
    );
    // 900 plain, 100 read from the cache, 50 out: 0.009 + 0.0001 + 0.001.
    await writeDay(`${stateDir}/usage`, "2026-11-20", [
      usageLine(1, {
        provider: "openrouter",
        model: MODEL,
        input: 1000,
        cached: 100,
        output: 50,
        cost: "0.0101",
      }),
    ]);
    answer = await test("--config", config);
  });
  return answer;
}

async function ask(
  enabled: boolean,
  ...words: string[]
  // deno-lint-ignore no-explicit-any -- an answer is read as its readers would
): Promise<any> {
  const said = await withKept(enabled, async (...more) => {
    const terminal = new FakeTerminal();
    await run([...words, "--json", ...more], terminal);
    return terminal;
  });
  return JSON.parse(said.outText);
}

Deno.test("costs report and costs reprice know the list of OpenRouter that the gateway keeps, if the config asks for it", async () => {
  const repriced = await ask(true, "costs", "reprice");
  assertEquals(
    [repriced.repriced, repriced.changed, repriced.repricedUnpriced],
    ["0.0101", 0, 0],
  );
  const report = await ask(true, "costs", "report");
  // 100 tokens at 10 - 1 USD per million.
  assertEquals(report.savings.details.providerCache.amount, "0.0009");
  const without = await ask(false, "costs", "reprice");
  assertEquals([without.repriced, without.repricedUnpriced], ["0", 1]);
});

Deno.test("prices show and prices list name the kept list and its day", async () => {
  const shown = await ask(true, "prices", "show", `openrouter/${MODEL}`);
  assertEquals(
    [shown.source, shown.table, shown.date],
    ["openrouter", "openrouter", "2026-11-19"],
  );
  const tables = await ask(true, "prices", "list", "--tables");
  assertStringIncludes(JSON.stringify(tables), '"openrouter"');
});
