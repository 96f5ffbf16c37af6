/**
 * Where the blocks of a request stood in the client's body. Only errors and
 * losses ask, so that decoders note as little as they can, and the paths are
 * spelt when somebody asks.
 *
 * @module
 */

/** Tells where a block stood, `undefined` where that is not known. */
export interface BlockPlaces {
  /** The path, e.g. `messages[3].content[0]`. */
  get(block: object): string | undefined;
}

type Note = {
  readonly blocks: readonly object[];
  readonly path: string;
  /** Whether the blocks are entries of the value at the path, or all of it. */
  readonly isList: boolean;
};

/** Collects the places of one request. */
export class Places implements BlockPlaces {
  readonly #notes: Note[] = [];
  #paths: Map<object, string> | null = null;

  /** Notes that `blocks` stood at `path`: one entry each of a list, or all of them as the one value. */
  note(blocks: readonly object[], path: string, isList: boolean): void {
    this.#notes.push({ blocks, path, isList });
  }

  /** Spells where a block stood. */
  get(block: object): string | undefined {
    this.#paths ??= spelled(this.#notes);
    return this.#paths.get(block);
  }
}

function spelled(notes: readonly Note[]): Map<object, string> {
  const paths = new Map<object, string>();
  for (const { blocks, path, isList } of notes) {
    blocks.forEach((block, index) =>
      paths.set(block, isList ? `${path}[${index}]` : path)
    );
  }
  return paths;
}
