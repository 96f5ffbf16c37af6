import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  answer,
  type Behaviour,
  FakeProvider,
} from "../fake_provider/fake_provider.ts";
import { startGateway, type TestGateway } from "./gateway.ts";

const ANSWER = JSON.stringify({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{
    index: 0,
    message: { role: "assistant", content: "hello" },
    finish_reason: "stop",
  }],
});

/** Answers when it is told to. */
class HeldAnswer {
  readonly arrived: Promise<void>;
  #arrive: () => void = () => {};
  #release: () => void = () => {};
  readonly #released: Promise<void>;

  constructor() {
    this.arrived = new Promise((resolve) => this.#arrive = resolve);
    this.#released = new Promise((resolve) => this.#release = resolve);
  }

  readonly behaviour: Behaviour = async (socket, request) => {
    this.#arrive();
    await this.#released;
    await answer(200, ANSWER)(socket, request);
  };

  release(): void {
    this.#release();
  }
}

function configOf(narrow: FakeProvider, wide: FakeProvider) {
  const protocols = (one: FakeProvider) => ({ chat: `${one.url}/v1` });
  return {
    providers: {
      narrow: { protocols: protocols(narrow), maxConcurrent: 1 },
      wide: { protocols: protocols(wide) },
    },
    models: {
      both: { targets: ["narrow/m", "wide/m"] },
      alone: { targets: ["narrow/m"] },
    },
  };
}

async function ask(
  gateway: TestGateway,
  model: string,
): Promise<{ status: number; target: string | null; text: string }> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: "hi" }],
    }),
  });
  return {
    status: response.status,
    target: response.headers.get("x-signalbox-target"),
    text: await response.text(),
  };
}

Deno.test("a target with as many calls as it may have is passed over, and free again when one ends", async () => {
  const held = new HeldAnswer();
  await using narrow = await FakeProvider.start(held.behaviour);
  await using wide = await FakeProvider.start(answer(200, ANSWER));
  await using gateway = await startGateway(configOf(narrow, wide));
  const first = ask(gateway, "both");
  await held.arrived;
  assertEquals((await ask(gateway, "both")).target, "wide/m");
  const refused = await ask(gateway, "alone");
  assertEquals(refused.status, 503);
  assertStringIncludes(refused.text, "maxConcurrent: 1");
  held.release();
  assertEquals((await first).target, "narrow/m");
  assertEquals((await ask(gateway, "alone")).status, 200);
  assertEquals(narrow.requests.length, 2);
});
