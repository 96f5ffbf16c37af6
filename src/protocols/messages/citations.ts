/** Citations of text blocks, in both directions. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { Citation } from "../canonical.ts";

/** Reads one citation. Offsets of this protocol point into sources, not into the text: they stay in `native`. */
export function decodeCitation(value: JsonObject): Citation {
  return {
    url: textOf(value.url) ?? textOf(value.source),
    title: textOf(value.title) ?? textOf(value.document_title),
    citedText: textOf(value.cited_text),
    start: null,
    end: null,
    native: { protocol: "messages", value },
  };
}

/** Reads a block's citations. */
export function decodeCitations(value: JsonValue | undefined): Citation[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJsonObject).map(decodeCitation);
}

/** Writes one citation; `null` for one of another protocol that names no URL. */
export function encodeCitation(citation: Citation): JsonObject | null {
  if (citation.native.protocol === "messages") return citation.native.value;
  if (citation.url === null) return null;
  return {
    type: "web_search_result_location",
    url: citation.url,
    title: citation.title,
    cited_text: citation.citedText ?? "",
    // Required by the type; only the protocol's own search fills it.
    encrypted_index: "",
  };
}

/** Writes a block's citations. */
export function encodeCitations(citations: readonly Citation[]): JsonObject[] {
  return citations.map(encodeCitation).filter((value) => value !== null);
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}
