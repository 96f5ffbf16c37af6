/** Images and documents of the messages protocol, in both directions. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type {
  DocumentBlock,
  ImageBlock,
  MediaSource,
  NativeBlock,
} from "../canonical.ts";
import { isDataUrl, parseDataUrl } from "../data_url.ts";
import { decodeCacheControl, withCacheControl } from "./cache_control.ts";
import {
  optionalString,
  requiredObject,
  requiredString,
  wrongField,
} from "../fields.ts";

const IMAGE_TYPES: readonly string[] = [
  "image/jpeg",
  "image/png",
  "image/gif",
  "image/webp",
];

/** Reads an image block. */
export function decodeImage(block: JsonObject, path: string): ImageBlock {
  return {
    type: "image",
    source: decodeSource(requiredObject(block.source, `${path}.source`), path),
    detail: null,
    cache: decodeCacheControl(block.cache_control),
  };
}

/** Reads a document block; one made of content blocks with images in it stays native. */
export function decodeDocument(
  block: JsonObject,
  path: string,
): DocumentBlock | NativeBlock {
  const source = requiredObject(block.source, `${path}.source`);
  const text = source.type === "content" ? contentText(source.content) : null;
  if (source.type === "content" && text === null) {
    return { type: "native", protocol: "messages", value: block };
  }
  const { citations } = block;
  return {
    type: "document",
    source: text === null ? decodeSource(source, path) : { kind: "text", text },
    title: optionalString(block.title, `${path}.title`),
    context: optionalString(block.context, `${path}.context`),
    citations: isJsonObject(citations) && citations.enabled === true,
    cache: decodeCacheControl(block.cache_control),
  };
}

function decodeSource(source: JsonObject, path: string): MediaSource {
  const at = `${path}.source`;
  switch (source.type) {
    case "base64":
      return {
        kind: "base64",
        mediaType: requiredString(source.media_type, `${at}.media_type`),
        data: requiredString(source.data, `${at}.data`),
      };
    case "url":
      return { kind: "url", url: requiredString(source.url, `${at}.url`) };
    case "file":
      return {
        kind: "file",
        fileId: requiredString(source.file_id, `${at}.file_id`),
        protocol: "messages",
      };
    case "text":
      return { kind: "text", text: requiredString(source.data, `${at}.data`) };
    default:
      throw wrongField(`${at}.type`, source.type, "base64, url, file or text");
  }
}

// The text of a document made of blocks, `null` if there is anything else in it.
function contentText(content: JsonValue | undefined): string | null {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  const texts: string[] = [];
  for (const block of content) {
    if (!isJsonObject(block) || typeof block.text !== "string") return null;
    texts.push(block.text);
  }
  return texts.join("\n");
}

/** Writes an image block. */
export function encodeImage(block: ImageBlock, path: string): JsonObject {
  const source = encodeSource(block.source, path);
  if (source.type === "base64") source.media_type = imageType(source, path);
  if (source.type === "text") {
    throw invalidField(
      path,
      `Cannot send ${path}: it is an image made of text`,
    );
  }
  return withCacheControl({ type: "image", source }, block.cache);
}

/** Writes a document block. */
export function encodeDocument(block: DocumentBlock, path: string): JsonObject {
  const source = encodeSource(block.source, path);
  const encoded: JsonObject = {
    type: "document",
    source: source.type === "base64" ? documentSource(source, path) : source,
  };
  if (block.title !== null) encoded.title = block.title;
  if (block.context !== null) encoded.context = block.context;
  if (block.citations) encoded.citations = { enabled: true };
  return withCacheControl(encoded, block.cache);
}

function encodeSource(source: MediaSource, path: string): JsonObject {
  switch (source.kind) {
    case "base64":
      return base64Source(source.mediaType, source.data);
    case "url":
      return urlSource(source.url, path);
    case "file":
      if (source.protocol === "messages") {
        return { type: "file", file_id: source.fileId };
      }
      throw invalidField(
        path,
        `Cannot send ${path}: the file ${source.fileId} is stored at another provider; send its bytes or a URL`,
        "unsupported_file_id",
      );
    case "text":
      return { type: "text", media_type: "text/plain", data: source.text };
  }
}

function base64Source(mediaType: string, data: string): JsonObject {
  return { type: "base64", media_type: mediaType, data };
}

function urlSource(url: string, path: string): JsonObject {
  if (isDataUrl(url)) {
    const parsed = parseDataUrl(url);
    if (parsed === null) {
      throw invalidField(
        path,
        `Cannot send ${path}: its data URL is not valid base64`,
      );
    }
    return base64Source(parsed.mediaType, parsed.data);
  }
  if (/^https?:\/\//i.test(url)) return { type: "url", url };
  throw invalidField(
    path,
    `Cannot send ${path}: the URL ${
      url.slice(0, 40)
    } is not http, https or data`,
    "unsupported_url",
  );
}

function imageType(source: JsonObject, path: string): string {
  const given = String(source.media_type).toLowerCase();
  const mediaType = given === "image/jpg" ? "image/jpeg" : given;
  if (IMAGE_TYPES.includes(mediaType)) return mediaType;
  throw invalidField(
    path,
    `Cannot send ${path}: the image type ${given} is not one of ${
      IMAGE_TYPES.join(", ")
    }`,
    "unsupported_media_type",
  );
}

function documentSource(source: JsonObject, path: string): JsonObject {
  const mediaType = String(source.media_type).toLowerCase();
  if (mediaType === "application/pdf") return source;
  if (mediaType.startsWith("text/") || mediaType === "application/json") {
    return {
      type: "text",
      media_type: "text/plain",
      data: decodeText(String(source.data), path),
    };
  }
  throw invalidField(
    path,
    `Cannot send ${path}: the document type ${mediaType} is not application/pdf or text`,
    "unsupported_media_type",
  );
}

function decodeText(data: string, path: string): string {
  try {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalidField(
      path,
      `Cannot send ${path}: its data is not base64 of UTF-8 text`,
    );
  }
}
