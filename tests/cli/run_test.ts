/** The command line: commands, flags, help, exit codes. @module */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { parse } from "@std/jsonc/parse";
import { COMMANDS } from "../../src/cli/commands.ts";
import { formatTable } from "../../src/cli/output.ts";
import { run } from "../../src/cli/run.ts";
import { keyDigest } from "../../src/config/client_keys.ts";
import { testEnvironment } from "../config/test_environment.ts";
import { FakeTerminal, type FakeTerminalOptions } from "./fake_terminal.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const STARTER = `${ROOT}config/signalbox.jsonc`;
const FULL = `${ROOT}tests/config/good/full.jsonc`;

/** Runs a command line and gives the exit code with what was written. */
async function runWith(
  words: readonly string[],
  options: FakeTerminalOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const terminal = new FakeTerminal(options);
  const code = await run(words, terminal);
  return { code, out: terminal.outText, err: terminal.errText };
}

Deno.test("run() lists every command for help and exits with 0", async () => {
  for (const word of ["help", "--help", "-h"]) {
    const { code, out } = await runWith([word]);
    assertEquals(code, 0);
    for (const { name, summary } of COMMANDS) {
      assertStringIncludes(out, name);
      assertStringIncludes(out, summary);
    }
  }
});

Deno.test("run() without a command says what there is and exits with 2", async () => {
  const { code, out, err } = await runWith([]);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "Usage: signalbox COMMAND");
});

Deno.test("run() shows the help of every command, whatever else is given", async () => {
  for (const { name } of COMMANDS) {
    const words = name.split(" ");
    for (const asked of [[...words, "--help"], ["help", ...words]]) {
      const { code, out } = await runWith(asked);
      assertEquals(code, 0, name);
      assertStringIncludes(out, `Usage: signalbox ${name}`);
      assertStringIncludes(out, "--help");
    }
  }
});

Deno.test("run() refuses an unknown flag of every command with 2", async () => {
  for (const { name } of COMMANDS) {
    const { code, err } = await runWith([...name.split(" "), "--nonsense"]);
    assertEquals(code, 2, name);
    assertStringIncludes(err, "Cannot use flag --nonsense: it is unknown");
  }
});

Deno.test("run() says which command or flag was probably meant", async () => {
  const cases = [
    [["chek"], "did you mean `signalbox check`?"],
    [["config", "shwo"], "config show"],
    [["check", "--jsno"], "did you mean --json?"],
    [["check", "--confg=a"], "did you mean --config?"],
    [["nonsense"], "`signalbox help` lists them"],
  ] as const;
  for (const [words, expected] of cases) {
    const { code, err } = await runWith(words);
    assertEquals(code, 2, words.join(" "));
    assertStringIncludes(err, expected);
  }
});

Deno.test("run() refuses missing values and operands that are too much with 2", async () => {
  const cases = [
    [["check", "--config"], "its value is missing"],
    [["check", "a", "b"], 'Cannot use "b"'],
    [["check", "--config", "a", "b"], "give one"],
    [["version", "1"], 'Cannot use "1"'],
  ] as const;
  for (const [words, expected] of cases) {
    const { code, err } = await runWith(words);
    assertEquals(code, 2, words.join(" "));
    assertStringIncludes(err, expected);
  }
});

Deno.test("check says what a valid config would build and exits with 0", async () => {
  const { code, out } = await runWith(["check", "--config", FULL], {
    environment: testEnvironment(),
  });
  assertEquals(code, 0);
  for (
    const text of [
      "is valid",
      "127.0.0.1:3456",
      "chat, responses",
      "anthropic/claude-sonnet-4-5 x3",
      "laptop",
      "Warning: models.edge",
    ]
  ) assertStringIncludes(out, text);
  assert(!out.includes("\x1b"), "colours without being asked");
});

Deno.test("check --json says the same to machines", async () => {
  const { code, out } = await runWith(["check", "--json", FULL], {
    environment: testEnvironment(),
  });
  assertEquals(code, 0);
  const answer = JSON.parse(out);
  assertEquals(answer.valid, true);
  assertEquals(answer.targets, [
    "anthropic/claude-sonnet-4-5",
    "openai/gpt-4.1-mini",
    "openai/gpt-5-mini",
    "sim/echo",
  ]);
  assertEquals(answer.aliases[1].groups.length, 2);
  assertEquals(answer.clientKeys, 2);
});

