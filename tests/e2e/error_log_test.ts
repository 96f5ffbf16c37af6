import { assert, assertEquals } from "@std/assert";
import { startGateway } from "./gateway.ts";
import { type ErrorLine, linesIn } from "./log_lines.ts";

const SECRET = "hunter2-of-this-provider";

/** A provider that refuses and quotes the key it was sent. */
function refusing(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      new Response(
        JSON.stringify({
          error: {
            message: `bad key ${request.headers.get("authorization")}`,
            type: "server_error",
          },
        }),
        { status: 500, headers: { "content-type": "application/json" } },
      ),
  );
}

for (const captureBodies of [false, true]) {
  Deno.test(`A failed request leaves a line in the error log ${captureBodies ? "with" : "without"} bodies, never with a credential`, async () => {
    const folder = await Deno.makeTempDir();
    const provider = refusing();
    try {
      const url = `http://127.0.0.1:${provider.addr.port}/v1`;
      await using test = await startGateway({
        providers: {
          up: { protocols: { chat: url }, keys: ["${env:UP_KEY}"] },
        },
        models: { fast: { targets: ["up/up-model"] } },
        routing: { retry: { maxAttempts: 1 } },
        logging: {
          errors: { storagePath: `${folder}/errors`, captureBodies },
          usage: { storagePath: `${folder}/usage` },
        },
      }, { UP_KEY: SECRET });
      const answer = await fetch(`${test.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "fast",
          messages: [{ role: "user", content: `my key is ${SECRET}, hello` }],
        }),
      });
      await answer.text();
      await test.gateway[Symbol.asyncDispose]();
      const [line, ...others] = linesIn<ErrorLine>(`${folder}/errors`);
      assertEquals(others, []);
      assert(line !== undefined);
      assertEquals(line.id, answer.headers.get("x-request-id"));
      assertEquals(
        [line.requestedModel, line.provider, line.model, line.httpStatus],
        ["fast", "up", "up-model", 502],
      );
      assertEquals(line.errorType, "server_error");
      assertEquals(line.attempts[0]?.status, 500);
      assertEquals(line.stack, null);
      assertEquals("requestBody" in line, captureBodies);
      if (captureBodies) {
        assertEquals(
          line.requestBody?.messages[0]?.content,
          "my key is ***, hello",
        );
        const quoted = line.attempts[0]?.providerResponse?.error.message;
        assert(quoted?.includes("***"), quoted);
      }
      for (const kind of ["errors", "usage"]) {
        for (const one of linesIn(`${folder}/${kind}`)) {
          assertEquals(JSON.stringify(one).includes(SECRET), false);
        }
      }
    } finally {
      await provider.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  });
}
