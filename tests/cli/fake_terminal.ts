/** A terminal that remembers what was written. @module */

import type { Environment } from "../../src/config/environment.ts";
import type { Terminal } from "../../src/cli/output.ts";

/** What tests set. */
export interface FakeTerminalOptions {
  /** Variables; none unless given. */
  readonly environment?: Environment;
  /** Text on standard input. */
  readonly input?: string;
  /** Whether colours are wanted. */
  readonly color?: boolean;
}

/** A terminal that remembers what was written. */
export class FakeTerminal implements Terminal {
  readonly environment: Environment;
  readonly color: boolean;
  readonly interactive = false;
  /** Lines of standard output. */
  readonly outLines: string[] = [];
  /** Lines of standard error. */
  readonly errLines: string[] = [];
  readonly #input: string;

  constructor(options: FakeTerminalOptions = {}) {
    this.environment = options.environment ?? { get: () => undefined };
    this.color = options.color ?? false;
    this.#input = options.input ?? "";
  }

  out(line: string): void {
    this.outLines.push(line);
  }

  err(line: string): void {
    this.errLines.push(line);
  }

  readInput(): Promise<string> {
    return Promise.resolve(this.#input);
  }

  /** All of standard output. */
  get outText(): string {
    return this.outLines.join("\n");
  }

  /** All of standard error. */
  get errText(): string {
    return this.errLines.join("\n");
  }
}
