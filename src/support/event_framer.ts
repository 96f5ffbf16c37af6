/**
 * Cuts the bytes of an event stream at the ends of its events, changing none:
 * what goes on to a client always ends between two events, so that a heartbeat
 * or an error event can follow at any moment.
 *
 * @module
 */

const LF = 10;
const CR = 13;

/** Below this, what is held back is copied out of the read buffer it came in. */
const COPIED_BYTES = 16_384;

/** Holds back the unfinished tail of an event stream. */
export class EventFramer {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #last: number | undefined = undefined;
  #lastButOne: number | undefined = undefined;

  /** Bytes held back. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes the next bytes, gives those that end with whole events, or `null`. */
  push(bytes: Uint8Array): Uint8Array | null {
    if (bytes.length === 0) return null;
    const end = this.#endIn(bytes);
    if (end === 0) {
      this.#hold(bytes);
      return null;
    }
    const ended = bytes.subarray(0, end);
    const whole = this.#heldBytes === 0 ? ended : this.#take(ended);
    if (end < bytes.length) this.#hold(bytes.subarray(end));
    return whole;
  }

  /** The stream ended: gives what was held back, or `null`. */
  end(): Uint8Array | null {
    return this.#heldBytes === 0 ? null : this.#take(new Uint8Array(0));
  }

  /** Finds the offset behind the last blank line of `bytes`, 0 if none ends in them. What is held was looked at before. */
  #endIn(bytes: Uint8Array): number {
    for (let index = bytes.length - 1; index >= 0; index--) {
      const byte = bytes[index];
      if (byte !== LF && byte !== CR) continue;
      const before = index > 0 ? bytes[index - 1] : this.#last;
      if (byte === LF) {
        if (before === LF) return index + 1;
        const third = index > 1
          ? bytes[index - 2]
          : index === 1
          ? this.#last
          : this.#lastButOne;
        if (before === CR && isLineEnd(third)) return index + 1;
      } else if (before === CR) {
        // "\r\r" may be the first half of "\r\r\n": the lone "\n" then opens
        // the next piece, where it is an empty line and harmless.
        return index + 1;
      }
    }
    return 0;
  }

  #hold(bytes: Uint8Array): void {
    // A short tail must not keep a large read buffer alive.
    this.#held.push(bytes.length < COPIED_BYTES ? bytes.slice() : bytes);
    this.#heldBytes += bytes.length;
    this.#lastButOne = bytes.length > 1 ? bytes[bytes.length - 2] : this.#last;
    this.#last = bytes[bytes.length - 1];
  }

  /** Joins what is held with what ends it. */
  #take(ended: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.#heldBytes + ended.length);
    let offset = 0;
    for (const piece of this.#held) {
      whole.set(piece, offset);
      offset += piece.length;
    }
    whole.set(ended, offset);
    this.#held = [];
    this.#heldBytes = 0;
    this.#last = undefined;
    this.#lastButOne = undefined;
    return whole;
  }
}

/** Cuts whole events apart; each piece ends with its blank line. */
export function splitEvents(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (let index = 1; index < bytes.length; index++) {
    const byte = bytes[index];
    const before = bytes[index - 1];
    const ends = byte === LF
      ? before === LF || (before === CR && isLineEnd(bytes[index - 2]))
      : byte === CR && before === CR;
    if (!ends || index < start + 1) continue;
    pieces.push(bytes.subarray(start, index + 1));
    start = index + 1;
  }
  if (start < bytes.length) pieces.push(bytes.subarray(start));
  return pieces;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}
