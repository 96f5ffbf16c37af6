/** Reads the daily files of a log. @module */

/** Every line of every day, oldest first, as whoever reads the log would read it. */
// deno-lint-ignore no-explicit-any -- what a line holds is what the tests are about
export function linesIn(folder: string): any[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /^\d{4}-\d\d-\d\d\.jsonl$/.test(name)).sort();
  return names.flatMap((name) =>
    Deno.readTextFileSync(`${folder}/${name}`).split("\n").slice(0, -1)
      .map((line) => JSON.parse(line))
  );
}
