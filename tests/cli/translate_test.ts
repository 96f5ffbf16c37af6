/** `signalbox translate`. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "../../src/cli/run.ts";
import { FakeTerminal } from "./fake_terminal.ts";

async function translate(words: readonly string[], input: string) {
  const terminal = new FakeTerminal({ input });
  const code = await run(["translate", ...words, "-"], terminal);
  return { code, out: terminal.outText, err: terminal.errText };
}

const ASK = JSON.stringify({
  model: "claude-sonnet-4-5",
  max_tokens: 100,
  top_k: 3,
  system: "Be brief.",
  messages: [{ role: "user", content: "hi" }],
});

Deno.test("translate prints the body and says on standard error what was lost", async () => {
  const words = ["--from", "messages", "--to", "chat", "--model", "gpt-5"];
  const { code, out, err } = await translate(words, ASK);
  assertEquals(code, 0);
  assertEquals(JSON.parse(out), {
    model: "gpt-5",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" },
    ],
    max_completion_tokens: 100,
  });
  assertStringIncludes(err, "Lost top_k: ");
});

Deno.test("translate --json puts body and losses into one object", async () => {
  const words = ["--from", "messages", "--to", "chat", "--json"];
  const { code, out, err } = await translate(words, ASK);
  assertEquals([code, err], [0, ""]);
  const { body, losses } = JSON.parse(out);
  assertEquals(body.model, "claude-sonnet-4-5");
  assertEquals(losses[0].field, "top_k");
});

Deno.test("translate between equal protocols changes the model alone", async () => {
  const odd = '{ "model" : "a", "x": 12345678901234567890, "messages": [] }';
  const words = ["--from", "messages", "--to", "messages", "--model", "b"];
  const { code, out } = await translate(words, odd);
  assertEquals([code, out], [0, odd.replace('"a"', '"b"')]);
});

Deno.test("translate exits with 1 and shows the 400 of a refused request", async () => {
  const body = JSON.stringify({
    model: "m",
    n: 2,
    messages: [{ role: "user", content: "hi" }],
  });
  const { code, out, err } = await translate(
    ["--from", "chat", "--to", "messages"],
    body,
  );
  assertEquals(code, 1);
  assertEquals(JSON.parse(out).error.param, "n");
  assertStringIncludes(err, "status 400");
  const json = await translate(
    ["--from", "chat", "--to", "messages", "--json"],
    body,
  );
  assertEquals(json.code, 1);
  assertEquals(JSON.parse(json.out).status, 400);
});

const ANSWER = JSON.stringify({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 2 },
});

Deno.test("translate --response prints the client's answer, with what the request said", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(
      path,
      JSON.stringify({ model: "m", input: "hi", metadata: { a: "b" } }),
    );
    const { code, out } = await translate(
      ["--from", "messages", "--to", "responses", "--response", "--request"]
        .concat(path),
      ANSWER,
    );
    assertEquals(code, 0);
    const answer = JSON.parse(out);
    assertEquals(answer.output[0].content[0].text, "Hello");
    assertEquals(answer.usage.total_tokens, 5);
    assertEquals(answer.metadata, { a: "b" });
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("translate --response exits with 1 for an answer that is an error", async () => {
  const { code, out } = await translate(
    ["--from", "messages", "--to", "chat", "--response"],
    '{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}',
  );
  assertEquals(code, 1);
  assertEquals(JSON.parse(out).error.message, "Busy");
});

const STREAM = [
  {
    id: "c",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta: { role: "assistant", content: "Hi" } }],
  },
  {
    id: "c",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
  },
].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);

Deno.test("translate --stream prints the client's events, and an error where the end is missing", async () => {
  const words = ["--from", "chat", "--to", "messages", "--stream"];
  const whole = await translate(words, `${STREAM.join("")}data: [DONE]\n\n`);
  assertEquals(whole.code, 0);
  assertStringIncludes(whole.out, '"text_delta"');
  assert(whole.out.includes("event: message_stop"));
  const cut = await translate(words, STREAM[0] ?? "");
  assertEquals(cut.code, 1);
  assertStringIncludes(cut.out, "event: error");
  assert(!cut.out.includes("message_stop"));
  const native = await translate(
    ["--from", "chat", "--to", "chat", "--stream"],
    STREAM[0] ?? "",
  );
  assertEquals(native.code, 1);
  assert(native.out.startsWith((STREAM[0] ?? "").trimEnd()));
  assertStringIncludes(native.out, '"error"');
});

Deno.test("translate names what is missing or wrong in the command line", async () => {
  const cases = [
    [["--to", "chat"], "--from is missing"],
    [["--from", "chta", "--to", "chat"], "--from chta: it is no protocol"],
    [
      ["--from", "chat", "--to", "chat", "--response", "--stream"],
      "FILE is one of them",
    ],
  ] as const;
  for (const [words, expected] of cases) {
    const { code, err } = await translate(words, "{}");
    assertEquals(code, 2);
    assertStringIncludes(err, expected);
  }
  const terminal = new FakeTerminal();
  const words = ["translate", "--from", "chat", "--to", "chat"];
  assertEquals(await run(words, terminal), 2);
  assertStringIncludes(terminal.errText, "FILE is missing");
  assertEquals(await run([...words, "/no/such/file"], terminal), 3);
  assertStringIncludes(terminal.errText, "there is no such file");
});

Deno.test("translate refuses a document that is no JSON object", async () => {
  const { code, out } = await translate(
    ["--from", "chat", "--to", "messages"],
    "[1]",
  );
  assertEquals(code, 1);
  assertStringIncludes(out, "it is not a JSON object");
  const deep = await translate(
    ["--from", "chat", "--to", "messages"],
    `{"a":${"[".repeat(200)}${"]".repeat(200)}}`,
  );
  assertStringIncludes(deep.out, "nested deeper than 128");
});
