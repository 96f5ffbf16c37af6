import { assertEquals } from "@std/assert";
import plugin from "./house_rules.ts";

/** One source text, and how often the rule must report it. */
type Case = readonly [
  name: string,
  filename: string,
  source: string,
  reports: number,
];

function messagesOf(rule: string, filename: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, filename, source)
    .filter((diagnostic) => diagnostic.id === `house/${rule}`)
    .map((diagnostic) => diagnostic.message);
}

function testCases(rule: string, cases: readonly Case[]): void {
  for (const [name, filename, source, reports] of cases) {
    const verb = reports > 0 ? "reports" : "accepts";
    Deno.test(`house/${rule} ${verb} ${name}`, () => {
      const messages = messagesOf(rule, filename, source);
      assertEquals(messages.length, reports, messages.join("\n"));
    });
  }
}

function importing(path: string): string {
  return `import { a } from "${path}";\na();\n`;
}

testCases("import-direction", [
  ["a lower folder", "src/relay/a.ts", importing("../routing/b.ts"), 0],
  ["its own folder", "src/relay/a.ts", importing("./b.ts"), 0],
  [
    "a deeper file of its own folder",
    "src/http/a/b.ts",
    importing("../c.ts"),
    0,
  ],
  ["a package", "src/support/a.ts", importing("zod"), 0],
  [
    "data beside src",
    "src/accounting/a.ts",
    importing("../../config/prices.json"),
    0,
  ],
  [
    "tests that import anything",
    "tests/relay/a_test.ts",
    importing("../../src/http/b.ts"),
    0,
  ],
  [
    "http importing what comes later",
    "src/http/a.ts",
    importing("../recording/b.ts"),
    0,
  ],
  ["cli importing http", "src/cli/a.ts", importing("../http/b.ts"), 0],
  [
    "the simulator importing protocols",
    "src/simulator/a.ts",
    importing("../protocols/b.ts"),
    0,
  ],
  ["main.ts importing cli", "main.ts", importing("./src/cli/run.ts"), 0],
  [
    "main.ts importing another folder",
    "main.ts",
    importing("./src/http/b.ts"),
    1,
  ],
  [
    "support importing anything",
    "src/support/a.ts",
    importing("../exchange/b.ts"),
    1,
  ],
  [
    "relay importing accounting",
    "src/relay/a.ts",
    importing("../accounting/b.ts"),
    1,
  ],
  [
    "relay importing metrics",
    "src/relay/a.ts",
    importing("../metrics/b.ts"),
    1,
  ],
  [
    "taps that import each other",
    "src/metrics/a.ts",
    importing("../accounting/b.ts"),
    1,
  ],
  [
    "routing importing upstream",
    "src/routing/a.ts",
    importing("../upstream/b.ts"),
    1,
  ],
  [
    "config importing providers",
    "src/config/a.ts",
    importing("../providers/b.ts"),
    1,
  ],
  [
    "import importing exchange",
    "src/import/a.ts",
    importing("../exchange/b.ts"),
    1,
  ],
  [
    "providers importing protocols",
    "src/providers/a.ts",
    importing("../protocols/b.ts"),
    1,
  ],
  ["http importing cli", "src/http/a.ts", importing("../cli/run.ts"), 1],
  [
    "a deep file that goes up too far",
    "src/http/a/b.ts",
    importing("../../cli/run.ts"),
    1,
  ],
  [
    "the program importing a test",
    "src/cli/a.ts",
    importing("../../tests/x.ts"),
    1,
  ],
  [
    "the program importing main.ts",
    "src/cli/a.ts",
    importing("../../main.ts"),
    1,
  ],
  [
    "type imports",
    "src/exchange/a.ts",
    'import type { A } from "../config/b.ts";\nexport type B = A;\n',
    1,
  ],
  [
    "re-exports",
    "src/exchange/a.ts",
    'export { a } from "../config/b.ts";\nexport const b = 1;\n',
    1,
  ],
  [
    "dynamic imports",
    "src/exchange/a.ts",
    'export const a = await import("../config/b.ts");\n',
    1,
  ],
  [
    "import types",
    "src/exchange/a.ts",
    'export type A = import("../config/b.ts").B;\n',
    1,
  ],
  ["a folder without a row", "src/helpers/a.ts", "export const a = 1;\n", 1],
  ["a file directly under src", "src/a.ts", "export const a = 1;\n", 1],
]);

