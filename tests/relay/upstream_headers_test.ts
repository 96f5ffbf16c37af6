import { assertEquals } from "@std/assert";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { TestRelay } from "./harness.ts";

/** All values under which a header was sent. */
function valuesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_value, index) =>
    index % 2 === 1 && headers[index - 1]?.toLowerCase() === name
  );
}

Deno.test("a configured header takes the place of the gateway's and of the client's", async () => {
  await using provider = await FakeProvider.start(answer(500, "{}"));
  await using relay = new TestRelay([{
    url: provider.url,
    protocol: "messages",
    network: {
      headers: {
        "User-Agent": "own/1",
        "X-Api-Key": "own-key",
        "Accept": "*/*",
        "anthropic-version": "2099-01-01",
        "anthropic-beta": "mine",
      },
    },
  }]);
  const client = relay.ask({
    protocol: "messages",
    body: {
      model: "m",
      max_tokens: 5,
      messages: [{ role: "user", content: "hi" }],
    },
    headers: ["anthropic-version", "2023-06-01", "anthropic-beta", "theirs"],
  });
  await client.done;
  const sent = provider.requests[0]?.headers ?? [];
  const expected: readonly (readonly [string, string])[] = [
    ["user-agent", "own/1"],
    ["x-api-key", "own-key"],
    ["accept", "*/*"],
    ["anthropic-version", "2099-01-01"],
    ["anthropic-beta", "mine"],
    ["content-type", "application/json"],
  ];
  for (const [name, value] of expected) {
    assertEquals(valuesOf(sent, name), [value], name);
  }
});
