/** Annotations of chat answers to citations and back. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { Citation } from "../canonical.ts";

function offset(value: JsonValue | undefined): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0
    ? value
    : null;
}

function text(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** Reads one annotation; `null` for what is not an annotation at all. */
export function decodeAnnotation(value: JsonValue): Citation | null {
  if (!isJsonObject(value)) return null;
  const cited = isJsonObject(value.url_citation) ? value.url_citation : value;
  return {
    url: text(cited.url),
    title: text(cited.title),
    citedText: text(cited.content),
    start: offset(cited.start_index),
    end: offset(cited.end_index),
    native: { protocol: "chat", value },
  };
}

/**
 * Writes the citations of a text block that begins at `base` and is `length`
 * UTF-16 units long. A citation without offsets spans the block; one without
 * a URL has no form in chat and is left out.
 */
export function encodeAnnotations(
  citations: readonly Citation[],
  base: number,
  length: number,
): JsonObject[] {
  const annotations: JsonObject[] = [];
  for (const citation of citations) {
    if (citation.url === null) continue;
    annotations.push({
      type: "url_citation",
      url_citation: {
        start_index: base + (citation.start ?? 0),
        end_index: base + (citation.end ?? length),
        url: citation.url,
        title: citation.title ?? "",
      },
    });
  }
  return annotations;
}
