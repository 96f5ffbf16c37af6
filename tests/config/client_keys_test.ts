/** Keys find their client, and nothing else does. @module */

import { assertEquals } from "@std/assert";
import { ClientKeys, keyDigest } from "../../src/config/client_keys.ts";
import { configSchema } from "../../src/config/schema.ts";

Deno.test("ClientKeys finds clients by key, by any key of a list, and by digest in either case", () => {
  const keys = new ClientKeys(configSchema.parse({
    clients: {
      one: { key: "key-one" },
      two: { key: ["key-two", "key-three"] },
      four: { keySha256: keyDigest("key-four").toUpperCase() },
      five: { key: "key-five", keySha256: keyDigest("key-six") },
    },
  }));
  assertEquals(keys.size, 6);
  assertEquals(keys.problems, []);
  const names = ["one", "two", "three", "four", "five", "six"]
    .map((name) => keys.find(`key-${name}`));
  assertEquals(names, ["one", "two", "two", "four", "five", "five"]);
});

Deno.test("ClientKeys finds nobody for keys that no client has", () => {
  const keys = new ClientKeys(configSchema.parse({
    clients: { one: { key: "key-one" } },
  }));
  const strangers = [
    "",
    "key-on",
    "key-one ",
    "constructor",
    "__proto__",
    "one",
    keyDigest("key-one"),
  ];
  for (const key of strangers) assertEquals(keys.find(key), null, key);
});

Deno.test("keyDigest() is SHA-256 in hexadecimal", () => {
  assertEquals(
    keyDigest("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
