import { assert, assertEquals } from "@std/assert";
import { loadConfig } from "../src/config/load.ts";

const readme = await Deno.readTextFile(
  new URL("../README.md", import.meta.url),
);

Deno.test("README: every config example loads", async () => {
  const blocks = [...readme.matchAll(/```jsonc\n([\s\S]*?)```/g)];
  assert(blocks.length > 0);
  const folder = await Deno.makeTempDir();
  for (const [index, block] of blocks.entries()) {
    const path = `${folder}/${index}.jsonc`;
    await Deno.writeTextFile(path, block[1] ?? "");
    const { config } = await loadConfig({
      path,
      environment: { get: (name) => `value-of-${name}` },
    });
    assert(config.providers.size > 0);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("README: the files it links to exist", async () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) =>
    match[1] ?? ""
  );
  for (const link of links.filter((one) => !one.startsWith("http"))) {
    const file = await Deno.stat(new URL(`../${link}`, import.meta.url));
    assertEquals(file.isFile, true, link);
  }
});
