/**
 * Data URLs and bare base64: what chat and responses put where messages has a
 * media type and data. Data is never decoded as a whole but for percent codes.
 *
 * @module
 */

import { encodeUtf8 } from "../support/utf8.ts";

/** Bytes in base64, with what they are. */
export interface Base64Data {
  /** The media type in lower case, without parameters. */
  readonly mediaType: string;
  /** Bare base64, no `data:` prefix, no white space. */
  readonly data: string;
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const WHITE_SPACE = /\s/;
const ALL_WHITE_SPACE = /\s+/g;

/** Magic bytes in hex, from offset 0 unless the row says otherwise. */
const SIGNATURES: readonly (readonly [string, string, number])[] = [
  ["89504e470d0a1a0a", "image/png", 0],
  ["ffd8ff", "image/jpeg", 0],
  ["474946383761", "image/gif", 0],
  ["474946383961", "image/gif", 0],
  ["57454250", "image/webp", 8],
  ["57415645", "audio/wav", 8],
  ["255044462d", "application/pdf", 0],
  ["424d", "image/bmp", 0],
  ["49492a00", "image/tiff", 0],
  ["4d4d002a", "image/tiff", 0],
  ["667479706176", "image/avif", 4],
  ["6674797068656963", "image/heic", 4],
  ["494433", "audio/mpeg", 0],
  ["fffb", "audio/mpeg", 0],
];

function hexOf(base64: string): string {
  // Whole groups of four, or atob() refuses the piece.
  const whole = cleanBase64(base64.slice(0, base64.length & ~3)) ?? "";
  let hex = "";
  for (const character of atob(whole)) {
    hex += character.charCodeAt(0).toString(16).padStart(2, "0");
  }
  return hex;
}

/** Tells the media type from the first bytes, `null` where they say nothing. */
export function sniffMediaType(base64: string): string | null {
  const head = hexOf(base64.slice(0, 32));
  for (const [magic, mediaType, offset] of SIGNATURES) {
    if (head.startsWith(magic, offset * 2)) return mediaType;
  }
  return null;
}

/** Builds a data URL. */
export function buildDataUrl(mediaType: string, base64: string): string {
  return `data:${mediaType};base64,${base64}`;
}

/** Tells whether the text is a data URL, whatever is in it. */
export function isDataUrl(text: string): boolean {
  return text.slice(0, 5).toLowerCase() === "data:";
}

function cleanBase64(text: string): string | null {
  let data = WHITE_SPACE.test(text) ? text.replace(ALL_WHITE_SPACE, "") : text;
  // `%2B` and the like come from clients that escape the whole URL.
  if (data.includes("%")) data = percentDecoded(data) ?? data;
  if (!BASE64.test(data)) return null;
  if (data.includes("-") || data.includes("_")) {
    data = data.replaceAll("-", "+").replaceAll("_", "/");
  }
  const digits = data.endsWith("=") ? data.slice(0, data.indexOf("=")) : data;
  if (digits.length % 4 === 1) return null;
  // Some clients leave the padding out; messages refuses that.
  return digits + "=".repeat((4 - digits.length % 4) % 4);
}

function percentDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/**
 * Reads a data URL, with or without parameters. The media type is told from
 * the bytes where the URL has none. `null` for what is not a valid data URL.
 */
export function parseDataUrl(text: string): Base64Data | null {
  if (!isDataUrl(text)) return null;
  const comma = text.indexOf(",");
  // Parameters are short: a comma far away belongs to something else.
  if (comma < 0 || comma > 1024) return null;
  const [type, ...parameters] = text.slice(5, comma).split(";");
  const isBase64 = parameters.some((parameter) =>
    parameter.trim().toLowerCase() === "base64"
  );
  let data: string | null;
  if (isBase64) {
    data = cleanBase64(text.slice(comma + 1));
  } else {
    const plain = percentDecoded(text.slice(comma + 1));
    data = plain === null ? null : encodeUtf8(plain).toBase64();
  }
  if (data === null) return null;
  const mediaType = (type ?? "").trim().toLowerCase();
  return {
    // RFC 2397: a URL without a type is plain text.
    mediaType: mediaType || (sniffMediaType(data) ?? "text/plain"),
    data,
  };
}

/**
 * Reads a data URL or bare base64, as `file_data` may hold either. Bytes that
 * say nothing get `fallbackType`. `null` for what is neither.
 */
export function parseBase64(
  text: string,
  fallbackType = "application/octet-stream",
): Base64Data | null {
  if (isDataUrl(text)) return parseDataUrl(text);
  if (text === "") return null;
  const data = cleanBase64(text);
  if (data === null) return null;
  return { mediaType: sniffMediaType(data) ?? fallbackType, data };
}
