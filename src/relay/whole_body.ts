/** Collects an answer that is not a stream, up to a cap. @module */

/** The pieces of a body. */
export class WholeBody {
  readonly #maxBytes: number;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** Collects at most `maxBytes`; 0 = no cap. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a piece; `false` if the body has become too long. */
  push(bytes: Uint8Array): boolean {
    this.#length += bytes.length;
    if (this.#maxBytes > 0 && this.#length > this.#maxBytes) return false;
    this.#pieces.push(bytes);
    return true;
  }

  /** Gives the whole body. */
  take(): Uint8Array {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1 && first !== undefined) return first;
    const whole = new Uint8Array(this.#length);
    let offset = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, offset);
      offset += piece.length;
    }
    return whole;
  }
}
