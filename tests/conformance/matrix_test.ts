/** MATRIX.md says what the code does, and nothing is dropped without a word. @module */

import { assert, assertEquals } from "@std/assert";
import { matrix, matrixPage } from "./matrix.ts";

const PAGE = new URL("MATRIX.md", import.meta.url);
const isUpdate = Deno.env.get("UPDATE_MATRIX") === "1";

Deno.test("MATRIX.md is what the probes find", () => {
  const page = matrixPage();
  if (isUpdate) Deno.writeTextFileSync(PAGE, page);
  assertEquals(page, Deno.readTextFileSync(PAGE));
});

Deno.test("no feature of a request is dropped without a loss or a refusal", () => {
  const dropped = matrix().requests.flatMap(({ name, unary, streamed }) =>
    [...unary, ...streamed].filter(([, verdict]) => verdict === "dropped")
      .map(([pair]) => `${name}: ${pair}`)
  );
  assertEquals(dropped, []);
});

Deno.test("every feature is said by someone, and equal protocols lose nothing", () => {
  const { requests, answers } = matrix();
  for (const { name, unary } of [...requests, ...answers]) {
    const native = ["chat", "messages", "responses"].map((protocol) =>
      unary.get(`${protocol}-to-${protocol}`)
    );
    assert(native.includes("works"), name);
    assert(native.every((verdict) => verdict === "works" || verdict === "-"));
  }
});

Deno.test("a verdict holds for whole answers and for streams", () => {
  const { requests } = matrix();
  for (const { name, unary, streamed } of requests) {
    assertEquals([...unary], [...streamed], name);
  }
});