Deno.test("config show prints what was written, --effective every default, never a secret", async () => {
  const environment = testEnvironment();
  const written = await runWith(["config", "show", "--config", FULL], {
    environment,
  });
  assertStringIncludes(written.out, '"token": "${env:SIGNALBOX_ADMIN_TOKEN}"');
  const effective = await runWith(
    ["config", "show", "--effective", "--config", STARTER],
    { environment },
  );
  assertStringIncludes(effective.out, '"port": 3456, // file');
  assertStringIncludes(effective.out, '"queueLength": 128, // default');
  const config = parse(effective.out) as Record<string, unknown>;
  assertEquals(
    (config.providers as Record<string, unknown>).sim !== null,
    true,
  );
  const machine = await runWith(
    ["config", "show", "--effective", "--json", "--config", FULL],
    { environment },
  );
  const answer = JSON.parse(machine.out);
  assertEquals(answer.config.admin.token, "***");
  assertEquals(answer.origins["admin.token"], "${env:SIGNALBOX_ADMIN_TOKEN}");
  for (const { out } of [written, effective, machine]) {
    assert(!out.includes("-0123456789"), "a secret was shown");
  }
});

Deno.test("config show tells of the built-in config", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/a.jsonc`;
    await Deno.writeTextFile(path, "{}");
    const { code, out } = await runWith(["config", "show"], {
      environment: testEnvironment({ SIGNALBOX_CONFIG: path }),
    });
    assertEquals(code, 0);
    assertStringIncludes(out, `// ${path}, sha256 `);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("config schema prints config/signalbox.schema.json", async () => {
  const { code, out } = await runWith(["config", "schema"]);
  assertEquals(code, 0);
  const file = await Deno.readTextFile(`${ROOT}config/signalbox.schema.json`);
  assertEquals(
    `${out}\n` === file,
    true,
    "run `deno run -A main.ts config schema > config/signalbox.schema.json`",
  );
});

Deno.test("init writes a config that check accepts, and keeps what is there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/signalbox.jsonc`;
    const first = await runWith(["init", path]);
    assertEquals([first.code, first.err], [0, ""]);
    assertEquals((await runWith(["check", path])).code, 0);
    const schema = await Deno.readTextFile(`${folder}/signalbox.schema.json`);
    assertEquals(JSON.parse(schema).type, "object");
    await Deno.writeTextFile(path, "{}");
    const second = await runWith(["init", path]);
    assertEquals(second.code, 1);
    assertStringIncludes(second.err, "give --force");
    assertEquals(await Deno.readTextFile(path), "{}");
    assertEquals((await runWith(["init", "--force", path])).code, 0);
    assertEquals(
      await Deno.readTextFile(path),
      await Deno.readTextFile(STARTER),
    );
    const nowhere = await runWith(["init", `${folder}/none/a.jsonc`]);
    assertEquals(nowhere.code, 1);
    assertStringIncludes(nowhere.err, "Cannot write");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("keys new makes a new key each time, with the digest that keys hash prints", async () => {
  const keys = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const { code, out } = await runWith(["keys", "new", "--json"]);
    assertEquals(code, 0);
    const { key, keySha256 } = JSON.parse(out);
    assertMatch(key, /^sbx_[A-Za-z0-9_-]{43}$/);
    assertEquals(keySha256, keyDigest(key));
    const hashed = await runWith(["keys", "hash"], { input: `${key}\n` });
    assertEquals([hashed.code, hashed.out], [0, keySha256]);
    keys.add(key);
  }
  assertEquals(keys.size, 3);
  assertMatch(
    (await runWith(["keys", "new"])).out,
    /^key {8}sbx_\S+\nkeySha256 {2}[0-9a-f]{64}$/,
  );
});

Deno.test("keys hash refuses what can be no key", async () => {
  for (const input of ["", "\n", "a b", "a\nb", "ä"]) {
    const { code, out } = await runWith(["keys", "hash"], { input });
    assertEquals([code, out], [2, ""], JSON.stringify(input));
  }
});

Deno.test("version prints the version of the build", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  for (const words of [["version"], ["--version"], ["-V"]]) {
    const { code, out } = await runWith(words);
    assertEquals(code, 0);
    assert(out.startsWith(`signalbox ${version} `), out);
  }
  const { out } = await runWith(["version", "--json"]);
  assertEquals(JSON.parse(out).version, version);
  const revision = (await runWith(["version", "--revision"])).out;
  assertEquals(JSON.parse(out).revision, revision);
});

Deno.test("formatTable() aligns wide characters and numbers, and lets no cell break its row", () => {
  const terminal = new FakeTerminal();
  assertEquals(
    formatTable(terminal, ["NAME", "COUNT", "NOTE"], [
      ["日本", "5", "a\nb\x1b[31m"],
      ["abcdef", "1,000", ""],
    ]),
    "NAME    COUNT  NOTE\n日本        5  a b [31m\nabcdef  1,000",
  );
  const colored = formatTable(new FakeTerminal({ color: true }), ["A"], []);
  assertEquals(colored, "\x1b[1mA\x1b[0m");
});

Deno.test("main.ts exits with the code of the command and writes no colours into a pipe", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--allow-read",
      "--allow-env",
      `${ROOT}main.ts`,
      "check",
      STARTER,
    ],
    clearEnv: true,
    env: { HOME: Deno.env.get("HOME") ?? "/", NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(code, 0);
  assert(text.startsWith(`Config ${STARTER} is valid\n`), text);
});