Deno.test("house/import-direction names the target and what is allowed", () => {
  assertEquals(
    messagesOf(
      "import-direction",
      "src/upstream/a.ts",
      importing("../http/b.ts"),
    ),
    [
      "Cannot import src/http/b.ts: upstream may import " +
      "providers, config, exchange, support",
    ],
  );
});

const LINES_59 = "  a();\n".repeat(59);

testCases("max-lines", [
  [
    "a function of 60 lines",
    "src/http/a.ts",
    `function a() {\n${LINES_59.slice(7)}}\n`,
    0,
  ],
  [
    "a function of 61 lines",
    "src/http/a.ts",
    `function a() {\n${LINES_59}}\n`,
    1,
  ],
  [
    "a method of 61 lines",
    "src/http/a.ts",
    `class A {\na() {\n${LINES_59}}\n}\n`,
    1,
  ],
  [
    "an inner arrow of 61 lines and what is around it",
    "src/http/a.ts",
    `function a() {\nb(() => {\n${LINES_59}});\n}\n`,
    2,
  ],
  [
    "a long class of short methods",
    "src/http/a.ts",
    `class A {\n${"a() {}\n".repeat(100)}}\n`,
    0,
  ],
  ["a file of 400 lines", "src/http/a.ts", "a();\n".repeat(400), 0],
  ["a file of 401 lines", "src/http/a.ts", "a();\n".repeat(401), 1],
  [
    "a long test",
    "tests/http/a_test.ts",
    `function a() {\n${"a();\n".repeat(500)}}\n`,
    0,
  ],
]);

testCases("top-level-functions", [
  ["a declaration", "src/http/a.ts", "export function a() {}\n", 0],
  [
    "an arrow inside a function",
    "src/http/a.ts",
    "function a() { const b = () => 1; return b; }\n",
    0,
  ],
  ["an arrow passed to a call", "src/http/a.ts", "const a = b(() => 1);\n", 0],
  [
    "an arrow in a table",
    "src/http/a.ts",
    "const A = { a: () => 1 } as const;\n",
    0,
  ],
  ["an arrow in a test", "tests/http/a_test.ts", "const a = () => 1;\n", 0],
  ["an arrow", "src/http/a.ts", "const a = () => 1;\n", 1],
  [
    "an exported arrow",
    "src/http/a.ts",
    "export const a = async () => {};\n",
    1,
  ],
  ["a function expression", "src/http/a.ts", "const a = function () {};\n", 1],
]);

testCases("error-messages", [
  [
    "a message in house style",
    "src/http/a.ts",
    'throw new RangeError("Cannot listen: port is 0");\n',
    0,
  ],
  [
    "a template in house style",
    "src/http/a.ts",
    "throw new Error(`Cannot listen: port is ${port}`);\n",
    0,
  ],
  [
    "a template that starts with a value",
    "src/http/a.ts",
    "throw new Error(`${name} is unknown`);\n",
    0,
  ],
  [
    "a template that ends with a value",
    "src/http/a.ts",
    "throw new Error(`Cannot read ${name}`, { cause });\n",
    0,
  ],
  [
    "a message that is computed",
    "src/http/a.ts",
    "throw new Error(text);\n",
    0,
  ],
  [
    "a message that starts with a quote",
    "src/http/a.ts",
    "throw new Error('\"a\" is unknown');\n",
    0,
  ],
  ["other classes", "src/http/a.ts", 'throw new Thing("lower case.");\n', 0],
  [
    "any message in a test",
    "tests/http/a_test.ts",
    'throw new Error("boom.");\n',
    0,
  ],
  ["lower case", "src/http/a.ts", 'throw new TypeError("cannot listen");\n', 1],
  [
    "lower case in a template",
    "src/http/a.ts",
    "throw new SyntaxError(`bad ${token}`);\n",
    1,
  ],
  [
    "lower case in a sum",
    "src/http/a.ts",
    'throw new Error("cannot " + verb);\n',
    1,
  ],
  [
    "lower case without new",
    "src/http/a.ts",
    'throw Error("cannot listen");\n',
    1,
  ],
  ["a period", "src/http/a.ts", 'throw new Error("Cannot listen.");\n', 1],
  [
    "a period after a value",
    "src/http/a.ts",
    "throw new Error(`Cannot read ${name}.`);\n",
    1,
  ],
  [
    "a period at the end of a sum",
    "src/http/a.ts",
    'throw new Error("Cannot " + "listen.");\n',
    1,
  ],
  ["both at once", "src/http/a.ts", 'throw new Error("cannot listen.");\n', 2],
]);

