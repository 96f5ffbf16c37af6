/** One process per state folder: two would write over each other. @module */

import { systemWords } from "../support/system_words.ts";

/**
 * Takes the lock of an instance; it is given back at disposal and when the
 * process ends, however it ends.
 *
 * @throws {Error} when another process holds it, or the folder cannot be written
 */
export async function lockState(
  stateDir: string,
  instance: string,
): Promise<Disposable> {
  const name = instance === "" ? "lock" : `lock.${instance}`;
  const path = `${stateDir}/${name}`;
  let file: Deno.FsFile;
  try {
    await Deno.mkdir(stateDir, { recursive: true, mode: 0o700 });
    file = await Deno.open(path, { create: true, write: true, mode: 0o600 });
  } catch (error) {
    throw new Error(
      `Cannot use stateDir ${stateDir}: ${
        systemWords(error)
      }; make it a folder that this user may write to, or set stateDir to one`,
      { cause: error },
    );
  }
  if (file.tryLockSync(true)) return file;
  file.close();
  throw new Error(
    `Cannot start: another process uses ${path}: stop it, or set stateDir or server.instance`,
  );
}
