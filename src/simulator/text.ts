/**
 * Seeded prose, and the cutting of text into the pieces that a stream sends
 * one by one. One piece counts as one output token.
 *
 * @module
 */

import type { SeededRandom } from "./seeded_random.ts";

// A few words are not ASCII: a stream that splits characters must be noticed.
const WORDS = (
  "signal train platform lever track station timetable carriage junction " +
  "bridge tunnel whistle engine freight passenger conductor morning evening " +
  "river valley mountain harbour window lantern letter message answer " +
  "question pattern measure number shadow winter summer garden market " +
  "kitchen coffee paper pencil story chapter village city road café façade " +
  "señal größe naïve small large quiet steady bright distant early late " +
  "simple careful regular open closed green red amber waits moves arrives " +
  "leaves carries follows turns holds reads writes keeps shows finds counts " +
  "gives takes the the the a a and and then before after near under over " +
  "between with without from to of of in in on at by every another each"
).split(" ");

const MAX_PIECE_CHARACTERS = 24;

/** Draws one word. */
export function seededWord(random: SeededRandom): string {
  return random.pick(WORDS);
}

/** Draws prose of exactly `count` pieces. */
export function seededPieces(random: SeededRandom, count: number): string[] {
  const pieces: string[] = [];
  let left = 0;
  for (let i = 0; i < count; i++) {
    const starts = left === 0;
    if (starts) left = random.integer(5, 14);
    left--;
    const word = seededWord(random);
    const shown = starts ? word.charAt(0).toUpperCase() + word.slice(1) : word;
    const lead = i === 0 ? "" : starts && random.next() < 0.15 ? "\n\n" : " ";
    const ends = left === 0 || i === count - 1;
    pieces.push(lead + shown + (ends ? "." : ""));
  }
  return pieces;
}

/** Cuts text before each run of blanks that precedes a word; long words are cut too. */
export function wordPieces(text: string): string[] {
  const pieces: string[] = [];
  // Blanks at the end are cut off first: the expression would try each of them.
  const body = text.trimEnd();
  for (const [word] of body.matchAll(/\s*\S+/g)) {
    if (word.length <= MAX_PIECE_CHARACTERS) pieces.push(word);
    else pieces.push(...fixedPieces(word, MAX_PIECE_CHARACTERS));
  }
  const tail = text.slice(body.length);
  if (tail !== "") pieces.push(tail);
  return pieces;
}

/** Cuts text every `size` characters, never inside a surrogate pair. */
export function fixedPieces(text: string, size: number): string[] {
  const characters = Array.from(text);
  const pieces: string[] = [];
  for (let i = 0; i < characters.length; i += size) {
    pieces.push(characters.slice(i, i + size).join(""));
  }
  return pieces;
}

/** Cuts JSON text into pieces of a few characters, as tool arguments are streamed. */
export function jsonPieces(text: string, random: SeededRandom): string[] {
  const characters = Array.from(text);
  const pieces: string[] = [];
  for (let i = 0; i < characters.length;) {
    const size = random.integer(2, 7);
    pieces.push(characters.slice(i, i + size).join(""));
    i += size;
  }
  return pieces;
}

/** Cuts pieces at the first stop sequence that the whole text contains. */
export function cutAtStop(
  pieces: readonly string[],
  stops: readonly string[],
): { pieces: string[]; stop: string | null } {
  const text = pieces.join("");
  let at = text.length;
  let hit: string | null = null;
  for (const stop of stops) {
    const found = stop === "" ? -1 : text.indexOf(stop);
    if (found >= 0 && found < at) {
      at = found;
      hit = stop;
    }
  }
  if (hit === null) return { pieces: [...pieces], stop: null };
  const kept: string[] = [];
  for (const piece of pieces) {
    if (at <= 0) break;
    kept.push(piece.slice(0, at));
    at -= piece.length;
  }
  return { pieces: kept, stop: hit };
}