testCases("no-barrel", [
  ["a file that defines", "src/http/a.ts", "export function a() {}\n", 0],
  [
    "a re-export beside a definition",
    "src/http/a.ts",
    'export { a } from "./b.ts";\nexport function c() {}\n',
    0,
  ],
  [
    "an export list of its own names",
    "src/http/a.ts",
    "function a() {}\nexport { a };\n",
    0,
  ],
  [
    "export all",
    "src/http/a.ts",
    'export * from "./b.ts";\nexport function c() {}\n',
    1,
  ],
  [
    "export all under a name",
    "src/http/a.ts",
    'export * as b from "./b.ts";\nexport function c() {}\n',
    1,
  ],
  [
    "a file of re-exports",
    "src/http/a.ts",
    'export { a } from "./b.ts";\nexport type { C } from "./c.ts";\n',
    1,
  ],
  [
    "a file that imports to export",
    "src/http/a.ts",
    'import { a } from "./b.ts";\nexport { a };\n',
    1,
  ],
]);

testCases("one-home", [
  [
    "node:http in http",
    "src/http/a.ts",
    'import { createServer } from "node:http";\n',
    0,
  ],
  [
    "isIP everywhere",
    "src/config/a.ts",
    'import { isIP, BlockList } from "node:net";\n',
    0,
  ],
  [
    "isIP through the whole module",
    "src/config/a.ts",
    'import net from "node:net";\nnet.isIP("::1");\n',
    0,
  ],
  ["fetch in upstream", "src/upstream/a.ts", "await fetch(url);\n", 0],
  [
    "undici in shared",
    "src/shared/a.ts",
    'import { Pool } from "undici";\n',
    0,
  ],
  ["Deno.env in config", "src/config/a.ts", "Deno.env.get(name);\n", 0],
  [
    "console and exit in cli",
    "src/cli/a.ts",
    "console.error(1);\nDeno.exit(1);\n",
    0,
  ],
  ["exit in main.ts", "main.ts", "Deno.exit(await run(Deno.args));\n", 0],
  [
    "anything in a test",
    "tests/http/a_test.ts",
    "console.log(await fetch(Deno.env.get('A')));\n",
    0,
  ],
  [
    "a method named fetch",
    "src/metrics/a.ts",
    "this.fetch(1);\nclass A { fetch() {} }\n",
    0,
  ],
  [
    "a field named console",
    "src/metrics/a.ts",
    "const a = { console: 1 };\na.console;\n",
    0,
  ],
  [
    "fetch that is a parameter",
    "src/metrics/a.ts",
    "function a(fetch: () => void) { fetch(); }\n",
    0,
  ],
  [
    "fetch out of an options object",
    "src/metrics/a.ts",
    "function a({ fetch, b = 1 }) { return () => fetch(b); }\n",
    0,
  ],
  [
    "fetch that is declared here",
    "src/metrics/a.ts",
    "function fetch() {}\nfetch();\n",
    0,
  ],
  [
    "the type of fetch",
    "src/metrics/a.ts",
    "export type A = typeof fetch;\n",
    0,
  ],
  [
    "fetch in an interface",
    "src/metrics/a.ts",
    "export interface A { fetch(): void; console: 1 }\n",
    0,
  ],
  [
    "other members of Deno",
    "src/support/a.ts",
    "Deno.readTextFile(path);\nDeno.stat(path);\n",
    0,
  ],
  [
    "an object of ours with env",
    "src/support/a.ts",
    "settings.env;\nfunction a(Deno) { Deno.env; }\n",
    0,
  ],
  [
    "node:http in relay",
    "src/relay/a.ts",
    'import { createServer } from "node:http";\n',
    1,
  ],
  [
    "types of node:http in relay",
    "src/relay/a.ts",
    'import type { Server } from "node:http";\n',
    1,
  ],
  [
    "a server of node:net in relay",
    "src/relay/a.ts",
    'import { createServer, isIP } from "node:net";\n',
    1,
  ],
  [
    "a server through the whole module",
    "src/relay/a.ts",
    'import * as net from "node:net";\nnet.createServer();\nnet.isIP("");\n',
    1,
  ],
  [
    "a connection in http",
    "src/http/a.ts",
    'import { connect } from "node:net";\n',
    1,
  ],
  ["undici in http", "src/http/a.ts", 'import { Agent } from "undici";\n', 1],
  [
    "a dynamic import of undici",
    "src/http/a.ts",
    'await import("undici");\n',
    1,
  ],
  ["fetch in cli", "src/cli/a.ts", "await fetch(url);\n", 1],
  ["fetch handed on", "src/cli/a.ts", "start({ fetch });\n", 1],
  ["fetch as a default", "src/cli/a.ts", "function a(b = fetch) { b(); }\n", 1],
  [
    "fetch beside a function that binds it",
    "src/cli/a.ts",
    "function a(fetch) { fetch(); }\nfetch(1);\n",
    1,
  ],
  ["globalThis.fetch", "src/cli/a.ts", "globalThis.fetch(url);\n", 1],
  ["a WebSocket to elsewhere", "src/http/a.ts", "new WebSocket(url);\n", 1],
  ["Deno.env in cli", "src/cli/a.ts", "Deno.env.get(name);\n", 1],
  ["Deno.env by index", "src/cli/a.ts", 'Deno["env"].get(name);\n', 1],
  [
    "Deno.env by destructuring",
    "src/cli/a.ts",
    "const { env, args } = Deno;\n",
    1,
  ],
  [
    "env of node:process",
    "src/cli/a.ts",
    'import process from "node:process";\nprocess.env.A;\nprocess.exit(1);\n',
    1,
  ],
  ["console in relay", "src/relay/a.ts", "console.log(1);\n", 1],
  [
    "signals in http",
    "src/http/a.ts",
    'Deno.addSignalListener("SIGHUP", b);\n',
    1,
  ],
  ["exit in config", "src/config/a.ts", "Deno.exit(1);\n", 1],
  ["Deno.serve in cli", "src/cli/a.ts", "Deno.serve(handler);\n", 1],
]);

