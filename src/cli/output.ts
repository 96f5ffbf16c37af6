/** How commands speak: tables for people, JSON for machines, colours only where they are wanted. @module */

import { toText } from "@std/streams/to-text";
import { type Environment, processEnvironment } from "../config/environment.ts";

/** Where a command reads from and writes to. */
export interface Terminal {
  /** Variables. */
  readonly environment: Environment;
  /** Whether colours are wanted on standard output. */
  readonly color: boolean;
  /** Whether standard input is a person. */
  readonly interactive: boolean;
  /** Writes a line, the answer, to standard output. */
  out(line: string): void;
  /** Writes a line, anything else, to standard error. */
  err(line: string): void;
  /** Reads all of standard input. */
  readInput(): Promise<string>;
  /** Draws over the last line of standard error; absent where that is no terminal. */
  progress?(line: string): void;
}

/** The terminal of this process. Colours: only on a terminal, and not with NO_COLOR set. */
export function processTerminal(): Terminal {
  const environment = processEnvironment();
  const noColor = (environment.get("NO_COLOR") ?? "") !== "";
  return {
    environment,
    color: !noColor && Deno.stdout.isTerminal(),
    interactive: Deno.stdin.isTerminal(),
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    readInput: () => toText(Deno.stdin.readable),
    ...(Deno.stderr.isTerminal() ? { progress: drawOver } : {}),
  };
}

function drawOver(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${line}`));
}

/** How a piece of text is set off. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow";

const STYLE_CODES: Readonly<Record<Style, string>> = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
};

/** Sets text off, where colours are wanted. */
export function styled(terminal: Terminal, style: Style, text: string): string {
  return terminal.color ? `\x1b[${STYLE_CODES[style]}m${text}\x1b[0m` : text;
}

/** Spells a value for machines. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

const WIDE_REGEXP =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uFF01-\uFF60]/u;

/** How many columns of a terminal a text takes. */
function textWidth(text: string): number {
  // Nearly every cell is ASCII: one column per character.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += WIDE_REGEXP.test(segment) ? 2 : 1;
  }
  return width;
}

/** Replaces what would move the cursor or break the row. */
function clean(cell: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is replaced
  return cell.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, " ");
}

/** Sets rows in columns; columns that hold only numbers are aligned to the right. */
export function formatTable(
  terminal: Terminal,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const cells = [head, ...rows].map((row) => row.map(clean));
  const widths = head.map((_, column) =>
    Math.max(...cells.map((row) => textWidth(row[column] ?? "")))
  );
  const numeric = head.map((_, column) =>
    rows.length > 0 &&
    rows.every((row) => /^-?[0-9][0-9.,]*%?$/.test(row[column] ?? ""))
  );
  const lines = cells.map((row) =>
    row.map((cell, column) => {
      const gap = " ".repeat((widths[column] ?? 0) - textWidth(cell));
      return numeric[column] ? gap + cell : cell + gap;
    }).join("  ").trimEnd()
  );
  const [first = "", ...others] = lines;
  return [styled(terminal, "bold", first), ...others].join("\n");
}
