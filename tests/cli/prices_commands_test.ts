import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "../../src/cli/run.ts";
import { FakeTerminal } from "./fake_terminal.ts";

/** A LiteLLM table of `count` models at `price` per million. */
function table(count: number, price: number): string {
  return JSON.stringify(Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`acme/m${index}`, {
      litellm_provider: "acme",
      mode: "chat",
      input_cost_per_token: price / 1e6,
      output_cost_per_token: price / 1e6,
    }]),
  ));
}

type Prices = (...words: string[]) => Promise<readonly [number, FakeTerminal]>;

/** Runs `signalbox prices ...` with a config whose state lies in a temporary folder. */
async function inFolder(
  test: (prices: Prices, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const config = `${folder}/signalbox.jsonc`;
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      stateDir: `${folder}/state`,
      pricing: { models: { "house-model": { inputPer1M: 3 } } },
    }),
  );
  try {
    await test(async (...words) => {
      const terminal = new FakeTerminal();
      const withConfig = words[0] === "diff" ? [] : ["--config", config];
      const code = await run(["prices", ...words, ...withConfig], terminal);
      return [code, terminal];
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("prices import keeps a table, shows it, and refuses an implausible successor", () =>
  inFolder(async (prices, folder) => {
    const file = `${folder}/t.json`;
    await Deno.writeTextFile(file, table(10, 1));
    const [first, stored] = await prices(
      "import",
      file,
      "--date",
      "2026-08-01",
    );
    assertEquals(first, 0, stored.errText);
    assertStringIncludes(stored.outText, "10 models, 10 new");
    const [, shown] = await prices("show", "acme/m3", "--json");
    const answer = JSON.parse(shown.outText);
    assertEquals([answer.key, answer.rule, answer.table, answer.date], [
      "acme/m3",
      "exact",
      "prices/litellm",
      "2026-08-01",
    ]);
    for (const bad of [table(6, 1), table(10, 10)]) {
      await Deno.writeTextFile(file, bad);
      const [code, refused] = await prices("import", file);
      assertEquals(code, 1);
      assertStringIncludes(
        refused.errText,
        "--accept stores them all the same",
      );
    }
    const [, still] = await prices("show", "acme/m3", "--json");
    assertEquals(JSON.parse(still.outText).prices.inputPer1M, "1");
    assertEquals((await prices("import", file, "--accept"))[0], 0);
    const [, moved] = await prices("show", "acme/m3", "--json");
    assertEquals(JSON.parse(moved.outText).prices.inputPer1M, "10");
  }));

Deno.test("prices show says which entry and why, or what was meant", () =>
  inFolder(async (prices) => {
    const [code, exact] = await prices("show", "openai/gpt-4o-2024-08-06");
    assertEquals(code, 0);
    assertStringIncludes(exact.outText, "openai/gpt-4o-2024-08-06: rule exact");
    const [, own] = await prices("show", "house-model", "--json");
    assertEquals(JSON.parse(own.outText).source, "config");
    const [missed, meant] = await prices("show", "openai/gpt-4o-mimi");
    assertEquals(missed, 1);
    assertStringIncludes(meant.errText, "did you mean openai/gpt-4o-mini?");
    const [ambiguous, listed] = await prices("show", "gpt-oss-120b");
    assertEquals(ambiguous, 1);
    assertStringIncludes(listed.errText, "give --provider");
    const [named] = await prices("show", "gpt-oss-120b", "--provider", "groq");
    assertEquals(named, 1);
  }));

Deno.test("prices list filters, and shows the tables with their age", () =>
  inFolder(async (prices) => {
    const [, listed] = await prices(
      "list",
      "opus-5",
      "--provider",
      "anthropic",
      "--json",
    );
    const keys = JSON.parse(listed.outText).map(
      ({ key }: { key: string }) => key,
    );
    assert(keys.includes("anthropic/claude-opus-5"), keys.join());
    assert(keys.every((key: string) => key.startsWith("anthropic/")));
    const [, tables] = await prices("list", "--tables", "--json");
    const rows = JSON.parse(tables.outText);
    assertEquals(rows.map(({ name }: { name: string }) => name), [
      "config",
      "embedded",
    ]);
    assert(rows[1].ageDays >= 0 && rows[1].models > 1500);
  }));

Deno.test("prices diff tells price by price what differs, exit code 1", () =>
  inFolder(async (prices, folder) => {
    await Deno.writeTextFile(`${folder}/a.json`, table(2, 1));
    await Deno.writeTextFile(`${folder}/b.json`, table(3, 2));
    const files = [`${folder}/a.json`, `${folder}/b.json`] as const;
    const [code, changed] = await prices("diff", ...files, "--json");
    assertEquals(code, 1);
    const { added, removed, changed: rows } = JSON.parse(changed.outText);
    assertEquals([added, removed, rows.length], [["acme/m2"], [], 4]);
    assertEquals(rows[0], {
      key: "acme/m0",
      field: "inputPer1M",
      from: "1",
      to: "2",
    });
    assertEquals((await prices("diff", files[0], files[0]))[0], 0);
  }));

Deno.test("prices sync takes a table from the network, through the same guards", () =>
  inFolder(async (prices) => {
    let answer = table(10, 1);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(answer),
    );
    const url = `http://127.0.0.1:${server.addr.port}/list.json`;
    try {
      const [code, synced] = await prices("sync", url, "--name", "acme");
      assertEquals(code, 0, synced.errText);
      answer = table(10, 10);
      assertEquals((await prices("sync", url, "--name", "acme"))[0], 1);
      answer = "<html>";
      const [failed, said] = await prices("sync", url, "--name", "acme");
      assertEquals(failed, 3);
      assertStringIncludes(said.errText, "it is not JSON");
    } finally {
      await server.shutdown();
    }
  }));