testCases("no-module-state", [
  [
    "a constant",
    "src/http/a.ts",
    "const A = 1;\nexport const B = /x/;\nconst C = new TextEncoder();\n",
    0,
  ],
  [
    "a frozen array",
    "src/http/a.ts",
    'const A = ["a"] as const;\nconst B: readonly string[] = [];\n',
    0,
  ],
  [
    "a frozen object",
    "src/http/a.ts",
    "const A = { a: 1 } as const;\nconst B: Readonly<Record<string, 1>> = { a: 1 };\n",
    0,
  ],
  [
    "a frozen object that is checked",
    "src/http/a.ts",
    "const A = { a: 1 } as const satisfies B;\n",
    0,
  ],
  [
    "an object of a readonly shape",
    "src/http/a.ts",
    "const A: { readonly [key: string]: 1 } = { a: 1 };\nconst B: { readonly [K in C]: 1 } = { a: 1 };\n",
    0,
  ],
  [
    "an object that is a contract",
    "src/http/a.ts",
    "export const A: Protocol = { a: () => 1 };\n",
    0,
  ],
  [
    "a frozen map",
    "src/http/a.ts",
    "const A: ReadonlyMap<string, 1> = new Map();\nconst B = new Set([1]) as ReadonlySet<number>;\n",
    0,
  ],
  ["Object.freeze", "src/http/a.ts", "const A = Object.freeze({ a: 1 });\n", 0],
  [
    "state inside a function",
    "src/http/a.ts",
    "function a() { let b = 1; const c = new Map(); return [b, c]; }\n",
    0,
  ],
  [
    "state of an instance",
    "src/http/a.ts",
    "class A { #a = new Map(); b = 1; }\n",
    0,
  ],
  [
    "a static constant",
    "src/http/a.ts",
    "class A { static readonly B = 1; }\n",
    0,
  ],
  [
    "anything in a test",
    "tests/http/a_test.ts",
    "let a = 1;\nconst b = [];\n",
    0,
  ],
  ["let", "src/http/a.ts", "let a = 1;\n", 1],
  ["exported let", "src/http/a.ts", "export let a: number | null = null;\n", 1],
  ["a map", "src/http/a.ts", "const A = new Map<string, number>();\n", 1],
  ["a weak map", "src/http/a.ts", "const A = new WeakMap();\n", 1],
  [
    "a set that says so",
    "src/http/a.ts",
    "const A: Set<string> = new Set();\n",
    1,
  ],
  ["an empty array", "src/http/a.ts", "const A: string[] = [];\n", 1],
  ["an array without a type", "src/http/a.ts", 'const A = ["a", "b"];\n', 1],
  ["an empty object", "src/http/a.ts", "const A: Cache = {};\n", 1],
  [
    "a record",
    "src/http/a.ts",
    "const A: Record<string, number> = { a: 1 };\n",
    1,
  ],
  [
    "an object without a type",
    "src/http/a.ts",
    "export const A = { a: 1 };\n",
    1,
  ],
  [
    "an object that is only checked",
    "src/http/a.ts",
    "const A = { a: 1 } satisfies B;\n",
    1,
  ],
  [
    "a mutable shape",
    "src/http/a.ts",
    "const A: { a: number } = { a: 1 };\n",
    1,
  ],
  ["a static counter", "src/http/a.ts", "class A { static #count = 0; }\n", 1],
  [
    "a static map",
    "src/http/a.ts",
    "class A { static readonly B = new Map(); }\n",
    1,
  ],
]);

