/** Every file in `good/` loads, follows the JSON Schema, and means what it says. @module */

import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/jsonc/parse";
import { Ajv2020 } from "ajv/dist/2020.js";
import { leaves } from "../../src/config/effective.ts";
import { configJsonSchema } from "../../src/config/json_schema.ts";
import { loadConfig, type LoadedConfig } from "../../src/config/load.ts";
import { formatPath } from "../../src/config/problem.ts";
import { isJsonObject } from "../../src/support/json.ts";
import { testEnvironment } from "./test_environment.ts";

const FOLDER = new URL("./good/", import.meta.url).pathname;
const STARTER =
  new URL("../../config/signalbox.jsonc", import.meta.url).pathname;

/** Loads one of the files. */
function loadGood(name: string): Promise<LoadedConfig> {
  const environment = testEnvironment({
    UP_HOST: "up.example",
    CREDENTIALS_DIRECTORY: `${FOLDER}secrets`,
  });
  return loadConfig({ path: FOLDER + name, environment });
}

/** The JSONC files of the folder. */
function goodNames(): readonly string[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".jsonc"));
}

Deno.test("loadConfig() takes every good config", async () => {
  for (const name of goodNames()) {
    const loaded = await loadGood(name);
    assertEquals(loaded.source, FOLDER + name);
  }
});

Deno.test("configJsonSchema() accepts every good config and the starter", async () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false })
    .compile(configJsonSchema());
  for (const path of [STARTER, ...goodNames().map((name) => FOLDER + name)]) {
    const text = (await Deno.readTextFile(path)).replace(/^\uFEFF/, "");
    assert(
      validate(parse(text)),
      `${path}: ${JSON.stringify(validate.errors)}`,
    );
  }
  assert(!validate({ server: { prot: 1 } }));
});

Deno.test("loadConfig() takes the starter without any variable set", async () => {
  const loaded = await loadConfig({
    path: STARTER,
    environment: { get: () => undefined },
  });
  assertEquals(loaded.warnings, []);
  assertEquals([...loaded.config.providers.keys()], ["sim"]);
  assertEquals([...loaded.config.models.keys()], ["fast"]);
});

Deno.test("configSchema has the defaults that the manual's example shows", async () => {
  const shown = (await loadGood("full.jsonc")).effective;
  const defaults = (await loadGood("empty.jsonc")).effective;
  // Sections without names of the operator's own; the rest are examples.
  const sections = [
    "server",
    "log",
    "routing",
    "responses",
    "budgets",
    "cache",
    "logging",
    "audit",
    "stateDir",
    "logDir",
  ];
  for (const section of sections) {
    assertEquals(shown[section], defaults[section], section);
  }
});

Deno.test("configSchema has the provider defaults that the manual's example shows", async () => {
  const { openai, anthropic } = (await loadGood("full.jsonc")).effective
    .providers as Record<string, Record<string, unknown>>;
  const own = ["protocols", "keys", "models", "edits", "modelSettings"];
  for (const [key, value] of Object.entries(openai ?? {})) {
    if (!own.includes(key)) assertEquals(anthropic?.[key], value, key);
  }
});

Deno.test("loadConfig() keeps the order in which a provider lists its protocols", async () => {
  const { config } = await loadGood("references.jsonc");
  const protocols = config.providers.get("up")?.protocols;
  assertEquals([...protocols?.keys() ?? []], ["responses", "chat"]);
});

Deno.test("loadConfig() replaces references to variables, files and credentials", async () => {
  const { config } = await loadGood("references.jsonc");
  const up = config.providers.get("up");
  assertEquals(config.admin.token?.reveal(), "admin-token-from-file");
  assertEquals(up?.keys[0]?.reveal(), "up-key-from-credential");
  assertEquals(up?.protocols?.get("chat"), "https://up.example/v1/");
  assertEquals(
    up?.headers.get("authorization")?.reveal(),
    "Token client-key-a-0123456789",
  );
});

Deno.test("LoadedConfig.effective masks what came from references and shows literal headers", async () => {
  const { effective, origins } = await loadGood("references.jsonc");
  const text = JSON.stringify(effective);
  assert(!text.includes("client-key-a"));
  assert(!text.includes("from-file"));
  assert(!text.includes("from-credential"));
  const { up } = effective.providers as Record<string, Record<string, unknown>>;
  assertEquals(up?.headers, { authorization: "***", "x-team": "search" });
  assertEquals(up?.query, { "api-version": "2024-10-21" });
  assertEquals(
    origins.get("providers.up.headers.authorization"),
    "${env:KEY_A}",
  );
  assertEquals(origins.get("providers.up.keys[0]"), "${credential:up_key}");
  assertEquals(origins.get("admin.token"), "${file:./secrets/admin_token}");
  assertEquals(origins.get("providers.up.headers.x-team"), "file");
  assertEquals(origins.get("server.port"), "default");
});

Deno.test("LoadedConfig.effective has an origin for every value", async () => {
  for (const name of goodNames()) {
    const { effective, origins } = await loadGood(name);
    for (const [path] of leaves(effective)) {
      assert(origins.has(formatPath(path)), `${name}: ${formatPath(path)}`);
    }
  }
});

Deno.test("LoadedConfig.effective of a config without secrets is itself a config with the same effect", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { effective, hash } = await loadConfig({
      path: STARTER,
      environment: { get: () => undefined },
    });
    const path = `${folder}/again.jsonc`;
    await Deno.writeTextFile(path, JSON.stringify(effective));
    const again = await loadConfig({
      path,
      environment: { get: () => undefined },
    });
    assertEquals(again.effective, effective);
    assertEquals(again.hash, hash);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("configJsonSchema() documents every key", () => {
  const undocumented: string[] = [];
  const pending: [string, unknown][] = [["", configJsonSchema()]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [path, schema] = next;
    if (!isJsonObject(schema)) continue;
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      const place = `${path}.${key}`;
      if (!isJsonObject(inner) || typeof inner.description !== "string") {
        undocumented.push(place);
      }
      pending.push([place, inner]);
    }
    for (const branch of [schema.anyOf, schema.oneOf].flat()) {
      if (branch !== undefined) pending.push([path, branch]);
    }
    pending.push([`${path}.*`, schema.additionalProperties]);
    pending.push([`${path}[]`, schema.items]);
  }
  assertEquals(undocumented, []);
});
