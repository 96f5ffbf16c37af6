import { assert, assertEquals, assertMatch } from "@std/assert";
import { FAST_SIMULATOR, startGateway, type TestGateway } from "./gateway.ts";
import { linesIn } from "./log_lines.ts";
import { inFolder } from "../temp_folder.ts";

const CONFIG = {
  providers: { sim: FAST_SIMULATOR },
  models: { fast: { targets: ["sim/echo"] } },
  pricing: { models: { "sim/echo": { inputPer1M: 1, outputPer1M: 1000 } } },
  budgets: { dailyUsd: 100 },
};

async function ask({ url }: TestGateway): Promise<void> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "fast",
      messages: [{ role: "user", content: "hello" }],
    }),
  });
  await answer.text();
  assertEquals(answer.status, 200);
}

async function healthOf({ url }: TestGateway): Promise<Record<string, string>> {
  return await (await fetch(`${url}/health`)).json();
}

/** Asks until /health says so: files are written without an event. */
async function untilHealth(
  test: TestGateway,
  part: string,
  word: string,
): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    await ask(test);
    const health = await healthOf(test);
    if (health[part] === word) return;
    assert(Date.now() < deadline, `${part} is ${health[part]}`);
  }
}

function usage(folder: string): object {
  return { usage: { storagePath: folder, flushMs: 1 } };
}

Deno.test("Requests flow while the usage log cannot be written from the start, and it heals", () =>
  inFolder(async (folder) => {
    const path = `${folder}/usage`;
    await Deno.writeTextFile(path, "a file where the folder should be");
    await using test = await startGateway({ ...CONFIG, logging: usage(path) });
    assertEquals((await healthOf(test))["usage"], "failing");
    await untilHealth(test, "usage", "failing");
    await Deno.remove(path);
    await untilHealth(test, "usage", "ok");
    await test.gateway[Symbol.asyncDispose]();
    assert(linesIn(path).length > 0);
  }));

Deno.test("Requests flow while the disk is full, and every line is there once it is not", () =>
  inFolder(async (folder) => {
    const today = new Date().toISOString().slice(0, 10);
    const file = `${folder}/${today}.jsonl`;
    await Deno.symlink("/dev/full", file);
    await using test = await startGateway({
      ...CONFIG,
      logging: usage(folder),
    });
    await untilHealth(test, "usage", "failing");
    const metrics = await (await fetch(`${test.url}/metrics`)).text();
    // A process that may not do everything may not open /dev/full at all:
    // then the error has another name, and the log fails all the same.
    assertMatch(
      metrics,
      /signalbox_file_errors_total\{stream="usage",code="\w+"\} [1-9]/,
    );
    await Deno.remove(file);
    await untilHealth(test, "usage", "ok");
    const written =
      /signalbox_request_outcomes_total\{.*outcome="success"\} (\d+)/;
    const text = await (await fetch(`${test.url}/metrics`)).text();
    const requests = text.split("\n")
      .filter((line) => line.includes("chat/completions"))
      .map((line) => written.exec(line)?.[1]).find((count) => count);
    await test.gateway[Symbol.asyncDispose]();
    assertEquals(linesIn(folder).length, Number(requests));
  }));

/** Removes a folder that is still being written to. */
async function removeFolder(path: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (!String(error).includes("not empty")) throw error;
    }
  }
}

Deno.test("Requests flow when the folder of the usage log is deleted, and it comes back", () =>
  inFolder(async (folder) => {
    const path = `${folder}/usage`;
    await using test = await startGateway({ ...CONFIG, logging: usage(path) });
    await ask(test);
    await removeFolder(path);
    const deadline = Date.now() + 15_000;
    const exists = () => {
      try {
        return linesIn(path).length > 0;
      } catch {
        return false;
      }
    };
    while (!exists()) {
      assert(Date.now() < deadline);
      await ask(test);
    }
    await untilHealth(test, "usage", "ok");
  }));

/** A request that fails, and must do so whatever the logs do. */
async function askWrong({ url }: TestGateway): Promise<void> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "no-such-model",
      messages: [{ role: "user", content: "hello" }],
    }),
  });
  await answer.text();
  assertEquals(answer.status, 404);
}

