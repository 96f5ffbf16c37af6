/** Whether the service manager hands over a listening socket (sd_listen_fds). @module */

/** The first descriptor that is handed over. */
const FIRST_FD = 3;

/**
 * Gives the descriptor of the inherited socket, `null` where there is none, or
 * where it is meant for another process: a child sees the same variables.
 */
export function inheritedSocket(
  environment: { get(name: string): string | undefined },
  pid: number,
): number | null {
  const count = Number(environment.get("LISTEN_FDS") ?? 0);
  const owner = Number(environment.get("LISTEN_PID") ?? 0);
  return owner === pid && Number.isInteger(count) && count >= 1
    ? FIRST_FD
    : null;
}
