/** Finds the command that was asked for and runs it. @module */

/**
 * Runs the command line.
 *
 * @returns The exit code: 0 ok, 1 the answer is "no", 2 usage error, 3 could not find out.
 */
export function run(args: readonly string[]): Promise<number> {
  console.error(`Cannot run command: it is unknown: ${args[0] ?? ""}`);
  return Promise.resolve(2);
}
