/** Values that must never be seen: keys, tokens, passwords. @module */

const MASK = "***";

/**
 * Keeps a text out of logs, errors, JSON and debuggers. The only way to the
 * text is {@linkcode Secret.reveal}, so that every use can be found by name.
 */
export class Secret {
  readonly #text: string;

  /** Hides a text. */
  constructor(text: string) {
    this.#text = text;
  }

  /** Gives the text, for the one place that sends or compares it. */
  reveal(): string {
    return this.#text;
  }

  /** Gives the mask. */
  toString(): string {
    return MASK;
  }

  /** Gives the mask. */
  toJSON(): string {
    return MASK;
  }

  /** Gives the mask to the runtime's inspector. */
  [Symbol.for("Deno.customInspect")](): string {
    return MASK;
  }

  /** Gives the mask to node's inspector. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return MASK;
  }
}
