/** Replaces `${env:NAME}`, `${file:path}` and `${credential:NAME}` in every text of a config. @module */

import type { Environment } from "./environment.ts";
import { type ConfigPath, formatPath } from "./problem.ts";
import { systemWords } from "../support/system_words.ts";

/** A reference that could not be replaced. */
export interface ReferenceFailure {
  /** Where it stands. */
  readonly path: ConfigPath;
  /** What is wrong. */
  readonly problem: string;
  /** How to mend it. */
  readonly fix: string;
}

/** A tree whose references are replaced. */
export interface ResolvedTree {
  /** A copy of the tree with the values in place. */
  readonly tree: unknown;
  /** The text of the file by formatted path, for values that held a reference. */
  readonly references: ReadonlyMap<string, string>;
  /** What could not be replaced. */
  readonly failures: readonly ReferenceFailure[];
  /** Files that were read. */
  readonly files: readonly string[];
}

/** Where references lead. */
export interface ReferenceSources {
  /** Variables. */
  readonly environment: Environment;
  /** Folder that relative files stand in. */
  readonly folder: string;
}

const REFERENCE_REGEXP = /\$\{([^}]*)\}?/g;
const NAME_REGEXP = /^[A-Za-z_][A-Za-z0-9_]*$/;
const CREDENTIAL_REGEXP = /^(?!\.+$)[A-Za-z0-9._-]+$/;

/** A value, or why there is none. */
type Found = { readonly value: string } | {
  readonly problem: string;
  readonly fix: string;
};

/** Joins a folder and a path that may be absolute. */
export function resolveIn(folder: string, path: string): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}

/** Strips the newline that editors leave at the end. */
function stripNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/** Replaces the references of one tree. */
class ReferenceResolver {
  readonly references = new Map<string, string>();
  readonly failures: ReferenceFailure[] = [];
  readonly files: string[] = [];
  readonly #sources: ReferenceSources;
  readonly #found = new Map<string, Found>();

  constructor(sources: ReferenceSources) {
    this.#sources = sources;
  }

  async copy(value: unknown, path: ConfigPath): Promise<unknown> {
    if (typeof value === "string") return await this.#replace(value, path);
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const [index, item] of value.entries()) {
        items.push(await this.copy(item, [...path, index]));
      }
      return items;
    }
    if (typeof value !== "object" || value === null) return value;
    const copy: Record<string, unknown> = Object.create(null);
    for (const [key, item] of Object.entries(value)) {
      copy[key] = await this.copy(item, [...path, key]);
    }
    return copy;
  }

  async #replace(text: string, path: ConfigPath): Promise<string> {
    if (!text.includes("${")) return text;
    this.references.set(formatPath(path), text);
    let replaced = "";
    let end = 0;
    for (const match of text.matchAll(REFERENCE_REGEXP)) {
      const found = await this.#find(match[0], match[1] ?? "");
      if ("value" in found) {
        replaced += text.slice(end, match.index) + found.value;
        end = match.index + match[0].length;
      } else {
        this.failures.push({ path, ...found });
      }
    }
    return replaced + text.slice(end);
  }

  async #find(reference: string, inner: string): Promise<Found> {
    const known = this.#found.get(reference);
    if (known) return known;
    const found = await this.#look(reference, inner);
    this.#found.set(reference, found);
    return found;
  }

  #look(reference: string, inner: string): Found | Promise<Found> {
    const colon = inner.indexOf(":");
    const kind = inner.slice(0, colon);
    const name = inner.slice(colon + 1);
    if (!reference.endsWith("}")) {
      return {
        problem: "a reference has no closing brace",
        fix: "write ${env:NAME}, ${file:path} or ${credential:NAME}",
      };
    }
    if (kind === "env" && NAME_REGEXP.test(name)) return this.#variable(name);
    if (kind === "file" && name !== "") {
      return this.#file(reference, resolveIn(this.#sources.folder, name));
    }
    if (kind === "credential" && CREDENTIAL_REGEXP.test(name)) {
      return this.#credential(reference, name);
    }
    return {
      problem: `${reference} is not a reference`,
      fix: "write ${env:NAME}, ${file:path} or ${credential:NAME}",
    };
  }

  #variable(name: string): Found {
    const value = this.#sources.environment.get(name);
    if (value === undefined || value === "") {
      return {
        problem: `\${env:${name}} cannot be resolved, the variable is ${
          value === "" ? "empty" : "not set"
        }`,
        fix: `set ${name} in the environment`,
      };
    }
    return { value };
  }

  #credential(reference: string, name: string): Found | Promise<Found> {
    const folder = this.#sources.environment.get("CREDENTIALS_DIRECTORY");
    if (folder === undefined || folder === "") {
      return {
        problem:
          `${reference} cannot be resolved, CREDENTIALS_DIRECTORY is not set`,
        fix: `start the service with LoadCredential=${name}:... in its unit`,
      };
    }
    return this.#file(reference, `${folder}/${name}`);
  }

  async #file(reference: string, path: string): Promise<Found> {
    try {
      const value = stripNewline(await Deno.readTextFile(path));
      this.files.push(path);
      return value === ""
        ? {
          problem: `${reference} cannot be resolved, the file is empty`,
          fix: "write the value into it",
        }
        : { value };
    } catch (error) {
      return {
        problem: `${reference} cannot be resolved, ${path} cannot be read: ${
          systemWords(error)
        }`,
        fix: "create the file, readable for this user",
      };
    }
  }
}

/** Replaces every reference of a tree, as far as they can be resolved. */
export async function resolveReferences(
  tree: unknown,
  sources: ReferenceSources,
): Promise<ResolvedTree> {
  const resolver = new ReferenceResolver(sources);
  const copy = await resolver.copy(tree, []);
  return {
    tree: copy,
    references: resolver.references,
    failures: resolver.failures,
    files: resolver.files,
  };
}
