/**
 * Call ids for a provider that takes ids of one form only. A replacement
 * depends on the id alone, so that a call and its result stay together and the
 * same history gives the same prompt in every request.
 *
 * @module
 */

import { createHash } from "node:crypto";

const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH = 9;

function shortId(seed: string): string {
  const digest = createHash("sha256").update(seed).digest();
  let id = "";
  for (const byte of digest.subarray(0, LENGTH)) {
    id += ALPHABET[byte % ALPHABET.length];
  }
  return id;
}

/** The ids of one request, in the client's form and in the provider's. */
export class CallIdMap {
  readonly #upstreamOf = new Map<string, string>();

  /** Takes every id of the request; those that match `form` stay. */
  constructor(form: RegExp, ids: Iterable<string>) {
    const taken = new Set<string>();
    const others = new Set<string>();
    for (const id of ids) (form.test(id) ? taken : others).add(id);
    for (const id of others) {
      let candidate = shortId(id);
      for (let salt = 1; taken.has(candidate); salt++) {
        candidate = shortId(`${id}\n${salt}`);
      }
      taken.add(candidate);
      this.#upstreamOf.set(id, candidate);
    }
  }

  /** Gives the id to send. */
  upstreamId(id: string): string {
    return this.#upstreamOf.get(id) ?? id;
  }
}
