/**
 * The one executable: built by the flags of the task `compile`, started in a
 * folder without a source. Needs $DENORT_BIN, or a network that has the base.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import manifest from "../../deno.json" with { type: "json" };
import { buildRevision } from "../../src/support/revision.ts";
import { GatewayProcess } from "../e2e/process.ts";
import { buildExecutable } from "./build.ts";
import { inFolder } from "../temp_folder.ts";

const built = await buildExecutable();
globalThis.addEventListener("unload", () => {
  Deno.removeSync(built.folder, { recursive: true });
});

function test(name: string, body: (path: string) => Promise<void>): void {
  const { path, why } = built;
  if (path !== null) {
    Deno.test(`the executable ${name}`, () => body(path));
  } else if (Deno.env.has("DENORT_BIN")) {
    Deno.test(`the executable ${name}`, () => {
      throw new Error(`Cannot build the executable: ${why}`);
    });
  } else {
    Deno.test.ignore(
      `the executable ${name} (skipped: no $DENORT_BIN, and deno compile cannot download its base)`,
      () => {},
    );
  }
}

async function run(
  path: string,
  folder: string,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const output = await new Deno.Command(path, {
    args,
    cwd: folder,
    clearEnv: true,
    env: { NO_COLOR: "1", TMPDIR: folder },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    out: decoder.decode(output.stdout),
    err: decoder.decode(output.stderr),
  };
}

test("says version, commit, Deno and V8", (path) =>
  inFolder(async (folder) => {
    const { out, code } = await run(path, folder, "version");
    assertEquals(code, 0);
    assertStringIncludes(out, `signalbox ${manifest.version}`);
    assertStringIncludes(out, `revision ${buildRevision()}`);
    assertStringIncludes(out, `deno ${Deno.version.deno}`);
    assertStringIncludes(out, `v8 ${Deno.version.v8.slice(0, 4)}`);
    assertEquals((await run(path, folder, "--version")).out, out);
  }));

test("holds its starter config and schema, checks good and bad configs, and leaves no code cache", (path) =>
  inFolder(async (folder) => {
    const init = await run(path, folder, "init");
    assertEquals(init.code, 0, init.err);
    const schema = await run(path, folder, "config", "schema");
    assertEquals(
      JSON.parse(schema.out),
      JSON.parse(
        await Deno.readTextFile(`${folder}/signalbox.schema.json`),
      ),
    );
    const good = await run(path, folder, "check");
    assertEquals(good.code, 0, good.err);
    await Deno.writeTextFile(
      `${folder}/bad.jsonc`,
      '{ "server": { "prot": 1 } }',
    );
    const bad = await run(path, folder, "check", "bad.jsonc");
    assertEquals(bad.code, 1);
    assertStringIncludes(bad.err, "server.prot: the key is unknown");
    const left = await Array.fromAsync(
      Deno.readDir(folder),
      ({ name }) => name,
    );
    assertEquals(left.sort(), [
      "bad.jsonc",
      "signalbox.jsonc",
      "signalbox.schema.json",
    ]);
  }));

test("knows its embedded prices", (path) =>
  inFolder(async (folder) => {
    const { code, out, err } = await run(path, folder, "prices", "list");
    assertEquals(code, 0, err);
    assertStringIncludes(out, "gpt-");
  }));

test("serves the official clients with no config and ends with 0 at SIGTERM", async (path) => {
  await using gateway = await GatewayProcess.start({
    config: null,
    program: [path],
  });
  const openai = new OpenAI({
    apiKey: "unused",
    baseURL: `${gateway.url}/v1`,
    maxRetries: 0,
  });
  const messages = [{ role: "user" as const, content: "one two three" }];
  const chat = await openai.chat.completions.stream({
    model: "echo",
    messages,
  }).finalContent();
  assertEquals(chat, "one two three");
  const responses = await openai.responses.create({
    model: "echo",
    input: "one two three",
  });
  assertEquals(responses.output_text, "one two three");
  const anthropic = new Anthropic({
    apiKey: "unused",
    baseURL: gateway.url,
    maxRetries: 0,
  });
  const text = await anthropic.messages.stream({
    model: "echo",
    max_tokens: 100,
    messages,
  }).finalText();
  assertEquals(text, "one two three");
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assertStringIncludes(metrics, `,revision="${buildRevision()}",`);
  gateway.kill("SIGHUP");
  await gateway.line((line) =>
    gateway.lines.filter(({ message }) => message === "config loaded")
        .length ===
      2 && line["message"] === "config loaded"
  );
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
});

test("has its permissions and V8 flags baked in: no run, no ffi, no import, no link-local network", async (path) => {
  const baked = await metadata(path);
  const { permissions } = baked;
  assertEquals(permissions["allow_run"], null);
  assertEquals(permissions["allow_ffi"], null);
  assertEquals(permissions["deny_import"], [], "every import is denied");
  assertEquals(permissions["deny_net"], ["169.254.0.0/16"]);
  assertEquals(permissions["prompt"], false);
  assert(
    baked.v8_flags.includes(
      "--enable-experimental-regexp-engine-on-excessive-backtracks",
    ),
  );
  assert(baked.v8_flags.includes("--no-allocation-site-pretenuring"));
  assertEquals(baked.code_cache_key, null);
  assertEquals(baked.env_vars_from_env_file, {});
});

interface Metadata {
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly v8_flags: readonly string[];
  readonly code_cache_key: unknown;
  readonly env_vars_from_env_file: unknown;
}

/** Reads what `deno compile` wrote about the program. */
async function metadata(path: string): Promise<Metadata> {
  const bytes = await Deno.readFile(path);
  const text = new TextDecoder("latin1").decode(bytes);
  const start = text.indexOf('{"argv":[],"seed":');
  assert(start > 0, "the metadata is not where it was");
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === "{") depth++;
    else if (!quoted && character === "}" && --depth === 0) {
      return JSON.parse(text.slice(start, at + 1));
    }
  }
  throw new Error("Cannot read the metadata: it has no end");
}

test("is no larger than its runtime and what the source imports", async (path) => {
  const { size } = await Deno.stat(path);
  assert(size < 140_000_000, `${size} bytes`);
});
