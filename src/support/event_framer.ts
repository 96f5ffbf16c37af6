/**
 * Cuts the bytes of an event stream at the ends of its events, changing none:
 * what goes on to a client always ends between two events, so that a heartbeat
 * or an error event can follow at any moment.
 *
 * @module
 */

const LF = 10;
const CR = 13;

/** Holds back the unfinished tail of an event stream. */
export class EventFramer {
  #tail: Uint8Array | null = null;

  /** Bytes held back. */
  get heldBytes(): number {
    return this.#tail === null ? 0 : this.#tail.length;
  }

  /** Takes the next bytes, gives those that end with whole events, or `null`. */
  push(bytes: Uint8Array): Uint8Array | null {
    const whole = this.#tail === null ? bytes : concat(this.#tail, bytes);
    const end = endOfLastEvent(whole);
    if (whole.length === 0) return null;
    if (end === whole.length) {
      this.#tail = null;
      return whole;
    }
    // A copy, so that a short tail does not keep a large read buffer alive.
    this.#tail = whole.slice(end);
    return end === 0 ? null : whole.subarray(0, end);
  }

  /** The stream ended: gives what was held back, or `null`. */
  end(): Uint8Array | null {
    const tail = this.#tail;
    this.#tail = null;
    return tail;
  }
}

/** Finds the offset behind the last blank line, 0 if there is none. */
export function endOfLastEvent(bytes: Uint8Array): number {
  for (let index = bytes.length - 1; index > 0; index--) {
    const byte = bytes[index];
    if (byte === LF) {
      const before = bytes[index - 1];
      if (before === LF) return index + 1;
      if (before === CR && isLineEnd(bytes[index - 2])) return index + 1;
    } else if (byte === CR && bytes[index - 1] === CR) {
      // "\r\r" may be the first half of "\r\r\n": the lone "\n" then opens
      // the next piece, where it is an empty line and harmless.
      return index + 1;
    }
  }
  return 0;
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

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
