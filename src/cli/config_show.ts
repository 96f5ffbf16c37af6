/** `signalbox config show`. @module */

import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { formatPath } from "../config/problem.ts";
import { policyPath, readPolicy } from "../providers/head_policy.ts";
import { isJsonObject, type JsonValue } from "../support/json.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
} from "./command.ts";
import { formatJson, styled, type Terminal } from "./output.ts";

/** `signalbox config show`: the config with its secrets masked. */
export const configShowCommand: Command = {
  usage: "[--effective] [--config PATH] [--json]",
  flags: [
    { name: "effective", summary: "Fill in every default" },
    CONFIG_FLAG,
    JSON_FLAG,
  ],
  notes:
    "The comment behind each value says where it came from: default, file, built-in, or a reference.",
  run: show,
};

type Path = readonly (string | number)[];

/** Prints the config. */
async function show(given: Arguments, terminal: Terminal): Promise<number> {
  const loaded = await loadConfig({
    path: given.value("config"),
    environment: terminal.environment,
  });
  const all = given.has("effective");
  const config = all ? loaded.effective : loaded.written;
  const path = policyPath(loaded.config.stateDir);
  const policy = all ? await readPolicy(path) : null;
  if (given.has("json")) {
    const origins = [...loaded.origins].filter(([, origin]) =>
      all || origin !== "default"
    );
    terminal.out(formatJson({
      source: loaded.source,
      hash: loaded.hash,
      config,
      origins: Object.fromEntries(origins),
      ...(policy === null ? {} : { policy }),
    }));
  } else {
    terminal.out(`// ${loaded.source}, sha256 ${loaded.hash}`);
    terminal.out(render(loaded, terminal, config));
    if (policy !== null) {
      terminal.out(`// policy of heads, ${path}: ${JSON.stringify(policy)}`);
    }
  }
  return 0;
}

/** Spells a config as JSONC, with the origin behind each value. */
function render(
  loaded: LoadedConfig,
  terminal: Terminal,
  config: JsonValue,
): string {
  const lines: string[] = [];
  const write = (
    value: JsonValue,
    path: Path,
    lead: string,
    comma: string,
  ) => {
    const indent = "  ".repeat(path.length);
    const isArray = Array.isArray(value);
    const entries: readonly (readonly [string | number, JsonValue])[] = isArray
      ? value.map((item, index) => [index, item] as const)
      : isJsonObject(value)
      ? Object.entries(value).map(([key, item]) => [key, item ?? null] as const)
      : [];
    if (entries.length === 0) {
      const origin = loaded.origins.get(formatPath(path));
      const comment = origin === undefined ? "" : ` // ${origin}`;
      lines.push(
        `${indent}${lead}${JSON.stringify(value)}${comma}` +
          styled(terminal, "dim", comment),
      );
      return;
    }
    lines.push(`${indent}${lead}${isArray ? "[" : "{"}`);
    for (const [index, [key, item]] of entries.entries()) {
      const inner = isArray ? "" : `${JSON.stringify(key)}: `;
      const last = index === entries.length - 1;
      write(item, [...path, key], inner, last ? "" : ",");
    }
    lines.push(`${indent}${isArray ? "]" : "}"}${comma}`);
  };
  write(config, [], "", "");
  return lines.join("\n");
}