/** Makes failures until /health says so of the error log. */
async function untilErrors(test: TestGateway, word: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while ((await healthOf(test))["errors"] !== word) {
    assert(Date.now() < deadline, `errors is not ${word}`);
    await askWrong(test);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test("Requests flow and fail as ever while the error log cannot be written, at start and in mid-run, and it heals", () =>
  inFolder(async (folder) => {
    const path = `${folder}/errors`;
    await Deno.writeTextFile(path, "a file where the folder should be");
    await using test = await startGateway({
      ...CONFIG,
      logging: { errors: { storagePath: path } },
    });
    assertEquals((await healthOf(test))["errors"], "failing");
    await ask(test);
    await untilErrors(test, "failing");
    await Deno.remove(path);
    await untilErrors(test, "ok");
    await removeFolder(path);
    await Deno.writeTextFile(path, "again");
    await untilErrors(test, "failing");
    await ask(test);
    assertEquals((await healthOf(test))["usage"], "ok");
    await Deno.remove(path);
    await untilErrors(test, "ok");
    await test.gateway[Symbol.asyncDispose]();
    assert(linesIn(path).length > 0);
  }));

Deno.test("Requests flow while the audit log cannot be written from the start, /health names it, and it heals", () =>
  inFolder(async (folder) => {
    const path = `${folder}/audit`;
    await Deno.writeTextFile(path, "a file where the folder should be");
    await using test = await startGateway({
      ...CONFIG,
      audit: { file: `${path}/audit.log` },
    });
    assertEquals((await healthOf(test))["audit"], "failing");
    await ask(test);
    const reload = () => fetch(`${test.url}/api/reload`, { method: "POST" });
    const refused = await reload();
    assertEquals(refused.status, 503);
    assertEquals((await refused.json()).error.code, "audit_failed");
    await ask(test);
    await Deno.remove(path);
    const done = await reload();
    await done.text();
    assertEquals(done.status, 200);
    assertEquals((await healthOf(test))["audit"], "ok");
  }));

Deno.test("Usage, errors, metrics and audit are switched off and on while requests flow; /health and the APIs say so", () =>
  inFolder(async (folder) => {
    const switched = (enabled: boolean) => ({
      ...CONFIG,
      logging: {
        usage: { enabled, storagePath: `${folder}/usage` },
        errors: { enabled, storagePath: `${folder}/errors` },
      },
      metrics: { enabled },
      audit: { enabled, file: `${folder}/audit.log` },
    });
    const parts = ["usage", "errors", "metrics", "audit"];
    const paths = [
      "/metrics",
      "/api/usage",
      "/api/usage/summary",
      "/api/costs/report",
    ];
    await using test = await startGateway(switched(true));
    for (const enabled of [false, true, false]) {
      assertEquals(await test.reload(switched(enabled)), null);
      await ask(test);
      await askWrong(test);
      const health = await healthOf(test);
      const word = enabled ? "ok" : "disabled";
      assertEquals(parts.map((part) => health[part]), parts.map(() => word));
      for (const path of paths) {
        const answer = await fetch(test.url + path);
        const text = await answer.text();
        assertEquals(answer.status, enabled ? 200 : 409, `${path}: ${text}`);
        if (enabled) continue;
        assertEquals(JSON.parse(text).error.code, "disabled", path);
      }
    }
    await test.gateway[Symbol.asyncDispose]();
    // Of the two requests while it was on.
    assertEquals(linesIn(`${folder}/usage`).length, 2);
    assertEquals(linesIn(`${folder}/errors`).length, 1);
    const audit = await Deno.readTextFile(`${folder}/audit.log`);
    assertEquals(audit.split("\n").length - 1, 2);
  }));

Deno.test("Logs and metrics that are switched off leave nothing, say so, and budgets still survive a restart", () =>
  inFolder(async (folder) => {
    const config = {
      ...CONFIG,
      logging: {
        usage: { enabled: false, storagePath: `${folder}/usage` },
        errors: { enabled: false, storagePath: `${folder}/errors` },
      },
      metrics: { enabled: false },
    };
    const spent = async ({ url }: TestGateway) => {
      const { budgets } = await (await fetch(`${url}/api/budgets`)).json();
      return budgets[0].periods.day.spentUsd;
    };
    const state = `${folder}/kept`;
    await Deno.mkdir(state);
    await using test = await startGateway(config, {}, state);
    await ask(test);
    await ask(test);
    const { usage, errors, metrics } = await healthOf(test);
    assertEquals([usage, errors, metrics], [
      "disabled",
      "disabled",
      "disabled",
    ]);
    const scrape = await fetch(`${test.url}/metrics`);
    assertEquals(scrape.status, 409);
    assertEquals((await scrape.json()).error.code, "disabled");
    const before = await spent(test);
    assert(Number(before) > 0);
    await test.gateway[Symbol.asyncDispose]();
    const names: string[] = [];
    for await (const { name } of Deno.readDir(folder)) names.push(name);
    assertEquals(names, ["kept"]);
    // Without the place that was kept everything is read again.
    await Deno.remove(`${state}/state/budgets/spent.json`);
    await using again = await startGateway(config, {}, state);
    assertEquals(await spent(again), before);
  }));
