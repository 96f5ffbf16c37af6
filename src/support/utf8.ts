/** UTF-8 by shared codecs: making one costs as much as a short text. @module */

import { Buffer } from "node:buffer";

const DECODER: Readonly<TextDecoder> = new TextDecoder();

/** Reads UTF-8; what is none becomes U+FFFD, a byte order mark is dropped. */
export function decodeUtf8(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

/** Writes UTF-8; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return Buffer.from(text);
}
