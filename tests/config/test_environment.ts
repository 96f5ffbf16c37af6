/** The variables that the config fixtures refer to. @module */

import type { Environment } from "../../src/config/environment.ts";

const VARIABLES: ReadonlyMap<string, string> = new Map([
  ["KEY_A", "client-key-a-0123456789"],
  ["KEY_B", "client-key-b-0123456789"],
  ["EMPTY_VARIABLE", ""],
  ["NOT_A_URL", "secret value that is no URL"],
  ["SIGNALBOX_ADMIN_TOKEN", "admin-token-0123456789"],
  ["METRICS_TOKEN", "metrics-token-0123456789"],
  ["OPENAI_API_KEY", "openai-key-0123456789"],
  ["ANTHROPIC_API_KEY", "anthropic-key-0123456789"],
  ["CI_KEY", "ci-key-0123456789abcdef"],
]);

/** Variables of the fixtures, with others over them. */
export function testEnvironment(
  others: Readonly<Record<string, string>> = {},
): Environment {
  return {
    get: (name) =>
      Object.hasOwn(others, name) ? others[name] : VARIABLES.get(name),
  };
}
