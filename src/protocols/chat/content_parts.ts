/** Content parts of Chat Completions messages, read and written. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import {
  type CacheHint,
  type DocumentBlock,
  type ImageBlock,
  type InputBlock,
  type MediaSource,
  type TextBlock,
  textBlock,
} from "../canonical.ts";
import {
  buildDataUrl,
  isDataUrl,
  parseBase64,
  parseDataUrl,
} from "../data_url.ts";
import { objectField, requiredText, textField, wrongField } from "../fields.ts";

/** Reads the `cache_control` dialect, or OpenAI's own breakpoint, which has other lifetimes. */
export function decodeCacheHint(holder: JsonObject): CacheHint | null {
  const control = holder.cache_control;
  if (isJsonObject(control)) {
    const ttl = control.ttl;
    return { ttl: ttl === "5m" || ttl === "1h" ? ttl : null };
  }
  return isJsonObject(holder.prompt_cache_breakpoint) ? { ttl: null } : null;
}

/** Writes the `cache_control` dialect. */
export function encodeCacheHint(hint: CacheHint | null): JsonObject {
  if (hint === null) return {};
  const control: JsonObject = { type: "ephemeral" };
  if (hint.ttl !== null) control.ttl = hint.ttl;
  return { cache_control: control };
}

/**
 * Reads `content`: text, or an array of parts.
 * @throws {RequestError} for a part that is wrong in itself
 */
export function decodeContent(
  content: JsonValue | undefined,
  path: string,
): InputBlock[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return [textBlock(content)];
  if (!Array.isArray(content)) {
    throw wrongField(path, content, "a string or an array of parts");
  }
  return content.map((part, index) => {
    const partPath = `${path}[${index}]`;
    if (typeof part === "string") return textBlock(part);
    if (!isJsonObject(part)) throw wrongField(partPath, part, "an object");
    return decodePart(part, partPath);
  });
}

function decodePart(part: JsonObject, path: string): InputBlock {
  switch (requiredText(part, "type", `${path}.type`)) {
    case "text":
      return {
        type: "text",
        text: textField(part, "text", `${path}.text`) ?? "",
        citations: [],
        cache: decodeCacheHint(part),
      };
    case "image_url":
      return decodeImage(part, path);
    case "file":
      return decodeFile(part, path);
    default:
      // Audio, video and what is yet to come: the other side decides.
      return { type: "native", protocol: "chat", value: part };
  }
}

function decodeImage(part: JsonObject, path: string): ImageBlock {
  const holder = typeof part.image_url === "string"
    ? { url: part.image_url }
    : objectField(part, "image_url", `${path}.image_url`) ?? {};
  const url = requiredText(holder, "url", `${path}.image_url.url`);
  return {
    type: "image",
    source: decodeImageUrl(url, `${path}.image_url.url`),
    detail: textField(holder, "detail", `${path}.image_url.detail`),
    cache: decodeCacheHint(part),
  };
}

function decodeImageUrl(url: string, path: string): MediaSource {
  if (!isDataUrl(url)) {
    return { kind: "url", url: checkedUrl(url, path) };
  }
  const parsed = parseDataUrl(url);
  if (parsed !== null) return { kind: "base64", ...parsed };
  throw invalidField(
    path,
    `Cannot read ${path}: it is not a valid data URL, expected data:image/png;base64,...`,
    "invalid_image_url",
  );
}

