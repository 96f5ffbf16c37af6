import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RequestError } from "../../src/exchange/gateway_error.ts";
import { ResponsesStore } from "../../src/protocols/responses_store.ts";
import {
  ResponsesStoreFile,
  type SnapshotFiles,
} from "../../src/protocols/responses_store_file.ts";
import type { JsonObject } from "../../src/support/json.ts";

function storeAt(clock: { ms: number }, maxBytes = 1 << 20, ttlMs = 1000) {
  return new ResponsesStore({ maxBytes, ttlMs, now: () => clock.ms });
}

function body(id: string, text = "answer"): JsonObject {
  return {
    id,
    object: "response",
    output: [
      { type: "reasoning", id: `rs_${id}`, summary: [] },
      {
        type: "reasoning",
        id: `rse_${id}`,
        summary: [],
        encrypted_content: "blob",
      },
      {
        type: "message",
        id: `msg_${id}`,
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text, annotations: [] }],
      },
    ],
  };
}

Deno.test("ResponsesStore shows an exchange to the client that made it, to nobody else", () => {
  const store = storeAt({ ms: 0 });
  store.save("a", "resp_1", { input: "hi", body: body("resp_1") });
  assertEquals(store.get("a", "resp_1"), body("resp_1"));
  assertEquals(store.get("b", "resp_1"), null);
  assertEquals(store.inputItems("b", "resp_1"), null);
  assertEquals(store.resolve("b", "resp_1"), null);
  assertEquals(store.item("b", "msg_resp_1"), null);
  assertEquals(store.delete("b", "resp_1"), false);
  assertEquals(store.delete("a", "resp_1"), true);
  assertEquals(store.get("a", "resp_1"), null);
  assertEquals([store.size, store.bytes], [0, 0]);
});

Deno.test("ResponsesStore.resolve() gives the whole conversation as items that can be sent again", () => {
  const store = storeAt({ ms: 0 });
  store.save("a", "resp_1", { input: "hi", body: body("resp_1") });
  const second = store.resolveBody("a", {
    model: "m",
    previous_response_id: "resp_1",
    input: "and?",
  });
  assertEquals(second.previous_response_id, undefined);
  store.save("a", "resp_2", { input: second.input, body: body("resp_2") });
  store.delete("a", "resp_1");
  const items = store.resolve("a", "resp_2");
  assertEquals(items?.map((item) => [item.type, item.role, item.id]), [
    ["message", "user", undefined],
    ["reasoning", undefined, "rse_resp_1"],
    ["message", "assistant", undefined],
    ["message", "user", undefined],
    ["reasoning", undefined, "rse_resp_2"],
    ["message", "assistant", undefined],
  ]);
});

Deno.test("ResponsesStore.resolveBody() replaces references, and leaves other bodies alone", () => {
  const store = storeAt({ ms: 0 });
  store.save("a", "resp_1", { input: "hi", body: body("resp_1", "x") });
  const plain = { model: "m", input: [{ role: "user", content: "q" }] };
  assertEquals(store.resolveBody("a", plain), plain);
  const resolved = store.resolveBody("a", {
    model: "m",
    input: [
      { type: "item_reference", id: "rs_resp_1" },
      { id: "msg_resp_1" },
      { role: "user", content: "q" },
    ],
  });
  assertEquals(resolved.input, [
    {
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "x", annotations: [] }],
    },
    { role: "user", content: "q" },
  ]);
});

Deno.test("ResponsesStore.resolveBody() names what is not held", () => {
  const store = storeAt({ ms: 0 });
  const missing = assertThrows(
    () => store.resolveBody("a", { previous_response_id: "resp_9" }),
    RequestError,
    "resp_9",
  );
  assertEquals(missing.error.code, "previous_response_not_found");
  assertEquals(missing.error.param, "previous_response_id");
  const item = assertThrows(
    () => store.resolveBody("a", { input: [{ id: "msg_9" }] }),
    RequestError,
    "msg_9",
  );
  assertEquals([item.error.status, item.error.param], [400, "input[0].id"]);
});

Deno.test("ResponsesStore forgets after its time, and the oldest first when it is full", () => {
  const clock = { ms: 0 };
  const store = storeAt(clock, 4000, 1000);
  for (let index = 0; index < 10; index++) {
    clock.ms = index;
    store.save("a", `resp_${index}`, { input: "x", body: body("b") });
    assert(store.bytes <= 4000);
  }
  assertEquals(store.get("a", "resp_0"), null);
  assert(store.get("a", "resp_9") !== null);
  assert(store.size > 1);
  clock.ms = 1009;
  assertEquals(store.get("a", "resp_9"), null);
  store.save("a", "resp_10", { input: "x", body: body("b") });
  assertEquals(store.size, 1);
  const large = { input: "y".repeat(4000), body: {} };
  assertEquals(store.save("a", "resp_11", large), false);
  assertEquals(store.size, 1);
});

