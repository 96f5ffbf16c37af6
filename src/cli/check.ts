/** `signalbox check`. @module */

import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { aliasGroups } from "../config/targets.ts";
import type { JsonObject } from "../support/json.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatJson, formatTable, styled, type Terminal } from "./output.ts";

/** `signalbox check`: says what is wrong, or what would be built. */
export const checkCommand: Command = {
  usage: "[--config PATH | PATH] [--json]",
  flags: [CONFIG_FLAG, JSON_FLAG],
  maxOperands: 1,
  notes:
    "Nothing is started and nothing is called. Exit code 0: valid, 1: not valid.",
  run: check,
};

/** Checks the config and tells. */
async function check(given: Arguments, terminal: Terminal): Promise<number> {
  const flag = given.value("config");
  const [operand] = given.operands;
  if (flag !== undefined && operand !== undefined) {
    throw new UsageError(
      `Cannot check ${operand}: --config already names ${flag}, give one`,
    );
  }
  const { environment } = terminal;
  try {
    const loaded = await loadConfig({ path: flag ?? operand, environment });
    if (given.has("json")) terminal.out(formatJson(summary(loaded)));
    else printSummary(loaded, terminal);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError) || !given.has("json")) throw error;
    const { source, problems } = error;
    terminal.out(formatJson({ valid: false, source, problems }));
    return 1;
  }
}

/** What would be built, for machines. */
function summary(loaded: LoadedConfig): JsonObject {
  const { config, source, hash, warnings } = loaded;
  return {
    valid: true,
    source,
    hash,
    listen: { host: config.server.host, port: config.server.port },
    providers: [...config.providers].map(([name, provider]) => ({
      name,
      protocols: provider.protocols === null
        ? ["simulator"]
        : [...provider.protocols.keys()],
      keys: provider.keys.length,
      models: provider.models === null ? null : [...provider.models],
    })),
    targets: targetIds(config),
    aliases: [...config.models].map(([name, alias]) => ({
      name,
      groups: aliasGroups(alias).map(({ selector, targets, heads }) => ({
        selector,
        targets: targets.map(({ target, weight }) => ({
          target: target.id,
          weight,
        })),
        heads: heads === null ? null : { ...heads },
      })),
    })),
    rules: config.rules.length,
    clients: [...config.clients].map(([name, client]) => ({
      name,
      tier: client.tier,
      enabled: client.enabled,
      models: client.models === null ? null : [...client.models],
    })),
    clientKeys: loaded.clientKeys.size,
    warnings: [...warnings],
  };
}

/** Every target that an alias leads to or a provider lists. */
function targetIds(config: Config): string[] {
  const listed = [...config.providers].flatMap(([name, { models }]) =>
    (models ?? []).map((model) => `${name}/${model}`)
  );
  const aimed = [...config.models.values()].flatMap((alias) =>
    aliasGroups(alias).flatMap(({ targets }) =>
      targets.map(({ target }) => target.id)
    )
  );
  return [...new Set([...listed, ...aimed])].toSorted();
}

/** Spells a number of things. */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** What would be built, for people. */
function printSummary(loaded: LoadedConfig, terminal: Terminal): void {
  const { config, source, warnings } = loaded;
  const { host, port } = config.server;
  terminal.out(styled(terminal, "green", `Config ${source} is valid`));
  const targets = counted(targetIds(config).length, "target");
  const rules = counted(config.rules.length, "rule");
  terminal.out(`Would listen on ${host}:${port}, with ${targets} and ${rules}`);
  const tables = [
    providerTable(config, terminal),
    aliasTable(config, terminal),
    clientTable(config, terminal),
  ];
  for (const table of tables) {
    if (table !== null) terminal.out(`\n${table}`);
  }
  if (warnings.length > 0) terminal.out("");
  for (const warning of warnings) {
    terminal.out(`${styled(terminal, "yellow", "Warning:")} ${warning}`);
  }
}

/** The providers. */
function providerTable(config: Config, terminal: Terminal): string | null {
  const rows = [...config.providers].map(([name, provider]) => [
    name,
    provider.protocols === null
      ? "simulator"
      : [...provider.protocols.keys()].join(", "),
    String(provider.keys.length),
    provider.models === null ? "any" : provider.models.join(", "),
  ]);
  return rows.length === 0
    ? null
    : formatTable(terminal, ["PROVIDER", "SPEAKS", "KEYS", "MODELS"], rows);
}

/** The aliases, a row per group. */
function aliasTable(config: Config, terminal: Terminal): string | null {
  const rows = [...config.models].flatMap(([name, alias]) =>
    aliasGroups(alias).map(({ selector, targets, heads }, index) => [
      index === 0 ? name : "",
      selector,
      [
        ...targets.map(({ target, weight }) =>
          weight === 1 ? target.id : `${target.id} x${weight}`
        ),
        ...(heads === null ? [] : ["registered heads"]),
      ].join(", "),
    ])
  );
  return rows.length === 0
    ? null
    : formatTable(terminal, ["ALIAS", "SELECTOR", "TARGETS"], rows);
}

/** The clients. */
function clientTable(config: Config, terminal: Terminal): string | null {
  if (config.clients.size === 0) {
    return "No clients: everyone on loopback is `local`";
  }
  const rows = [...config.clients].map(([name, client]) => [
    client.enabled ? name : `${name} (off)`,
    client.tier,
    client.models === null ? "any" : client.models.join(", "),
  ]);
  return formatTable(terminal, ["CLIENT", "TIER", "MODELS"], rows);
}
