/** The process environment, read here and nowhere else. @module */

/** Where variables come from: the process, or a test's own. */
export interface Environment {
  /** A variable's value, `undefined` if it is not set. */
  get(name: string): string | undefined;
}

/** The environment of this process. */
export function processEnvironment(): Environment {
  return { get: (name) => Deno.env.get(name) };
}
