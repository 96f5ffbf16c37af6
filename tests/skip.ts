/** Tests whose tool or data may be absent. @module */

/** The name and `ignore` of a test that needs something: where it is absent, the name says why it is skipped. */
export function needs(
  present: boolean,
  why: string,
  name: string,
): { name: string; ignore: boolean } {
  return present
    ? { name, ignore: false }
    : { name: `${name} (skipped: ${why})`, ignore: true };
}
