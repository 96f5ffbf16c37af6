/**
 * Proofs that a piece of reasoning is the simulator's own: signatures of
 * thinking blocks and the encrypted payloads of reasoning items. Keyed by the
 * seed, so that another provider's proof, or an altered text, is noticed.
 *
 * @module
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";

const NONCE_BYTES = 12;
const DIGEST_BYTES = 32;

/** What a look at a proof finds. */
export type ProofVerdict = "own" | "foreign" | "other-item";

/** Makes and checks proofs of one seed. */
export class ReasoningProofs {
  readonly #key: string;

  /** Binds the proofs to `seed`. */
  constructor(seed: number) {
    this.#key = `simulator:${seed}`;
  }

  /** Signs a thinking text. `nonce` makes equal texts of different answers differ. */
  sign(text: string, nonce: string): string {
    const head = shortHash(nonce);
    return Buffer.concat([head, this.#digest("thinking", head, text)])
      .toString("base64");
  }

  /** Whether `signature` was made by {@linkcode sign} for exactly this text. */
  signed(text: string, signature: string): boolean {
    const bytes = Buffer.from(signature, "base64");
    if (bytes.length !== NONCE_BYTES + DIGEST_BYTES) return false;
    const head = bytes.subarray(0, NONCE_BYTES);
    return timingSafeEqual(
      bytes.subarray(NONCE_BYTES),
      this.#digest("thinking", head, text),
    );
  }

  /** Seals reasoning for the item with this id. */
  seal(text: string, itemId: string): string {
    const head = shortHash(itemId);
    const masked = this.#mask(head, Buffer.from(text));
    return Buffer.concat([head, this.#digest("sealed", head, text), masked])
      .toString("base64");
  }

  /** Checks a payload of {@linkcode seal}; `itemId` is `null` where the item was sent without one. */
  sealed(payload: string, itemId: string | null): ProofVerdict {
    const bytes = Buffer.from(payload, "base64");
    if (bytes.length < NONCE_BYTES + DIGEST_BYTES) return "foreign";
    const head = bytes.subarray(0, NONCE_BYTES);
    const digest = bytes.subarray(NONCE_BYTES, NONCE_BYTES + DIGEST_BYTES);
    const masked = bytes.subarray(NONCE_BYTES + DIGEST_BYTES);
    const text = this.#mask(head, masked).toString();
    if (!timingSafeEqual(digest, this.#digest("sealed", head, text))) {
      return "foreign";
    }
    if (itemId === null) return "own";
    return shortHash(itemId).equals(head) ? "own" : "other-item";
  }

  /** Makes an item id that {@linkcode ownId} knows again without any storage. */
  itemId(prefix: string, hex: string): string {
    return `${prefix}_${hex}${this.#tag(prefix, hex)}`;
  }

  /** Whether {@linkcode itemId} made this id. */
  ownId(prefix: string, id: string): boolean {
    const digits = id.slice(prefix.length + 1);
    const hex = digits.slice(0, -16);
    return id === `${prefix}_${hex}${this.#tag(prefix, hex)}`;
  }

  #tag(prefix: string, hex: string): string {
    return this.#digest("id", Buffer.from(prefix), hex).toString("hex")
      .slice(0, 16);
  }

  #digest(purpose: string, head: Uint8Array, text: string): Buffer {
    return createHmac("sha256", this.#key).update(purpose).update(head)
      .update(text).digest();
  }

  #mask(head: Uint8Array, bytes: Uint8Array): Buffer {
    const result = Buffer.from(bytes);
    let pad: Buffer = Buffer.alloc(0);
    for (let i = 0; i < result.length; i++) {
      const at = i % DIGEST_BYTES;
      if (at === 0) pad = this.#digest("mask", head, String(i));
      result[i] = (result[i] ?? 0) ^ (pad[at] ?? 0);
    }
    return result;
  }
}

function shortHash(text: string): Buffer {
  return createHash("sha256").update(text).digest().subarray(0, NONCE_BYTES);
}