testCases("ignore-reason", [
  [
    "a reason",
    "src/http/a.ts",
    "// deno-lint-ignore no-explicit-any -- the library says any\na();\n",
    0,
  ],
  [
    "a test's ignore of another rule",
    "tests/http/a_test.ts",
    "// deno-lint-ignore no-explicit-any\na();\n",
    0,
  ],
  [
    "a comment that speaks of it",
    "src/http/a.ts",
    "// Without deno-lint-ignore here.\na();\n",
    0,
  ],
  [
    "no reason",
    "src/http/a.ts",
    "// deno-lint-ignore house/max-lines\na();\n",
    1,
  ],
  [
    "no reason for another rule",
    "src/http/a.ts",
    "// deno-lint-ignore no-explicit-any\na();\n",
    1,
  ],
  [
    "dashes without words",
    "src/http/a.ts",
    "// deno-lint-ignore no-explicit-any --\na();\n",
    1,
  ],
  [
    "no reason for a whole file",
    "src/http/a.ts",
    "// deno-lint-ignore-file\na();\n",
    1,
  ],
  [
    "a house rule ignored in a test",
    "tests/http/a_test.ts",
    "// deno-lint-ignore house/no-barrel\na();\n",
    1,
  ],
]);

Deno.test("deno lint honours an ignore comment with a reason and no other way", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const lint = `${folder}/tests/lint`;
    await Deno.mkdir(`${lint}/rules`, { recursive: true });
    await Deno.mkdir(`${folder}/src/relay`, { recursive: true });
    const here = new URL("./", import.meta.url);
    await Deno.copyFile(
      new URL("house_rules.ts", here),
      `${lint}/house_rules.ts`,
    );
    for await (const entry of Deno.readDir(new URL("rules/", here))) {
      await Deno.copyFile(
        new URL(`rules/${entry.name}`, here),
        `${lint}/rules/${entry.name}`,
      );
    }
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      '{ "lint": { "plugins": ["./tests/lint/house_rules.ts"] } }',
    );
    await Deno.writeTextFile(
      `${folder}/src/relay/a.ts`,
      [
        "// deno-lint-ignore house/import-direction -- shown to be honoured",
        'export { a } from "../accounting/a.ts";',
        "// deno-lint-ignore house/import-direction",
        'export { b } from "../accounting/b.ts";',
        'export { c } from "../accounting/c.ts";',
        "export const d = 1;",
      ].join("\n"),
    );
    const report = await new Deno.Command(Deno.execPath(), {
      args: ["lint", "--json", "src"],
      cwd: folder,
    }).output();
    assertEquals(report.code, 1);
    const { diagnostics } = JSON.parse(
      new TextDecoder().decode(report.stdout),
    ) as Report;
    assertEquals(
      diagnostics.map(({ code, range }) => `${range.start.line} ${code}`),
      ["3 house/ignore-reason", "5 house/import-direction"],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What `deno lint --json` prints, as far as it is read here. */
interface Report {
  diagnostics: { code: string; range: { start: { line: number } } }[];
}
