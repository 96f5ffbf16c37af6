/** Every file in `bad/` is refused with the message in its first line, and nothing else. @module */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { run } from "../../src/cli/run.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError, formatProblem } from "../../src/config/problem.ts";
import { FakeTerminal } from "../cli/fake_terminal.ts";
import { testEnvironment } from "./test_environment.ts";

const FOLDER = new URL("./bad/", import.meta.url).pathname;

/** Files with the message that each one expects. */
async function badConfigs(): Promise<readonly (readonly [string, string])[]> {
  const found: (readonly [string, string])[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    const text = await Deno.readTextFile(FOLDER + name);
    found.push([name, text.split("\n")[0]?.replace(/^\/\/ /, "") ?? ""]);
  }
  return found.toSorted();
}

Deno.test("loadConfig() refuses every bad config with exactly its message", async () => {
  const configs = await badConfigs();
  assert(configs.length >= 40, `only ${configs.length} bad configs`);
  for (const [name, expected] of configs) {
    const error = await assertRejects(
      () => loadConfig({ path: FOLDER + name, environment: testEnvironment() }),
      ConfigError,
      "",
      name,
    );
    assertEquals(error.problems.map(formatProblem), [expected], name);
    assertEquals(error.source, FOLDER + name);
  }
});

Deno.test("check says the path, the problem and the fix of every bad config and exits with 1", async () => {
  for (const [name, expected] of await badConfigs()) {
    const terminal = new FakeTerminal({ environment: testEnvironment() });
    assertEquals(await run(["check", FOLDER + name], terminal), 1, name);
    const [line = ""] = terminal.errLines;
    assert(line.endsWith(`: ${expected}`), `${name}: ${line}`);
    assertEquals(terminal.outLines, []);
  }
});

Deno.test("check --json lists the problems of a bad config with line and column", async () => {
  const terminal = new FakeTerminal({ environment: testEnvironment() });
  const path = `${FOLDER}unknown_key.jsonc`;
  assertEquals(await run(["check", "--json", path], terminal), 1);
  assertEquals(JSON.parse(terminal.outText), {
    valid: false,
    source: path,
    problems: [{
      path: "server.prot",
      problem: "the key is unknown",
      fix: "did you mean port?",
      position: { line: 2, column: 23 },
    }],
  });
});
