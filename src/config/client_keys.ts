/** Finds the client that a key belongs to, by digest alone. @module */

import { createHash } from "node:crypto";
import { formatPath } from "./problem.ts";
import type { Config } from "./schema.ts";
import type { PathProblem } from "./schema_problems.ts";

/** SHA-256 of a key, in lower-case hexadecimal. */
export function keyDigest(key: string): string {
  return createHash("sha256").update(key, "utf8").digest("hex");
}

/** A digest, with the place in the config that it comes from. */
interface KeyEntry {
  readonly client: string;
  readonly digest: string;
  readonly path: readonly (string | number)[];
}

/** Every key of every client. */
function* keyEntries(config: Config): Generator<KeyEntry> {
  for (const [client, { key, keySha256 }] of config.clients) {
    const path = ["clients", client];
    if (Array.isArray(key)) {
      for (const [index, one] of key.entries()) {
        yield {
          client,
          digest: keyDigest(one.reveal()),
          path: [...path, "key", index],
        };
      }
    } else if (key !== null) {
      yield {
        client,
        digest: keyDigest(key.reveal()),
        path: [...path, "key"],
      };
    }
    if (keySha256 !== null) {
      yield {
        client,
        digest: keySha256.toLowerCase(),
        path: [...path, "keySha256"],
      };
    }
  }
}

/** The clients' keys, compiled: a full digest is looked up in a map, so that nothing of a key is compared by text. */
export class ClientKeys {
  readonly #clients = new Map<string, string>();
  readonly #problems: PathProblem[] = [];

  /** Compiles the keys of a config. */
  constructor(config: Config) {
    const places = new Map<string, KeyEntry>();
    for (const entry of keyEntries(config)) {
      const first = places.get(entry.digest);
      if (first) {
        this.#problems.push({
          path: entry.path,
          problem: `the key is the same as ${formatPath(first.path)}`,
          fix: "give every client its own key",
        });
        continue;
      }
      places.set(entry.digest, entry);
      this.#clients.set(entry.digest, entry.client);
    }
  }

  /** Keys that are given twice. */
  get problems(): readonly PathProblem[] {
    return this.#problems;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#clients.size;
  }

  /** The client's name, `null` for a key nobody has. Whether the client is enabled is the caller's question. */
  find(key: string): string | null {
    return this.#clients.get(keyDigest(key)) ?? null;
  }
}