Deno.test("ResponsesStore.inputItems() pages through the input in both orders", () => {
  const store = storeAt({ ms: 0 });
  const input = Array.from(
    { length: 25 },
    (_, index) => ({ role: "user", content: `${index}` }),
  );
  store.save("a", "resp_1", { input, body: body("resp_1") });
  const first = store.inputItems("a", "resp_1");
  assertEquals(first?.object, "list");
  assertEquals(first?.has_more, true);
  assertEquals((first?.data as JsonObject[])[0]?.content, "24");
  const rest = store.inputItems("a", "resp_1", {
    after: String(first?.last_id),
  });
  assertEquals((rest?.data as JsonObject[]).map((item) => item.content), [
    "4",
    "3",
    "2",
    "1",
    "0",
  ]);
  assertEquals(rest?.has_more, false);
  const ascending = store.inputItems("a", "resp_1", { order: "asc", limit: 1 });
  assertEquals((ascending?.data as JsonObject[])[0]?.content, "0");
});

const DISK: SnapshotFiles = {
  read: async (path) => {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  },
  write: (path, pieces) => Deno.writeTextFile(path, [...pieces].join("")),
  rename: (from, to) => Deno.rename(from, to),
};

Deno.test("ResponsesStoreFile carries a store over a restart, without what has expired or is torn", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/responses.jsonl`;
    const clock = { ms: 0 };
    const store = storeAt(clock);
    await using file = new ResponsesStoreFile(store, DISK, path);
    assertEquals(await file.load(), 0);
    assertEquals(await file.flush(), false);
    store.save("a", "resp_old", { input: "x", body: body("old") });
    clock.ms = 500;
    store.save("a", "resp_new", { input: "x", body: body("new") });
    assertEquals(await file.flush(), true);
    assertEquals(await file.flush(), false);
    await Deno.writeTextFile(path, '{"client":"a","id":"torn', {
      append: true,
    });
    clock.ms = 1200;
    const restarted = storeAt(clock);
    const again = new ResponsesStoreFile(restarted, DISK, path);
    assertEquals(await again.load(), 1);
    assertEquals(restarted.get("a", "resp_new"), body("new"));
    assertEquals(restarted.item("a", "msg_new")?.type, "message");
    assertEquals(await again.flush(), false);
    const names = await Array.fromAsync(
      Deno.readDir(folder),
      (entry) => entry.name,
    );
    assertEquals(names, ["responses.jsonl"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ResponsesStoreFile keeps the old snapshot when a write fails, and writes again", async () => {
  const store = storeAt({ ms: 0 });
  const written: string[] = [];
  let full = true;
  const file = new ResponsesStoreFile(store, {
    read: () => Promise.resolve(null),
    write: (path) => {
      written.push(`write ${path}`);
      return full ? Promise.reject(new Error("disk full")) : Promise.resolve();
    },
    rename: (from, to) => {
      written.push(`rename ${from} ${to}`);
      return Promise.resolve();
    },
  }, "s");
  store.save("a", "resp_1", { input: "x", body: body("b") });
  await assertRejects(() => file.flush(), Error, "disk full");
  assertEquals(written, ["write s.tmp"]);
  full = false;
  const [first, second] = await Promise.all([file.flush(), file.flush()]);
  assertEquals([first, second], [true, false]);
  assertEquals(written, ["write s.tmp", "write s.tmp", "rename s.tmp s"]);
});

Deno.test("ResponsesStore.resolveBody() for a provider leaves what it holds, or may hold, a reference, also after a restart", () => {
  const before = storeAt({ ms: 0 });
  before.save("a", "resp_1", {
    input: "hi",
    body: body("resp_1"),
    heldBy: "native",
  });
  before.save("a", "resp_2", { input: "hi", body: body("resp_2") });
  const store = storeAt({ ms: 0 });
  assertEquals(store.restore(before.snapshot()), 2);
  const asking = (previous: string, item: string): JsonObject => ({
    previous_response_id: previous,
    input: [{ type: "item_reference", id: item }],
  });
  const own = asking("resp_1", "msg_resp_1");
  assert(store.resolveBody("a", own, "native") === own);
  const unknown = asking("resp_9", "msg_resp_9");
  assert(store.resolveBody("a", unknown, "native") === unknown);
  const mixed = store.resolveBody(
    "a",
    asking("resp_1", "msg_resp_2"),
    "native",
  );
  assertEquals(mixed.previous_response_id, "resp_1");
  assertEquals((mixed.input as JsonObject[])[0]?.role, "assistant");
  const foreign = store.resolveBody("a", asking("resp_2", "x"), "native");
  assertEquals(foreign.previous_response_id, undefined);
  assertEquals((foreign.input as JsonObject[]).length, 4);
  const elsewhere = store.resolveBody("a", own, "other");
  assertEquals(elsewhere.previous_response_id, undefined);
  assertEquals((elsewhere.input as JsonObject[]).length, 4);
});
