/** What runs when no config file is found: the simulator, and the providers whose usual key is set. @module */

import type { Environment } from "./environment.ts";

/** A provider that is added if its usual variable is set. */
interface KnownProvider {
  readonly name: string;
  readonly variable: string;
  readonly protocols: Readonly<Record<string, string>>;
  /** Bare model names that are passed on to it. */
  readonly models: readonly string[];
}

const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  {
    name: "openai",
    variable: "OPENAI_API_KEY",
    protocols: {
      chat: "https://api.openai.com/v1",
      responses: "https://api.openai.com/v1",
    },
    models: [
      "gpt-*",
      ...Array.from({ length: 10 }, (_, digit) => `o${digit}*`),
    ],
  },
  {
    name: "anthropic",
    variable: "ANTHROPIC_API_KEY",
    protocols: { messages: "https://api.anthropic.com" },
    models: ["claude-*"],
  },
];

/** Builds the config, as if it had been read from a file. */
export function builtInConfig(environment: Environment): unknown {
  const present = KNOWN_PROVIDERS.filter(({ variable }) =>
    (environment.get(variable) ?? "") !== ""
  );
  const providers = present.map(({ name, variable, protocols }) =>
    [name, { protocols, keys: [`\${env:${variable}}`] }] as const
  );
  return {
    providers: { ...Object.fromEntries(providers), sim: { simulator: {} } },
    rules: [
      ...present.map(({ name, models }) => ({
        when: { model: [...models] },
        use: `${name}/*`,
      })),
      { when: { model: "*" }, use: "sim/*" },
    ],
  };
}