function checkedUrl(url: string, path: string): string {
  if (/^https?:\/\//i.test(url)) return url;
  throw invalidField(
    path,
    `Cannot use ${path}: ${
      JSON.stringify(url.slice(0, 80))
    } is neither an http(s) URL nor a data URL`,
    "invalid_url",
  );
}

function decodeFile(part: JsonObject, path: string): DocumentBlock {
  const file = objectField(part, "file", `${path}.file`) ?? {};
  return {
    type: "document",
    source: decodeFileSource(file, `${path}.file`),
    title: textField(file, "filename", `${path}.file.filename`),
    context: null,
    citations: false,
    cache: decodeCacheHint(part),
  };
}

function decodeFileSource(file: JsonObject, path: string): MediaSource {
  const data = textField(file, "file_data", `${path}.file_data`);
  if (data !== null) {
    if (/^https?:\/\//i.test(data)) return { kind: "url", url: data };
    const parsed = parseBase64(data, "application/pdf");
    if (parsed !== null) return { kind: "base64", ...parsed };
    throw invalidField(
      `${path}.file_data`,
      `Cannot read ${path}.file_data: it is not base64, expected data:application/pdf;base64,...`,
      "invalid_base64",
    );
  }
  const fileId = textField(file, "file_id", `${path}.file_id`);
  if (fileId !== null) return { kind: "file", fileId, protocol: "chat" };
  throw invalidField(
    path,
    `Cannot use ${path}: it has neither file_data nor file_id`,
    "missing_required_parameter",
  );
}

/** What the writer of parts must know. */
export interface PartTarget {
  /** Provider and model, for error messages. */
  readonly name: string;
  /** Write `cache_control`. */
  readonly cacheControl: boolean;
  /** Notes what could not be written. */
  lose(field: string, reason: string): void;
  /** Where a block stood in the client's body. */
  placeOf(block: object): string;
}

/**
 * Writes one part.
 * @throws {RequestError} for what chat has no part for
 */
export function encodePart(
  block: InputBlock,
  target: PartTarget,
): JsonObject {
  if (block.type === "native") {
    if (block.protocol === "chat") return block.value;
    const field = target.placeOf(block);
    throw invalidField(
      field,
      `Cannot send ${field} to ${target.name}: the chat protocol has no part for ${
        JSON.stringify(block.value.type ?? null)
      }; send it as text`,
      "unsupported_value",
    );
  }
  const cache = target.cacheControl ? encodeCacheHint(block.cache) : {};
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text, ...cache };
    case "image":
      return { ...encodeImage(block, target), ...cache };
    case "document":
      return { ...encodeDocument(block, target), ...cache };
  }
}

function encodeImage(
  block: ImageBlock,
  target: PartTarget,
): JsonObject {
  const { source } = block;
  if (source.kind === "text" || source.kind === "file") {
    const field = target.placeOf(block);
    throw invalidField(
      field,
      `Cannot send ${field} to ${target.name}: the chat protocol takes images as https URL or base64 only`,
      "unsupported_value",
    );
  }
  const url = source.kind === "url"
    ? source.url
    : buildDataUrl(source.mediaType, source.data);
  const image: JsonObject = { url };
  if (block.detail !== null) image.detail = block.detail;
  return { type: "image_url", image_url: image };
}

function encodeDocument(
  block: DocumentBlock,
  target: PartTarget,
): JsonObject {
  const field = target.placeOf(block);
  if (block.citations) {
    target.lose(`${field}.citations`, "the chat protocol has no such field");
  }
  const { source } = block;
  switch (source.kind) {
    case "text":
      return { type: "text", text: titled(block, source.text) };
    case "base64": {
      loseContext(block, field, target);
      const file: JsonObject = {
        file_data: buildDataUrl(source.mediaType, source.data),
      };
      // OpenAI refuses file_data without a name.
      file.filename = block.title ?? "document.pdf";
      return { type: "file", file };
    }
    case "file":
      if (source.protocol === "chat") {
        loseContext(block, field, target);
        const file: JsonObject = { file_id: source.fileId };
        if (block.title !== null) file.filename = block.title;
        return { type: "file", file };
      }
      throw invalidField(
        field,
        `Cannot send ${field} to ${target.name}: file ${
          JSON.stringify(source.fileId)
        } belongs to another provider; send the data as base64`,
        "unsupported_value",
      );
    case "url":
      throw invalidField(
        field,
        `Cannot send ${field} to ${target.name}: the chat protocol takes no documents by URL; send the data as base64`,
        "unsupported_value",
      );
  }
}

function loseContext(
  block: DocumentBlock,
  field: string,
  target: PartTarget,
): void {
  if (block.context === null) return;
  target.lose(`${field}.context`, "the chat protocol has no such field");
}

/** A text document with its title and context in front, as a reader would see it. */
function titled(block: DocumentBlock, text: string): string {
  return [block.title, block.context, text].filter((part) => part !== null)
    .join("\n\n");
}

/** Joins the text of blocks, each with a blank line before the next. */
export function joinTexts(blocks: readonly TextBlock[]): string {
  return blocks.map((block) => block.text).join("\n\n");
}
