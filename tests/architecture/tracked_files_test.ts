import { assertEquals } from "@std/assert";
import { ROOT } from "./module_graph.ts";
import { needs } from "../skip.ts";

/** What no file of the repository may hold. Split, so that this file passes itself. */
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    "the host of a package registry",
    new RegExp(
      "//[\\w.@-]*\\b(?:registry|npm|artifactory|nexus|verdaccio|pypi)" +
        "\\b[\\w-]*[.:]\\w[\\w.:-]*",
    ),
  ],
  ["a path of one machine", new RegExp("(?<![\\w.~${}-])/wor" + "k/")],
  ["an OpenAI or Anthropic key", /\bsk-(?:[a-z]+\d*-)*([\w-]{20,})/],
  ["an AWS key", /\b(AKIA[0-9A-Z]{16})\b/],
  ["a Google key", /\b(AIza[\w-]{35})\b/],
  ["a GitHub token", /\b((?:gh[pousr]|github_pat)_\w{22,})\b/],
  ["a Slack token", /\b(xox[abprs]-[\w-]{20,})\b/],
  ["a private key", new RegExp("-----BEGIN [A-Z ]*PRIVATE" + " KEY-----")],
];

/** Text that says itself that it is no key. */
const MADE_UP_REGEXP =
  /test|example|fake|dummy|secret|redact|canary|sentinel|not-?real|x{4}|\.\.\./i;

/** Names of what a text holds that no file may hold. */
function forbiddenIn(text: string): string[] {
  return FORBIDDEN.flatMap(([what, pattern]) => {
    const found = [...text.matchAll(new RegExp(pattern, "g"))]
      .filter(([whole, token]) => token === undefined || looksReal(whole));
    return found.map(([whole]) => `${what}: ${whole.trim()}`);
  });
}

function looksReal(token: string): boolean {
  return !MADE_UP_REGEXP.test(token) && new Set(token).size >= 12 &&
    /\d/.test(token) && /[a-z]/i.test(token);
}

async function trackedFiles(): Promise<string[]> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["ls-files", "-z"],
    cwd: ROOT,
    stdin: "null",
    stderr: "null",
  }).output();
  if (!success) throw new Error("Cannot list the tracked files: git failed");
  return new TextDecoder().decode(stdout).split("\0").filter(Boolean);
}

async function isCheckout(): Promise<boolean> {
  try {
    await Deno.lstat(`${ROOT}.git`);
    return true;
  } catch {
    return false;
  }
}

Deno.test("forbiddenIn() finds registries, machine paths and keys", () => {
  const token = "aZ3kQ9vT1pLm7Xr5Bw2N";
  const cases = [
    "https://registry." + "npmjs.org/zod",
    "http://npm." + "internal:4873/zod",
    "see /wor" + "k/main/x",
    "sk-ant" + `-api03-${token}`,
    "sk-proj" + `-${token}`,
    "sk" + `-${token}`,
    "AKIA" + "Z3KQ9VT1PLM7XR5B",
    "ghp" + `_${token}aZ3kQ9`,
    "-----BEGIN EC PRIVATE" + " KEY-----",
  ];
  for (const text of cases) assertEquals(forbiddenIn(text).length, 1, text);
});

Deno.test("forbiddenIn() leaves words, links and made-up keys alone", () => {
  const cases = [
    "https://www.npmjs.com/package/zod",
    "https://docs.deno.com/runtime/",
    "npm:zod@4.6.7",
    "/home/me/work/x and ../work/x and network/work",
    "sk-test-" + "0123456789abcdefghij",
    "sk-" + "a".repeat(40),
    "task-runner-with-a-long-name-12345",
    "${env:OPENAI_API_KEY}",
  ];
  for (const text of cases) assertEquals(forbiddenIn(text), [], text);
});

Deno.test({
  ...needs(
    await isCheckout(),
    "an unpacked archive has no list of tracked files",
    "tracked files hold no registry host, machine path or key",
  ),
  fn: async () => {
    const findings: string[] = [];
    for (const path of await trackedFiles()) {
      const bytes = await Deno.readFile(ROOT + path).catch(() => null);
      // Removed but not yet committed, or not text.
      if (bytes === null || bytes.includes(0)) continue;
      const text = new TextDecoder().decode(bytes);
      findings.push(...forbiddenIn(text).map((what) => `${path}: ${what}`));
    }
    assertEquals(findings, []);
  },
});
