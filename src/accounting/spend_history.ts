/**
 * What was spent, read off the log: the log is the truth, this is a sum of it
 * by day, client and alias. How far each file was read is kept, so that a start
 * reads only what came since.
 *
 * @module
 */

import { picoOfUsd, usdText } from "../support/decimal.ts";
import { isJsonObject } from "../support/json.ts";
import { scanExisting } from "./query/usage_scan.ts";
import {
  dayOf,
  startOfDay,
  type UsageFile,
  usageFiles,
} from "./usage_files.ts";

/** What one client spent through one alias on one day. */
export interface DaySpending {
  /** The day, `YYYY-MM-DD`, UTC. */
  readonly day: string;
  /** The client's name. */
  readonly client: string;
  /** The alias, `null` for none. */
  readonly alias: string | null;
  /** In 1e-12 USD. */
  readonly pico: bigint;
}

/** A file that is read, as far as it reaches when it is listed. */
export interface SpendFile extends UsageFile {
  /** What its sums are kept under. */
  readonly name: string;
}

/** Sums of one file. */
interface FileSums {
  /** End of the last line that was read. */
  end: number;
  /** By day, client and alias, joined by line breaks. */
  readonly sums: Map<string, bigint>;
}

const DAY_MS = 86_400_000;
/** A month and the week that it begins in. */
const KEPT_DAYS = 45;
const VERSION = 1;
/** The start waits for it. */
const PIECE_BYTES = 1 << 20;

/** Reads spending off the files of a log. */
export class SpendHistory {
  readonly #folders: () => readonly string[];
  readonly #path: string;
  readonly #files = new Map<string, FileSums>();
  #last: Promise<unknown> = Promise.resolve();

  /** Reads the logs in `folders` (each with its archive); keeps its place in `path`. */
  constructor(folders: () => readonly string[], path: string) {
    this.#folders = folders;
    this.#path = path;
  }

  /** The files of all days that budgets of the moment look at, as long as they are now. */
  async list(nowMs: number): Promise<readonly SpendFile[]> {
    const fromMs = nowMs - KEPT_DAYS * DAY_MS;
    const found: SpendFile[] = [];
    for (const folder of this.#folders()) {
      for (const file of await usageFiles([folder], fromMs, Infinity)) {
        found.push({ ...file, name: `${folder}/${file.day}` });
      }
    }
    return found;
  }

  /**
   * Reads what came since it was last read: to the end of `files`, not of what
   * is written meanwhile. One reading after the other.
   */
  read(
    nowMs: number,
    files: readonly SpendFile[] | null = null,
  ): Promise<DaySpending[]> {
    const reading = this.#last.then(async () =>
      await this.#read(nowMs, files ?? await this.list(nowMs))
    );
    this.#last = reading.catch(() => {});
    return reading;
  }

  async #read(
    nowMs: number,
    files: readonly SpendFile[],
  ): Promise<DaySpending[]> {
    if (this.#files.size === 0) await this.#restore();
    const fromMs = nowMs - KEPT_DAYS * DAY_MS;
    for (const [name] of this.#files) {
      const day = name.slice(name.lastIndexOf("/") + 1);
      if (day < dayOf(fromMs)) this.#files.delete(name);
    }
    const listed = new Set(files.map(({ name }) => name));
    for (const file of files) {
      if (file.compressed) this.#forgetArchived(file, listed);
      await this.#readFile(file);
    }
    await this.#save();
    return this.#total();
  }

  /** A day that was archived is read from its archive, whole, and not summed twice. */
  #forgetArchived(
    { name, day }: SpendFile,
    listed: ReadonlySet<string>,
  ): void {
    if (this.#files.has(name)) return;
    for (const known of this.#files.keys()) {
      if (known.endsWith(`/${day}`) && !listed.has(known)) {
        this.#files.delete(known);
      }
    }
  }

  async #readFile(file: SpendFile): Promise<void> {
    let known = this.#files.get(file.name);
    // A file that has become shorter is another one.
    if (known === undefined || (!file.compressed && file.bytes < known.end)) {
      known = { end: 0, sums: new Map() };
      this.#files.set(file.name, known);
    } else if (file.compressed || file.bytes === known.end) return;
    const { sums } = known;
    const { end } = await scanExisting(file, {
      offset: known.end,
      pieceBytes: PIECE_BYTES,
      end: file.compressed ? Infinity : file.bytes,
      onLine: ({ row }) => {
        if (row.costPico === null || row.costPico === 0) return;
        const key = `${dayOf(row.timestampMs)}\n${row.client}\n${row.alias}`;
        sums.set(key, (sums.get(key) ?? 0n) + BigInt(row.costPico));
      },
    });
    known.end = end;
  }

  #total(): DaySpending[] {
    const totals = new Map<string, bigint>();
    for (const { sums } of this.#files.values()) {
      for (const [key, pico] of sums) {
        totals.set(key, (totals.get(key) ?? 0n) + pico);
      }
    }
    return [...totals].map(([key, pico]) => {
      const [day = "", client = "", alias = ""] = key.split("\n");
      return { day, client, alias: alias === "" ? null : alias, pico };
    });
  }

  /** A place that cannot be read is no place: everything is read again. */
  async #restore(): Promise<void> {
    try {
      const kept: unknown = JSON.parse(await Deno.readTextFile(this.#path));
      if (!isJsonObject(kept) || kept.version !== VERSION) return;
      if (!isJsonObject(kept.files)) return;
      for (const [name, file] of Object.entries(kept.files)) {
        if (!isJsonObject(file) || !isJsonObject(file.sums)) continue;
        const sums = new Map<string, bigint>();
        for (const [key, usd] of Object.entries(file.sums)) {
          sums.set(key, picoOfUsd(usd) ?? 0n);
        }
        this.#files.set(name, { end: Number(file.end), sums });
      }
    } catch {
      this.#files.clear();
    }
  }

  /** Beside, then renamed. What cannot be kept is read again at the next start. */
  async #save(): Promise<void> {
    const files: { [name: string]: object } = {};
    for (const [name, { end, sums }] of this.#files) {
      const texts = [...sums].map(([key, pico]) => [key, usdText(pico)]);
      files[name] = { end, sums: Object.fromEntries(texts) };
    }
    const folder = this.#path.slice(0, this.#path.lastIndexOf("/"));
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      const temporary = `${this.#path}.tmp`;
      await Deno.writeTextFile(
        temporary,
        JSON.stringify({ version: VERSION, files }),
        { mode: 0o600 },
      );
      await Deno.rename(temporary, this.#path);
    } catch {
      // The log is still there.
    }
  }
}

/** The moment that a day's spending is booked at: every period begins with a day. */
export function bookedAtMs(spending: DaySpending): number {
  return startOfDay(spending.day);
}
