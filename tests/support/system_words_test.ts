import { assertEquals } from "@std/assert";
import { systemWords } from "../../src/support/system_words.ts";

async function errorOf(action: Promise<unknown>): Promise<unknown> {
  try {
    await action;
  } catch (error) {
    return error;
  }
  throw new Error("Cannot test: nothing was thrown");
}

Deno.test("systemWords() says what is wrong with a file, without its path", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.symlink(`${folder}/loop`, `${folder}/loop`);
    const read = async (name: string) =>
      systemWords(await errorOf(Deno.readTextFile(`${folder}/${name}`)));
    assertEquals(await read("absent"), "there is no such file or folder");
    assertEquals(await read("file/x"), "a part of its path is no folder");
    assertEquals(await read("loop"), "its links lead in a circle");
    assertEquals(await read("."), "it is a folder");
    const made = await errorOf(Deno.mkdir(`${folder}/file`));
    assertEquals(systemWords(made), "it is there already");
    const long = await errorOf(
      Deno.readTextFile(`${folder}/${"x".repeat(300)}`),
    );
    assertEquals(systemWords(long), "file name too long");
    assertEquals(systemWords("odd"), "odd");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
