/** Where the config comes from, and what is told of it. @module */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  loadConfig,
  type LoadedConfig,
  type LoadOptions,
} from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { Secret } from "../../src/support/secret.ts";
import { testEnvironment } from "./test_environment.ts";
import { inFolder } from "../temp_folder.ts";

/** Loads with the given variables only. */
function load(
  options: Omit<LoadOptions, "environment">,
  variables: Readonly<Record<string, string>> = {},
): Promise<LoadedConfig> {
  return loadConfig({
    ...options,
    environment: { get: (name) => variables[name] },
  });
}

Deno.test("loadConfig() takes --config, then $SIGNALBOX_CONFIG, then the usual places in order", async () => {
  await inFolder(async (folder) => {
    const names = ["flag", "variable", "first", "second"];
    const paths = names.map((name) => `${folder}/${name}.jsonc`);
    for (const [index, path] of paths.entries()) {
      await Deno.writeTextFile(path, `{ "server": { "port": ${index + 1} } }`);
    }
    const [flag, variable = "", first = "", second = ""] = paths;
    const variables = { SIGNALBOX_CONFIG: variable };
    const places = { searchPaths: [`${folder}/absent`, first, second] };
    const sources = [
      await load({ path: flag, ...places }, variables),
      await load(places, variables),
      await load(places),
      await load({ searchPaths: [second] }),
    ];
    assertEquals(sources.map(({ source }) => source), paths);
    assertEquals(
      sources.map(({ config }) => config.server.port),
      [1, 2, 3, 4],
    );
  });
});

Deno.test("loadConfig() never passes over a file that was named or is there", async () => {
  await inFolder(async (folder) => {
    const absent = `${folder}/absent.jsonc`;
    const named = await assertRejects(
      () => load({ path: absent, searchPaths: [] }),
      ConfigError,
    );
    assertStringIncludes(
      named.message,
      "the config file cannot be read, there is no such file or folder",
    );
    const variable = await assertRejects(
      () => load({ searchPaths: [] }, { SIGNALBOX_CONFIG: absent }),
      ConfigError,
    );
    assertStringIncludes(
      variable.message,
      "the file of $SIGNALBOX_CONFIG cannot be read",
    );
    // A folder is there but cannot be read as a file.
    await assertRejects(() => load({ searchPaths: [folder] }), ConfigError);
  });
});

Deno.test("loadConfig() without any file gives loopback and the simulator", async () => {
  const { config, source, origins } = await load({ searchPaths: [] });
  assertEquals(source, "built-in");
  assertEquals(config.server.host, "127.0.0.1");
  assertEquals([...config.providers.keys()], ["sim"]);
  assertEquals(
    config.rules.map(({ when, use }) => [when.model, use]),
    [["*", "sim/*"]],
  );
  assertEquals(origins.get("rules[0].use"), "built-in");
});

Deno.test("loadConfig() without any file adds the providers whose key variable is set", async () => {
  const { config, origins } = await load({ searchPaths: [] }, {
    OPENAI_API_KEY: "openai-key-0123456789",
    ANTHROPIC_API_KEY: "",
  });
  assertEquals([...config.providers.keys()], ["openai", "sim"]);
  assertEquals(config.rules.map(({ use }) => use), ["openai/*", "sim/*"]);
  const models = config.rules[0]?.when.model ?? [];
  assert(models.includes("gpt-*") && models.includes("o3*"));
  assertEquals(
    origins.get("providers.openai.keys[0]"),
    "${env:OPENAI_API_KEY}",
  );
  const both = await load({ searchPaths: [] }, {
    OPENAI_API_KEY: "openai-key-0123456789",
    ANTHROPIC_API_KEY: "anthropic-key-0123456789",
  });
  assertEquals(
    both.config.rules.map(({ use }) => use),
    ["openai/*", "anthropic/*", "sim/*"],
  );
});

Deno.test("loadConfig() gives one hash per effect, whatever the spelling and the secrets", async () => {
  await inFolder(async (folder) => {
    const hashOf = async (text: string, key: string) => {
      const path = `${folder}/config.jsonc`;
      await Deno.writeTextFile(path, text);
      return (await load({ path }, { KEY: key })).hash;
    };
    const text = '{ "admin": { "token": "${env:KEY}" } }';
    const hash = await hashOf(text, "one-key-0123456789");
    assertEquals(hash.length, 64);
    assertEquals(
      await hashOf(
        '{ /* port */ "server": { "port": 3456 }, "admin": { "token": "${env:KEY}" } }',
        "another-key-0123456789",
      ),
      hash,
    );
    assertNotEquals(
      await hashOf('{ "server": { "port": 3457 } }', "one-key-0123456789"),
      hash,
    );
  });
});

