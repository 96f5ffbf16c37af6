/** Content parts of input messages and tool results, both ways. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import {
  type DocumentBlock,
  type ImageBlock,
  type MediaSource,
  type TextBlock,
  textBlock,
} from "../canonical.ts";
import { buildDataUrl, isDataUrl, parseBase64 } from "../data_url.ts";
import { textField, wrongField } from "../fields.ts";
import type { Losses } from "./losses.ts";

/** What an input message or a tool result may hold. */
export type MediaBlock = TextBlock | ImageBlock | DocumentBlock;

const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ["pdf", "application/pdf"],
  ["txt", "text/plain"],
  ["md", "text/markdown"],
  ["csv", "text/csv"],
  ["json", "application/json"],
  ["html", "text/html"],
]);

/** Reads `content` or `output`: a string, or an array of parts. */
export function decodeContent(
  content: JsonValue | undefined,
  path: string,
): MediaBlock[] {
  if (typeof content === "string") return [textBlock(content)];
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content)) {
    throw wrongField(path, content, "a string or an array of content parts");
  }
  return content.map((part, index) => decodePart(part, `${path}[${index}]`));
}

function decodePart(part: JsonValue, path: string): MediaBlock {
  const type = isJsonObject(part) ? part.type : undefined;
  if (isJsonObject(part)) {
    switch (type) {
      case "input_text":
      case "output_text":
      case "text":
        return textBlock(saidText(part, "text", path));
      case "input_image":
        return decodeImage(part, path);
      case "input_file":
        return decodeFile(part, path);
    }
  }
  throw invalidField(
    `${path}.type`,
    `Cannot use the content part ${
      JSON.stringify(type ?? null)
    } at ${path}: use input_text, input_image or input_file`,
    "unsupported_content_part",
  );
}

/** Reads the text of a part, which may be empty but not missing. */
export function saidText(
  part: JsonObject,
  name: "text" | "refusal",
  path: string,
): string {
  const text = textField(part, name, `${path}.${name}`);
  if (text !== null) return text;
  throw wrongField(`${path}.${name}`, null, "a string");
}

function fileSource(fileId: string): MediaSource {
  return { kind: "file", fileId, protocol: "responses" };
}

function decodeImage(part: JsonObject, path: string): ImageBlock {
  const url = textField(part, "image_url", `${path}.image_url`);
  const fileId = textField(part, "file_id", `${path}.file_id`);
  const detail = textField(part, "detail", `${path}.detail`);
  if (url === null && fileId === null) {
    throw invalidField(
      `${path}.image_url`,
      `Cannot use the image at ${path}: it has no source; give image_url an https address or a data URL`,
      "missing_required_parameter",
    );
  }
  const source = url === null
    ? fileSource(fileId ?? "")
    : mediaOfUrl(url, `${path}.image_url`);
  return { type: "image", source, detail, cache: null };
}

function mediaOfUrl(url: string, path: string): MediaSource {
  if (!isDataUrl(url)) {
    if (/^https?:\/\//i.test(url)) return { kind: "url", url };
    throw invalidField(
      path,
      `Cannot use the address at ${path}: it is neither http, https nor a data URL`,
      "invalid_url",
    );
  }
  return inlineSource(url, null, path);
}

function inlineSource(
  text: string,
  name: string | null,
  path: string,
): MediaSource {
  const ending = name?.split(".").at(-1)?.toLowerCase() ?? "";
  const media = parseBase64(text, MEDIA_TYPES.get(ending));
  if (media === null) {
    throw invalidField(
      path,
      `Cannot read the data at ${path}: it is not base64; send a data URL such as data:image/png;base64,...`,
      "invalid_base64",
    );
  }
  return { kind: "base64", ...media };
}

function decodeFile(part: JsonObject, path: string): DocumentBlock {
  const title = textField(part, "filename", `${path}.filename`);
  const inline = textField(part, "file_data", `${path}.file_data`);
  const fileId = textField(part, "file_id", `${path}.file_id`);
  const url = textField(part, "file_url", `${path}.file_url`);
  let source: MediaSource;
  if (inline !== null) {
    source = inlineSource(inline, title, `${path}.file_data`);
  } else if (url !== null) source = mediaOfUrl(url, `${path}.file_url`);
  else if (fileId !== null) source = fileSource(fileId);
  else {
    throw invalidField(
      `${path}.file_data`,
      `Cannot use the file at ${path}: it has no source; give it file_data, file_url or file_id`,
      "missing_required_parameter",
    );
  }
  return {
    type: "document",
    source,
    title,
    context: null,
    citations: false,
    cache: null,
  };
}

/** Builds the input parts of blocks; `placeOf` says where one stood in the client's body. */
export function encodeParts(
  blocks: readonly MediaBlock[],
  losses: Losses,
  placeOf: (block: object) => string,
): JsonObject[] {
  return blocks.map((block) => {
    if (block.cache !== null) {
      losses.add("cache_control", "the target caches prompts by itself");
    }
    switch (block.type) {
      case "text":
        return { type: "input_text", text: block.text };
      case "image":
        return encodeImage(block, placeOf(block));
      case "document":
        return encodeDocument(block, losses, placeOf(block));
    }
  });
}

function ownFileId(
  source: MediaSource & { kind: "file" },
  place: string,
): string {
  if (source.protocol === "responses") return source.fileId;
  throw invalidField(
    place,
    `Cannot send ${place} with the file ${source.fileId}: only the provider it was uploaded to knows it; send its bytes as a data URL`,
    "unsupported_file_id",
  );
}

function encodeImage(
  { source, detail }: ImageBlock,
  place: string,
): JsonObject {
  const part: JsonObject = { type: "input_image", detail: detail ?? "auto" };
  switch (source.kind) {
    case "base64":
      part.image_url = buildDataUrl(source.mediaType, source.data);
      return part;
    case "url":
      part.image_url = source.url;
      return part;
    case "file":
      part.file_id = ownFileId(source, place);
      return part;
    case "text":
      throw invalidField(
        place,
        `Cannot send ${place}: it is an image made of text; send base64 or an address`,
      );
  }
}

/** A name for a file without one: the API tells its kind by the ending. */
function fileName(mediaType: string): string {
  for (const [ending, type] of MEDIA_TYPES) {
    if (type === mediaType) return `document.${ending}`;
  }
  return "document";
}

function encodeDocument(
  block: DocumentBlock,
  losses: Losses,
  place: string,
): JsonObject {
  const { source, title } = block;
  if (block.citations) {
    losses.add("citations", "the target cites files of its own store only");
  }
  if (block.context !== null) {
    losses.add("context", "files have no context field at the target");
  }
  switch (source.kind) {
    case "text":
      return {
        type: "input_text",
        text: title === null ? source.text : `${title}\n\n${source.text}`,
      };
    case "base64": {
      return {
        type: "input_file",
        filename: title ?? fileName(source.mediaType),
        file_data: buildDataUrl(source.mediaType, source.data),
      };
    }
    case "url":
      return titleless({ type: "input_file", file_url: source.url }, title);
    case "file":
      return titleless(
        { type: "input_file", file_id: ownFileId(source, place) },
        title,
      );
  }

  // The API refuses a file name beside an address or an id.
  function titleless(part: JsonObject, title: string | null): JsonObject {
    if (title !== null) {
      losses.add("title", "the target names files with inline bytes only");
    }
    return part;
  }
}
