import { assertEquals, assertRejects } from "@std/assert";
import { OpenrouterPrices } from "../../src/accounting/openrouter_prices.ts";

const LIMITS = { maxModelLossRatio: 0.3, maxPriceFactor: 5 };

function list(price: string): string {
  return JSON.stringify({
    data: [{ id: "meta/llama", pricing: { prompt: price, completion: price } }],
  });
}

Deno.test("refresh() takes a list, keeps it, and keeps the last good one", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    let text = list("0.000001");
    const options = {
      download: () => Promise.resolve(text),
      stateDir,
      limits: LIMITS,
      now: () => Date.parse("2026-11-20T10:00:00Z"),
    };
    const prices = new OpenrouterPrices(options);
    assertEquals(prices.table, null);
    await prices.refresh();
    assertEquals(prices.table?.date, "2026-11-20");
    for (const bad of ["no json", "{}", list("0.0001"), list("-7")]) {
      text = bad;
      await assertRejects(() => prices.refresh());
      const [row] = prices.table?.rows ?? [];
      assertEquals(row?.source.entry.rates.inputPer1M, 1_000_000n);
    }
    text = list("0.000002");
    await prices.refresh();
    const next = new OpenrouterPrices(options);
    await next.restore();
    const match = next.table?.find("openrouter", "meta/llama");
    assertEquals(match?.entry.rates.inputPer1M, 2_000_000n);
    assertEquals(next.table?.source, "openrouter");
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});
