/** Waiting that comes to an end. @module */

import { type Clock, SYSTEM_CLOCK } from "./clock.ts";

/**
 * Waits for `work`, but no longer than `ms`: a disk that hangs answers never.
 * Whatever `work` does afterwards is ignored.
 *
 * @returns Whether it has ended in time.
 * @throws what `work` throws in time
 */
export async function endsWithin(
  ms: number,
  work: Promise<unknown>,
  clock: Pick<Clock, "setTimer"> = SYSTEM_CLOCK,
): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const cancel = clock.setTimer(() => late.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    cancel();
  }
}
