/** Annotations of OpenAI Responses to citations and back. @module */

import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type { Citation } from "../canonical.ts";

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function offset(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}

/** Reads one annotation; kinds that cite a file have a name instead of an address. */
export function decodeAnnotation(annotation: JsonObject): Citation {
  return {
    url: text(annotation.url),
    title: text(annotation.title) ?? text(annotation.filename),
    citedText: null,
    start: offset(annotation.start_index),
    end: offset(annotation.end_index),
    native: { protocol: "responses", value: annotation },
  };
}

/** Reads the annotations of a text part; what is not an object is passed over. */
export function decodeAnnotations(value: unknown): Citation[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJsonObject).map(decodeAnnotation);
}

/**
 * Builds the annotation of a citation. Protocols without offsets cite the whole
 * text, whose length is given. `null` for a source without an address: the
 * protocol can only name files of its own store.
 */
export function encodeAnnotation(
  citation: Citation,
  textLength: number,
): JsonObject | null {
  if (citation.native.protocol === "responses") return citation.native.value;
  if (citation.url === null) return null;
  return {
    type: "url_citation",
    start_index: citation.start ?? 0,
    end_index: citation.end ?? textLength,
    url: citation.url,
    title: citation.title ?? "",
  };
}

/** Builds the annotations of a text part. */
export function encodeAnnotations(
  citations: readonly Citation[],
  textLength: number,
): JsonObject[] {
  return citations.map((citation) => encodeAnnotation(citation, textLength))
    .filter((annotation) => annotation !== null);
}
