/**
 * Imported tables on disk: one file of our own format per name under
 * `<stateDir>/prices`. A table is replaced in one step, after it was looked at.
 *
 * @module
 */

import { guardImport, type GuardLimits, jumpProblems } from "./import_guard.ts";
import { diffPrices } from "./price_diff.ts";
import {
  compilePriceFile,
  formatPriceFile,
  type PriceFile,
  PriceFileError,
  readPriceFile,
} from "./price_file.ts";
import type { PriceTable } from "./price_table.ts";
import type { JsonValue } from "../support/json.ts";
import { encodeUtf8 } from "../support/utf8.ts";

const NAME_REGEXP = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const PREVIOUS = ".previous.json";

/** What an import did, or why it was refused. */
export interface ImportResult {
  /** Path of the table. */
  readonly path: string;
  /** What speaks against it. Nothing is stored while this is not empty and not accepted. */
  readonly refused: readonly string[];
  /** Whether it was stored. */
  readonly stored: boolean;
  /** Models that are new. */
  readonly added: number;
  /** Models that the new table no longer lists; their prices are kept. */
  readonly kept: number;
  /** Prices that changed. */
  readonly changed: number;
  /** Models of the stored table. */
  readonly models: number;
  /** What was changed or left out on the way in. */
  readonly notes: readonly string[];
}

/** How a table is imported. */
export interface ImportOptions {
  /** When it is refused. */
  readonly limits: GuardLimits;
  /** Store it in spite of what speaks against it. */
  readonly accept: boolean;
  /** Table that a first import is compared with; differences are noted. */
  readonly baseline: PriceTable;
}

/** The folder of imported tables. */
export class PriceStore {
  readonly #folder: string;

  /** Keeps tables in `<stateDir>/prices`, or in a folder of that one. */
  constructor(stateDir: string, inner: string = "") {
    this.#folder = `${stateDir}/prices${inner === "" ? "" : `/${inner}`}`;
  }

  /** Names of the tables that were imported, in alphabetical order. */
  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    try {
      for await (const { name, isFile } of Deno.readDir(this.#folder)) {
        if (!isFile || !name.endsWith(".json") || name.startsWith(".")) {
          continue;
        }
        if (!name.endsWith(PREVIOUS)) names.push(name.slice(0, -5));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return names.sort();
  }

  /**
   * Reads one table, `null` where there is none.
   *
   * @throws {PriceFileError} when the file is no price table.
   */
  async read(name: string): Promise<PriceFile | null> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.#path(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    return readPriceFile(parseTable(text, this.#path(name)), {
      format: "signalbox",
      date: "",
    });
  }

  /**
   * Lays a table over the one of the same name: models that it no longer
   * lists stay, because logs of the past still ask for them.
   */
  async add(
    name: string,
    file: PriceFile,
    options: ImportOptions,
  ): Promise<ImportResult> {
    if (!NAME_REGEXP.test(name) || name.endsWith(".previous")) {
      throw new PriceFileError(
        `Cannot store price table: its name is ${
          JSON.stringify(name)
        }, use letters, digits and . _ -`,
      );
    }
    const before = await this.read(name);
    const old = compilePriceFile(before ?? emptyFile(file), name, "imported");
    const compiled = compilePriceFile(file, name, "imported");
    // A first import has nothing to be held against: its jumps are told, not refused.
    const first = before === null;
    const jumps = first
      ? jumpProblems(
        options.baseline,
        compiled.table,
        options.limits.maxPriceFactor,
      )
      : [];
    const against = first
      ? []
      : guardImport(old.table, compiled.table, options.limits);
    const refused = [...file.suspects, ...compiled.problems, ...against];
    const diff = diffPrices(old.table, compiled.table);
    const entries = new Map([...before?.entries ?? [], ...file.entries]);
    const stored = refused.length === 0 || options.accept;
    if (stored) await this.#replace(name, { ...file, entries });
    return {
      path: this.#path(name),
      refused,
      stored,
      added: diff.added.length,
      kept: diff.removed.length,
      changed: diff.changed.length,
      models: entries.size,
      notes: [
        ...file.notes,
        ...jumps.map((jump) => `${options.baseline.name} prices: ${jump}`),
      ],
    };
  }

  #path(name: string): string {
    return `${this.#folder}/${name}.json`;
  }

  /** Writes beside, syncs, keeps the old file, then renames: a reader sees one or the other. */
  async #replace(name: string, file: PriceFile): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#path(name);
    const temporary = `${this.#folder}/.${name}.${crypto.randomUUID()}.tmp`;
    try {
      using handle = await Deno.open(temporary, {
        write: true,
        createNew: true,
        mode: 0o600,
      });
      const bytes = encodeUtf8(formatPriceFile(file));
      for (let at = 0; at < bytes.length;) {
        at += await handle.write(bytes.subarray(at));
      }
      await handle.syncData();
      await keepPrevious(path, `${this.#folder}/${name}${PREVIOUS}`);
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  }
}

async function keepPrevious(path: string, previous: string): Promise<void> {
  try {
    await Deno.copyFile(path, previous);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function emptyFile(like: PriceFile): PriceFile {
  return { ...like, entries: new Map(), notes: [], suspects: [] };
}

/**
 * Parses the text of a price table.
 *
 * @throws {PriceFileError} when it is not JSON.
 */
export function parseTable(text: string, name: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new PriceFileError(`Cannot read price table ${name}: it is not JSON`);
  }
}
