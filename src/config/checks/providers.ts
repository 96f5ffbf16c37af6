/** Providers whose keys contradict each other or cannot work. @module */

import type { ConfigPath } from "../problem.ts";
import type { ProviderConfig } from "../schema.ts";
import type { PathProblem } from "../schema_problems.ts";
import { type CheckFacts, repeated } from "./check.ts";

/** Names that metrics use beside those of providers. */
const RESERVED_NAMES: readonly string[] = [
  "other",
  "redis",
  "price_sync",
  "probe",
  "unknown",
];

/** Headers that the gateway sets itself. */
const OWN_HEADER_REGEXP =
  /^(host|connection|content-length|content-encoding|transfer-encoding|te|trailer|upgrade|keep-alive|expect|accept-encoding|proxy-.*)$/i;

/** Checks every provider. */
export function* checkProviders(facts: CheckFacts): Generator<PathProblem> {
  for (const [name, provider] of facts.config.providers) {
    const path = ["providers", name];
    if (RESERVED_NAMES.includes(name)) {
      yield {
        path,
        problem: `the name ${name} is used by metrics`,
        fix: "use another name",
      };
    }
    yield* kindProblems(path, provider);
    yield* keyProblems(path, provider);
    yield* wireProblems(path, provider);
    yield* editProblems(path, provider);
    yield* simulatorProblems(path, provider);
  }
}

/** A provider is called, or lives inside; it is one of them. */
function* kindProblems(
  path: ConfigPath,
  provider: ProviderConfig,
): Generator<PathProblem> {
  if (provider.protocols === null && provider.simulator === null) {
    yield {
      path,
      problem: "neither protocols nor simulator is given",
      fix: "give exactly one of them",
    };
  }
  if (provider.protocols !== null && provider.simulator !== null) {
    yield {
      path,
      problem: "both protocols and simulator are given",
      fix: "give exactly one of them",
    };
  }
  if (provider.protocols?.size === 0) {
    yield {
      path: [...path, "protocols"],
      problem: "the object is empty",
      fix: "give the base URL of chat, messages or responses",
    };
  }
}

/** Keys must be there when they are needed, once each. */
function* keyProblems(
  path: ConfigPath,
  provider: ProviderConfig,
): Generator<PathProblem> {
  const keys = provider.keys.map((key) => key.reveal());
  for (const index of repeated(keys)) {
    yield {
      path: [...path, "keys", index],
      problem: "the key is the same as an earlier one",
      fix: "remove one of the two",
    };
  }
  if (keys.length > 0 && provider.simulator !== null) {
    yield {
      path: [...path, "keys"],
      problem: "a simulator has no use for keys",
      fix: "remove them",
    };
  }
  if (keys.length > 0 && provider.auth === "none") {
    yield {
      path: [...path, "auth"],
      problem: 'value is "none" but keys are given',
      fix: "remove the keys, or say how they are sent",
    };
  }
  if (
    keys.length === 0 && provider.auth !== "none" && provider.auth !== "auto"
  ) {
    yield {
      path: [...path, "auth"],
      problem: `value is "${provider.auth}" but no keys are given`,
      fix: "give keys, or remove auth",
    };
  }
  for (const [index, key] of keys.entries()) {
    if (/^[\x21-\x7e]+$/.test(key)) continue;
    yield {
      path: [...path, "keys", index],
      problem: "the key has spaces, line breaks or characters beyond ASCII",
      fix: "check what the reference leads to",
    };
  }
}

/** Headers, TLS files and lists that cannot work. */
function* wireProblems(
  path: ConfigPath,
  provider: ProviderConfig,
): Generator<PathProblem> {
  for (const [name, value] of provider.headers) {
    if (OWN_HEADER_REGEXP.test(name)) {
      yield {
        path: [...path, "headers", name],
        problem: `the header ${name} is set by the gateway itself`,
        fix: "remove it",
      };
    } else if (!/^[\x20-\x7e\t]*$/.test(value.reveal())) {
      yield {
        path: [...path, "headers", name],
        problem: "the value has line breaks or characters beyond ASCII",
        fix: "use printable ASCII",
      };
    }
  }
  if ((provider.tls.certFile === null) !== (provider.tls.keyFile === null)) {
    yield {
      path: [...path, "tls"],
      problem: "only one of certFile and keyFile is given",
      fix: "give both or none",
    };
  }
  for (const field of ["models", "patches"] as const) {
    for (const index of repeated(provider[field] ?? [])) {
      yield {
        path: [...path, field, index],
        problem: `${JSON.stringify(provider[field]?.[index])} is given twice`,
        fix: "remove one of the two",
      };
    }
  }
}

/** Edits that do nothing. */
function* editProblems(
  path: ConfigPath,
  provider: ProviderConfig,
): Generator<PathProblem> {
  for (const [index, edit] of provider.edits.entries()) {
    if ("rename" in edit && edit.rename === edit.to) {
      yield {
        path: [...path, "edits", index, "to"],
        problem: `${JSON.stringify(edit.to)} is the name it already has`,
        fix: "give another name",
      };
    }
  }
}

/** Quantities whose bounds contradict each other. */
function* simulatorProblems(
  path: ConfigPath,
  { simulator }: ProviderConfig,
): Generator<PathProblem> {
  for (const [name, value] of Object.entries(simulator ?? {})) {
    if (typeof value !== "object") continue;
    const { min = 0, max = Infinity } = value;
    if (min > max) {
      yield {
        path: [...path, "simulator", name, "min"],
        problem: `value is ${min}, above max (${max})`,
        fix: "lower the one or raise the other",
      };
    }
  }
}
