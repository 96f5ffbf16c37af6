/** What is allowed in a config but probably not meant. @module */

import type { Secret } from "../support/secret.ts";
import { isLoopbackHost } from "./checks/exposure.ts";
import { formatPath } from "./problem.ts";
import type { Config, ProviderConfig } from "./schema.ts";
import { aliasGroups } from "./targets.ts";

/** Shortest key that cannot be guessed, in characters. */
const LEAST_KEY_LENGTH = 16;

/** What is probably not meant, one line each. */
export function* configWarnings(config: Config): Generator<string> {
  if (config.providers.size === 0) {
    yield "providers: none is given, every request gets 404";
  }
  for (const [name, provider] of config.providers) {
    yield* providerWarnings(formatPath(["providers", name]), provider);
  }
  for (const [name, client] of config.clients) {
    yield* keyWarnings(formatPath(["clients", name, "key"]), client.key);
  }
  yield* keyWarnings("admin.token", config.admin.token);
  for (const [name, alias] of config.models) {
    const path = formatPath(["models", name]);
    for (const group of aliasGroups(alias)) {
      const weighted = group.targets.some(({ weight }) => weight !== 1);
      if (weighted && group.selector !== "weighted") {
        yield `${path}: weights do nothing under the selector ${group.selector}, use weighted`;
      }
      if (group.heads !== null && !config.routing.heads.enabled) {
        yield `${path}: heads are asked for but routing.heads.enabled is false`;
      }
    }
  }
}

/** What is probably not meant in keys that others authenticate by. */
function* keyWarnings(
  path: string,
  given: Secret | readonly Secret[] | null,
): Generator<string> {
  const keys = given === null ? [] : [given].flat();
  if (keys.some((key) => key.reveal().length < LEAST_KEY_LENGTH)) {
    yield `${path}: a key is shorter than ${LEAST_KEY_LENGTH} characters and may be guessed, \`signalbox keys new\` makes a good one`;
  }
}

/** What is probably not meant in a provider. */
function* providerWarnings(
  path: string,
  provider: ProviderConfig,
): Generator<string> {
  for (const [protocol, base] of provider.protocols ?? []) {
    const { protocol: scheme, hostname } = new URL(base);
    if (isLoopbackHost(hostname)) continue;
    if (scheme === "http:" && provider.keys.length > 0) {
      yield `${path}.protocols.${protocol}: keys travel unencrypted to ${hostname}, use https`;
    }
    const unkeyed = provider.keys.length === 0 && provider.auth === "auto" &&
      provider.headers.size === 0 && provider.query.size === 0;
    if (unkeyed && scheme === "https:") {
      yield `${path}: no keys are given, calls to ${hostname} go out without one`;
    }
  }
}

/** What is wrong with the permissions of the files that were read. */
export async function fileWarnings(
  configPath: string | null,
  secretFiles: readonly string[],
): Promise<readonly string[]> {
  const warnings: string[] = [];
  const modeOf = async (path: string) => (await Deno.stat(path)).mode ?? 0;
  if (configPath !== null && (await modeOf(configPath) & 0o022) !== 0) {
    warnings.push(
      `${configPath}: others may write to it and so send your keys elsewhere, chmod go-w`,
    );
  }
  for (const path of secretFiles) {
    if ((await modeOf(path) & 0o004) === 0) continue;
    warnings.push(`${path}: everyone may read the secret, chmod 600`);
  }
  return warnings;
}
