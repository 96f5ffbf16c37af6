/** A custom tool of a responses client at a chat provider that knows functions only. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isJsonObject, type JsonObject } from "../../src/support/json.ts";
import {
  answer,
  type Behaviour,
  FakeProvider,
  stream,
} from "../fake_provider/fake_provider.ts";
import { TestRelay } from "./harness.ts";

const PATCH = '*** Begin Patch\n+ say "hi"\n*** End Patch';
const CALL = {
  index: 0,
  id: "call_1",
  type: "function",
  function: {
    name: "apply_patch",
    arguments: JSON.stringify({ input: PATCH }),
  },
};

function chunk(delta: JsonObject, finish: string | null): string {
  return `data: ${
    JSON.stringify({
      id: "c1",
      object: "chat.completion.chunk",
      created: 1,
      model: "up-model",
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  }\n\n`;
}

async function ask(
  behaviour: Behaviour,
  model: string,
  body: JsonObject,
): Promise<{ sent: JsonObject; text: string; losses: string | null }> {
  await using provider = await FakeProvider.start(behaviour);
  await using relay = new TestRelay([{
    url: `${provider.url}/v1`,
    protocol: "chat",
    model,
  }]);
  const client = relay.ask({
    protocol: "responses",
    body: {
      model: "m",
      input: "edit",
      tools: [{
        type: "custom",
        name: "apply_patch",
        format: { type: "grammar", syntax: "lark", definition: "start: X" },
      }],
      ...body,
    },
  });
  await client.done;
  assertEquals(client.status, 200, client.body);
  assertEquals(relay.bugs, []);
  const sent = JSON.parse(
    new TextDecoder().decode(provider.requests[0]?.body),
  ) as JsonObject;
  return {
    sent,
    text: client.body,
    losses: client.header("x-signalbox-losses"),
  };
}

const WHOLE = answer(
  200,
  JSON.stringify({
    id: "c1",
    object: "chat.completion",
    created: 1,
    model: "up-model",
    choices: [{
      index: 0,
      message: { role: "assistant", content: null, tool_calls: [CALL] },
      finish_reason: "tool_calls",
    }],
  }),
);

function typeOfTool(sent: JsonObject): unknown {
  const [tool] = Array.isArray(sent.tools) ? sent.tools : [];
  return isJsonObject(tool) ? tool.type : null;
}

Deno.test("a custom tool goes out as a function and its call comes back as a custom call", async () => {
  const { sent, text, losses } = await ask(WHOLE, "glm-5", {});
  assertEquals(typeOfTool(sent), "function");
  assertStringIncludes(losses ?? "", "tools[0].format: the model is told");
  const [item] = JSON.parse(text).output;
  assertEquals(item.type, "custom_tool_call");
  assertEquals(
    [item.call_id, item.name, item.input],
    ["call_1", "apply_patch", PATCH],
  );
});

Deno.test("a custom tool goes out as it is to OpenAI's models", async () => {
  const { sent, losses } = await ask(WHOLE, "gpt-5-mini", {});
  assertEquals(typeOfTool(sent), "custom");
  assertEquals(losses, null);
});

Deno.test("a streamed call of an emulated custom tool is a stream of a custom call", async () => {
  const pieces = CALL.function.arguments.match(/.{1,7}/gs) ?? [];
  const { text } = await ask(
    stream([
      chunk({
        role: "assistant",
        tool_calls: [{
          ...CALL,
          function: { ...CALL.function, arguments: "" },
        }],
      }, null),
      ...pieces.map((piece) =>
        chunk({
          tool_calls: [{ index: 0, function: { arguments: piece } }],
        }, null)
      ),
      chunk({}, "tool_calls"),
      "data: [DONE]\n\n",
    ]),
    "glm-5",
    { stream: true },
  );
  const events = text.split("\n\n").flatMap((event) => {
    const data = event.split("\n").find((line) => line.startsWith("data: "));
    return data === undefined ? [] : [JSON.parse(data.slice(6))];
  });
  const inputs = events
    .filter(({ type }) => type === "response.custom_tool_call_input.delta")
    .map(({ delta }) => delta);
  assertEquals(inputs.join(""), PATCH);
  assert(!text.includes("function_call_arguments"), text);
  assertStringIncludes(text, '"type":"custom_tool_call"');
  const last = events.at(-1);
  assertEquals(last.type, "response.completed");
  assertEquals(last.response.output[0].input, PATCH);
});

Deno.test("a history of custom calls goes out as function calls", async () => {
  const { sent } = await ask(WHOLE, "glm-5", {
    input: [
      { role: "user", content: "edit" },
      {
        type: "custom_tool_call",
        call_id: "call_0",
        name: "apply_patch",
        input: PATCH,
      },
      { type: "custom_tool_call_output", call_id: "call_0", output: "done" },
    ],
  });
  assertEquals(sent.messages, [
    { role: "user", content: "edit" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{
        id: "call_0",
        type: "function",
        function: CALL.function,
      }],
    },
    { role: "tool", tool_call_id: "call_0", content: "done" },
  ]);
});
