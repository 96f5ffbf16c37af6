/** Values that belong to objects of others. @module */

/**
 * What a `WeakMap` is for, kept on the owner itself: the entries of a
 * `WeakMap` are looked at by every garbage collection while their owners live.
 */
export class SideSlot<Owner extends object, Value> {
  readonly #key: symbol;

  /** Makes a slot; `name` is for debuggers. */
  constructor(name: string) {
    this.#key = Symbol(name);
  }

  /** The value of `owner`, `undefined` without one. */
  get(owner: Owner): Value | undefined {
    return (owner as { [key: symbol]: Value | undefined })[this.#key];
  }

  /** Gives `owner` a value, or takes it with `undefined`. */
  set(owner: Owner, value: Value | undefined): void {
    (owner as { [key: symbol]: Value | undefined })[this.#key] = value;
  }
}
