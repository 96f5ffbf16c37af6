import { assertEquals } from "@std/assert";
import { SpendHistory } from "../../src/accounting/spend_history.ts";
import { archiveDay, writeDay } from "./usage_lines.ts";
import { inFolder } from "../temp_folder.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);

function line(at: string, client: string, alias: string | null, usd: string) {
  return JSON.stringify({
    id: "01kafx9p3r8d7zq2m4n6v8w0yt",
    timestamp: at,
    client,
    aliasUsed: alias,
    cost: { totalCost: usd, status: "priced" },
  }) + "\n";
}

function sums(
  found: Awaited<ReturnType<SpendHistory["read"]>>,
): Record<string, string> {
  return Object.fromEntries(
    found.map(({ day, client, alias, pico }) => [
      `${day} ${client} ${alias}`,
      String(pico),
    ]),
  );
}

Deno.test("SpendHistory sums by the day on which requests came, and reads on where it stopped", () =>
  inFolder(async (folder) => {
    const usage = `${folder}/usage`;
    await Deno.mkdir(usage);
    const today = `${usage}/2026-11-20.jsonl`;
    const place = `${folder}/budgets/spent.json`;
    await Deno.writeTextFile(
      today,
      // Came before midnight, ended after it.
      line("2026-11-19T23:59:59.000Z", "ci", "fast", "0.000000000001") +
        line("2026-11-20T01:00:00.000Z", "ci", null, "2") +
        "{torn",
    );
    const open = () => new SpendHistory(() => [usage], place);
    const expected = {
      "2026-11-19 ci fast": "1",
      "2026-11-20 ci null": "2000000000000",
    };
    assertEquals(sums(await open().read(NOW_MS)), expected);
    // What is read already is not looked at again: nobody would notice it was changed.
    await Deno.writeTextFile(
      today,
      "\n" + line("2026-11-20T02:00:00.000Z", "ci", null, "0.5"),
      { append: true },
    );
    const history = open();
    assertEquals(sums(await history.read(NOW_MS)), {
      ...expected,
      "2026-11-20 ci null": "2500000000000",
    });
    assertEquals(sums(await history.read(NOW_MS)), {
      ...expected,
      "2026-11-20 ci null": "2500000000000",
    });
    await Deno.writeTextFile(place, "not json");
    assertEquals(sums(await open().read(NOW_MS)), {
      ...expected,
      "2026-11-20 ci null": "2500000000000",
    });
  }));

Deno.test("SpendHistory does not count a day again that was archived, and reads to the end of what it was given", () =>
  inFolder(async (folder) => {
    const usage = `${folder}/usage`;
    const place = `${folder}/budgets/spent.json`;
    const spent = (day: string, usd: string) =>
      line(`${day}T01:00:00.000Z`, "ci", null, usd);
    await writeDay(usage, "2026-11-10", [spent("2026-11-10", "2").trim()]);
    await writeDay(usage, "2026-11-20", [spent("2026-11-20", "1").trim()]);
    const open = () =>
      new SpendHistory(() => [usage, `${usage}/archive`], place);
    const expected = {
      "2026-11-10 ci null": "2000000000000",
      "2026-11-20 ci null": "1000000000000",
    };
    const history = open();
    const files = await history.list(NOW_MS);
    const today = `${usage}/2026-11-20.jsonl`;
    await Deno.writeTextFile(today, spent("2026-11-20", "4"), { append: true });
    assertEquals(sums(await history.read(NOW_MS, files)), expected);
    await archiveDay(usage, "2026-11-10");
    const after = { ...expected, "2026-11-20 ci null": "5000000000000" };
    assertEquals(sums(await open().read(NOW_MS)), after);
    assertEquals(sums(await open().read(NOW_MS)), after);
  }));

Deno.test("SpendHistory reads a file anew that has become shorter, and forgets days that no budget looks at", () =>
  inFolder(async (folder) => {
    const usage = `${folder}/usage`;
    await Deno.mkdir(usage);
    const today = `${usage}/2026-11-20.jsonl`;
    const one = line("2026-11-20T01:00:00.000Z", "ci", null, "1");
    await Deno.writeTextFile(today, one + one);
    const history = new SpendHistory(
      () => [usage],
      `${folder}/budgets/spent.json`,
    );
    assertEquals(sums(await history.read(NOW_MS)), {
      "2026-11-20 ci null": "2000000000000",
    });
    await Deno.writeTextFile(today, one);
    assertEquals(sums(await history.read(NOW_MS)), {
      "2026-11-20 ci null": "1000000000000",
    });
    assertEquals(await history.read(NOW_MS + 60 * 86_400_000), []);
  }));