Deno.test("loadConfig() resolves files from the config's folder and <stateDir> in logDir", async () => {
  const path = new URL("./good/full.jsonc", import.meta.url).pathname;
  const { config } = await loadConfig({ path, environment: testEnvironment() });
  const folder = path.slice(0, path.lastIndexOf("/"));
  assertEquals(
    config.pricing.tables[0]?.file,
    `${folder}/./prices/litellm.json`,
  );
  assertEquals(config.stateDir, "./data");
  assertEquals(config.logDir, "./data/logs");
});

Deno.test("loadConfig() shows no secret in any problem", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/config.jsonc`;
    const secret = "Zq9-very-secret-text";
    await Deno.writeTextFile(
      path,
      `{
        "server": { "port": "\${env:HIDDEN}" },
        "admin": { "token": "${secret}" },
        "clients": { "ci": { "key": ["${secret}", 7] } },
        "providers": { "up": {
          "protocols": { "chat": "https://user:${secret}@a.example" },
          "proxyUrl": "\${env:HIDDEN}",
          "auth": "\${env:HIDDEN}",
          "headers": { "x-api-key": "${secret}" }
        } }
      }`,
    );
    const error = await assertRejects(
      () => load({ path }, { HIDDEN: secret }),
      ConfigError,
    );
    assert(error.problems.length >= 5);
    assert(!error.message.includes(secret), error.message);
    assert(!JSON.stringify(error.problems).includes(secret));
  });
});

Deno.test("loadConfig() lists problems in the order of the file", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/config.jsonc`;
    await Deno.writeTextFile(
      path,
      '{\n"log": { "lvel": 1 },\n"server": { "port": -1 },\n"admin": { "token": "${env:NONE}" }\n}',
    );
    const error = await assertRejects(() => load({ path }), ConfigError);
    assertEquals(
      error.problems.map(({ path, position }) => [path, position?.line]),
      [["log.lvel", 2], ["server.port", 3], ["admin.token", 4]],
    );
  });
});

Deno.test("loadConfig() warns of a config that others may write and a secret that all may read", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/config.jsonc`;
    await Deno.writeTextFile(
      path,
      '{ "admin": { "token": "${file:token}" }, "providers": { "sim": { "simulator": {} } } }',
    );
    await Deno.writeTextFile(`${folder}/token`, "token-0123456789abcdef\n");
    await Deno.chmod(path, 0o666);
    await Deno.chmod(`${folder}/token`, 0o644);
    const open = await load({ path });
    assertEquals(open.warnings.length, 2);
    assertStringIncludes(open.warnings[0] ?? "", "others may write");
    assertStringIncludes(open.warnings[1] ?? "", "chmod 600");
    await Deno.chmod(path, 0o644);
    await Deno.chmod(`${folder}/token`, 0o600);
    assertEquals((await load({ path })).warnings, []);
  });
});

Deno.test("loadConfig() warns of what is probably not meant", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/config.jsonc`;
    await Deno.writeTextFile(
      path,
      `{
        "admin": { "token": "\${env:TOKEN}" },
        "clients": { "ci": { "key": "\${env:SHORT}" } },
        "providers": {
          "plain": { "protocols": { "chat": "http://a.example" }, "keys": ["\${env:SHORT}"] },
          "bare": { "protocols": { "chat": "https://a.example" } }
        },
        "models": { "m": { "targets": [{ "target": "bare/x", "weight": 2 }], "heads": {} } }
      }`,
    );
    const { warnings } = await load({ path }, {
      SHORT: "abc",
      TOKEN: "xyz",
    });
    const expected = [
      "providers.plain.protocols.chat: keys travel unencrypted",
      "providers.bare: no keys",
      "clients.ci.key: a key is shorter",
      "admin.token: a key is shorter",
      "models.m: weights do nothing",
      "models.m: heads are asked for",
    ];
    assertEquals(warnings.length, expected.length);
    for (const [index, text] of expected.entries()) {
      assertStringIncludes(warnings[index] ?? "", text);
    }
    const empty = `${folder}/empty.jsonc`;
    await Deno.writeTextFile(empty, "{}");
    const none = await load({ path: empty });
    assertStringIncludes(none.warnings[0] ?? "", "every request gets 404");
  });
});

Deno.test("loadConfig() takes a text that is nested without end for a broken one", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/config.jsonc`;
    await Deno.writeTextFile(path, "[".repeat(200_000));
    const error = await assertRejects(() => load({ path }), ConfigError);
    assertEquals(error.problems.length, 1);
    await Deno.writeTextFile(
      path,
      `{ "rules": ${"[".repeat(500)}${"]".repeat(500)} }`,
    );
    await assertRejects(() => load({ path }), ConfigError);
  });
});

Deno.test("Secret hides its text from everything but reveal()", () => {
  const secret = new Secret("abc");
  assertEquals(secret.reveal(), "abc");
  for (
    const shown of [
      `${secret}`,
      JSON.stringify({ secret }),
      Deno.inspect({ secret }),
      Deno.inspect(secret, { showHidden: true }),
    ]
  ) {
    assert(!shown.includes("abc"), shown);
    assertStringIncludes(shown, "***");
  }
});
