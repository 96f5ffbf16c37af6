/** Lets an answer go wrong where a fault says so. @module */

import type { JsonObject } from "../support/json.ts";
import { type Answer, type Frame, plainFrame } from "./frame.ts";
import type { Fault } from "./triggers.ts";

/** What happens after the last frame: a clean end, silence, or a broken connection. */
export type Ending = "end" | "stall" | "cut";

/** A body and how it ends. */
export interface Performance {
  /** The pieces of the body. */
  readonly frames: Iterable<Frame>;
  /** What follows them. */
  readonly ending: Ending;
}

/** Gives the frames of a stream until the fault, and what happens there. */
export function faultyStream(
  answer: Answer,
  fault: Fault | null,
  error: JsonObject,
): Performance {
  if (fault === null) return { frames: answer.frames(), ending: "end" };
  const frames = [...answer.frames()];
  if (fault.kind === "truncated-json") {
    return { frames: truncated(frames), ending: "end" };
  }
  if (!("after" in fault)) return { frames, ending: "end" };
  const kept = frames.slice(0, faultIndex(frames, fault.after));
  if (fault.kind === "in-band") {
    const sent = kept.filter(({ text }) => text !== "").length;
    kept.push(plainFrame(answer.failure(error, sent)));
  }
  return { frames: kept, ending: endingOf(fault) };
}

/** Gives a whole body, cut in half by any fault but an error in its place. */
export function faultyBody(
  answer: Answer,
  fault: Fault | null,
  error: JsonObject,
  tokens: number,
): Performance {
  const inBand = fault?.kind === "in-band";
  const text = JSON.stringify(inBand ? error : answer.body());
  const cut = fault !== null && !inBand;
  const shown = cut ? text.slice(0, Math.floor(text.length / 2)) : text;
  return {
    frames: [{ text: shown, tokens, content: true }],
    ending: fault === null ? "end" : endingOf(fault),
  };
}

/** What follows the last frame of an answer with this fault. */
export function endingOf(fault: Fault): Ending {
  switch (fault.kind) {
    case "stall":
    case "silent":
      return "stall";
    case "cut":
    case "reset":
      return "cut";
    default:
      return "end";
  }
}

// The index of the first frame that is no longer sent. A short answer fails
// after its last piece of content, so that no fault is ever missed.
function faultIndex(frames: readonly Frame[], after: number): number {
  let seen = 0;
  let last = -1;
  for (const [index, { content }] of frames.entries()) {
    if (!content) continue;
    if (after === 0) return index;
    last = index;
    seen++;
    if (seen === after) break;
  }
  return last < 0 ? Math.max(0, frames.length - 1) : last + 1;
}

// Cuts the last event that holds JSON; the mark `[DONE]` does not.
function truncated(frames: readonly Frame[]): Frame[] {
  const index = frames.findLastIndex(({ text }) => text.includes("{"));
  const last = frames[index];
  if (last === undefined) return [];
  const half = last.text.slice(0, Math.floor(last.text.length / 2));
  return [...frames.slice(0, index), { ...last, text: half }];
}
