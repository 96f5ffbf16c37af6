/**
 * Finds the addresses of names. The system's call cannot be given up and holds
 * one of the runtime's 32 threads for as long as a name server is silent: asked
 * anew for every connection, one dead name would keep all of them, and files
 * would not be written any more.
 *
 * @module
 */

import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";

/** Most calls at once for one name. */
const MOST_CALLS = 2;
/** The next call waits so long for the one before: a question can get lost. */
const NEXT_CALL_MS = 1000;

type Arguments = Parameters<LookupFunction>;
type Callback = Arguments[2];

/** A name that is being looked up. */
interface Question {
  waiting: Callback[];
  calls: number;
  askedMs: number;
}

/** Makes a lookup for connections: whoever asks for a name that is being looked up waits for that answer. */
export function sharedLookup(
  lookup: LookupFunction = systemLookup as LookupFunction,
  now: () => number = () => performance.now(),
): LookupFunction {
  const questions = new Map<string, Question>();
  return (name, options, callback) => {
    const { family, hints, all } = options;
    const key = [name, family, hints, all].join(" ");
    const question = questions.get(key) ??
      { waiting: [], calls: 0, askedMs: -Infinity };
    questions.set(key, question);
    question.waiting.push(callback);
    const isLate = now() - question.askedMs >= NEXT_CALL_MS;
    if (!isLate || question.calls >= MOST_CALLS) return;
    question.calls++;
    question.askedMs = now();
    lookup(name, options, (...answer) => {
      question.calls--;
      // Another call may still bring what this one did not.
      if (answer[0] !== null && question.calls > 0) return;
      if (question.calls === 0) questions.delete(key);
      const { waiting } = question;
      question.waiting = [];
      for (const hear of waiting) hear(...answer);
    });
  };
}
