import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadPrices } from "../../src/accounting/load_prices.ts";
import {
  type PriceFile,
  PriceFileError,
} from "../../src/accounting/price_file.ts";
import {
  type ImportResult,
  PriceStore,
} from "../../src/accounting/price_store.ts";
import { pricingSchema } from "../../src/config/schema/pricing.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { tableOf } from "./prices.ts";

const LIMITS = { maxModelLossRatio: 0.3, maxPriceFactor: 5 };
const BASELINE = tableOf({ "openai/m0": { inputPer1M: 100 } });

function fileOf(
  entries: Readonly<Record<string, JsonObject>>,
  rest: Partial<PriceFile> = {},
): PriceFile {
  return {
    format: "litellm",
    date: "2026-08-01",
    entries: new Map(Object.entries(entries)),
    notes: [],
    suspects: [],
    ...rest,
  };
}

/** Models `m0` to `m<count - 1>` at this price. */
function models(count: number, price: string): Record<string, JsonObject> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `openai/m${index}`,
      { inputPer1M: price, outputPer1M: price },
    ]),
  );
}

async function withStore(
  test: (
    add: (file: PriceFile, accept?: boolean) => Promise<ImportResult>,
    store: PriceStore,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const store = new PriceStore(folder);
    await test(
      (file, accept = false) =>
        store.add("table", file, {
          limits: LIMITS,
          accept,
          baseline: BASELINE,
        }),
      store,
      folder,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("add() stores a first import and notes what differs from the embedded prices", () =>
  withStore(async (add, store) => {
    const result = await add(fileOf(models(3, "1")));
    assertEquals([result.stored, result.added, result.refused], [true, 3, []]);
    assertEquals(result.notes, [
      "embedded prices: openai/m0: inputPer1M moves from 100 to 1, by more than a factor of 5",
    ]);
    assertEquals(await store.names(), ["table"]);
    assertEquals((await store.read("table"))?.date, "2026-08-01");
  }));

Deno.test("add() keeps models that a newer table no longer lists", () =>
  withStore(async (add, store) => {
    await add(fileOf(models(10, "1")));
    const result = await add(
      fileOf({ ...models(8, "2"), "openai/new": { inputPer1M: "1" } }),
    );
    assertEquals(
      [result.stored, result.added, result.kept, result.changed, result.models],
      [true, 1, 2, 16, 11],
    );
    const entries = (await store.read("table"))?.entries;
    assertEquals(entries?.get("openai/m0")?.inputPer1M, "2");
    assertEquals(entries?.get("openai/m9")?.inputPer1M, "1");
  }));

Deno.test("add() refuses a table that lost too many models, unless accepted", () =>
  withStore(async (add, store) => {
    await add(fileOf(models(10, "1")));
    const short = fileOf(models(6, "1"), { date: "2026-09-01" });
    const refused = await add(short);
    assertEquals([refused.stored, refused.refused], [false, [
      "4 of 10 models (40 %) are gone, more than 30 %",
    ]]);
    assertEquals((await store.read("table"))?.date, "2026-08-01");
    const accepted = await add(short, true);
    assertEquals([accepted.stored, accepted.models], [true, 10]);
  }));

Deno.test("add() refuses prices that jump, fall to nothing, or are none", () =>
  withStore(async (add, store) => {
    await add(fileOf(models(10, "1")));
    const jump = (price: string) => ({
      ...models(10, "1"),
      "openai/m3": { inputPer1M: price, outputPer1M: "1" },
    });
    for (const price of ["10", "0.1", "0"]) {
      const result = await add(fileOf(jump(price)));
      assertEquals([result.stored, result.refused], [false, [
        `openai/m3: inputPer1M moves from 1 to ${price}, by more than a factor of 5`,
      ]]);
    }
    assert((await add(fileOf(jump("5")))).stored);
    const broken = await add(
      fileOf(models(10, "1"), { suspects: ["a: value is -1, not a price"] }),
    );
    assertEquals([broken.stored, broken.refused], [false, [
      "a: value is -1, not a price",
    ]]);
    assertEquals((await store.read("table"))?.entries.size, 10);
  }));

Deno.test("add() looks at every price: of caches, bounds, tiers and searches", () =>
  withStore(async (add) => {
    const model = (change: JsonObject) =>
      fileOf({
        "openai/m": {
          inputPer1M: "1",
          outputPer1M: "2",
          cachedPer1M: "0.1",
          tiers: [{ above: 1000, inputPer1M: "2" }],
          serviceTiers: { priority: { inputPer1M: "3" } },
          webSearchPer1K: "10",
          ...change,
        },
      });
    await add(model({}));
    const refused = async (change: JsonObject) =>
      (await add(model(change))).refused.map((line) => line.split(" moves")[0]);
    assertEquals(await refused({ cachedPer1M: "1" }), [
      "openai/m: cachedPer1M",
    ]);
    assertEquals(
      await refused({ tiers: [{ above: 1000, inputPer1M: "20" }] }),
      ["openai/m: tiers[from 1001].inputPer1M"],
    );
    assertEquals(
      await refused({ serviceTiers: { priority: { inputPer1M: "30" } } }),
      ["openai/m: serviceTiers.priority.inputPer1M"],
    );
    assertEquals(await refused({ webSearchPer1K: "0.01" }), [
      "openai/m: webSearchPer1K",
    ]);
    // A factor follows the plain price, which is told once.
    assertEquals(await refused({ inputPer1M: "10" }), ["openai/m: inputPer1M"]);
  }));

Deno.test("add() replaces the file in one step and keeps the one before", () =>
  withStore(async (add, store, folder) => {
    await add(fileOf(models(2, "1")));
    await add(fileOf(models(2, "2")));
    const entries = await Array.fromAsync(Deno.readDir(`${folder}/prices`));
    const files = entries.map(({ name }) => name).sort();
    assertEquals(files, ["table.json", "table.previous.json"]);
    assertEquals(await store.names(), ["table"]);
  }));

Deno.test("add() refuses names that lead out of the folder", () =>
  withStore(async (_, store) => {
    for (const name of ["../up", "", ".hidden", "a/b", "x.previous"]) {
      await assertRejects(
        () =>
          store.add(name, fileOf(models(1, "1")), {
            limits: LIMITS,
            accept: true,
            baseline: BASELINE,
          }),
        PriceFileError,
        "Cannot store price table",
      );
    }
  }));

Deno.test("loadPrices() takes the newest import first and goes on without a broken one", () =>
  withStore(async (_, store, folder) => {
    const options = { limits: LIMITS, accept: false, baseline: BASELINE };
    await store.add("old", fileOf(models(1, "1")), options);
    await store.add(
      "new",
      fileOf(models(1, "2"), { date: "2026-10-01" }),
      options,
    );
    await Deno.writeTextFile(`${folder}/prices/torn.json`, '{"format"');
    const prices = await loadPrices({
      pricing: pricingSchema.parse({}),
      providers: new Set(),
      stateDir: folder,
    });
    assertEquals(prices.imported.map(({ name }) => name), [
      "prices/new",
      "prices/old",
    ]);
    assertEquals(prices.warnings, [
      `Cannot read price table ${folder}/prices/torn.json: it is not JSON`,
    ]);
  }));

Deno.test("loadPrices() refuses a table of the config that cannot be read", () =>
  withStore(async (_, __, folder) => {
    await assertRejects(
      () =>
        loadPrices({
          pricing: pricingSchema.parse({
            tables: [{ file: `${folder}/none.json`, format: "litellm" }],
          }),
          providers: new Set(),
          stateDir: folder,
        }),
      PriceFileError,
      "there is no such file or folder",
    );
  }));
