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

/** Finds the first byte that is not UTF-8: the first replacement that was not there before. */
export function invalidUtf8Offset(bytes: Buffer): number {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  let offset = 0;
  let from = 0;
  for (;;) {
    const at = text.indexOf("\uFFFD", from);
    if (at < 0) return offset;
    offset += Buffer.byteLength(text.slice(from, at));
    const genuine = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf &&
      bytes[offset + 2] === 0xbd;
    if (!genuine) return offset;
    offset += 3;
    from = at + 1;
  }
}
