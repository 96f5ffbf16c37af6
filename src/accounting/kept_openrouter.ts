/** OpenRouter's own price list as the last good download left it. @module */

import { compilePriceFile } from "./price_file.ts";
import { PriceStore } from "./price_store.ts";
import type { PriceTable } from "./price_table.ts";

/** Folder of the kept list within `<stateDir>/prices`. */
export const KEPT_FOLDER = "cache";
/** Name under which the list is kept. */
export const KEPT_NAME = "openrouter-live";

/** Reads the kept list, `null` where there is none; a broken one is as good as none. */
export async function keptOpenrouter(
  stateDir: string,
): Promise<PriceTable | null> {
  try {
    const file = await new PriceStore(stateDir, KEPT_FOLDER).read(KEPT_NAME);
    if (file === null) return null;
    return compilePriceFile(file, "openrouter", "openrouter").table;
  } catch {
    return null;
  }
}
