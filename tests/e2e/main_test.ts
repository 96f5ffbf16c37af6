import { assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

Deno.test("main.ts exits with 2 and names a command that it does not know", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-env", `${ROOT}main.ts`, "depart"],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  assertEquals(code, 2);
  assertEquals(new TextDecoder().decode(stdout), "");
  assertStringIncludes(new TextDecoder().decode(stderr), "depart");
});
