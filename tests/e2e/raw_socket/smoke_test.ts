import { assertEquals } from "@std/assert";
import { start } from "../../http/fixtures.ts";
import { ask, connect, post } from "./raw_client.ts";

Deno.test("GatewayServer answers a POST through its handler", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    post("/v1/chat/completions", '{"model":"fast","stream":false}'),
  );
  assertEquals(answer.status, 200);
  const { model, client } = JSON.parse(answer.body);
  assertEquals([model, client], ["fast", "ci"]);
  assertEquals(answer.headers.get("x-request-id"), "id-1");
  assertEquals(answer.headers.get("request-id"), "id-1");
});

Deno.test("GatewayServer serves many requests on one connection", async () => {
  await using running = await start();
  using client = await connect(running.port);
  for (let index = 0; index < 20; index++) {
    await client.write(post("/v1/messages", `{"model":"m${index}"}`));
    const answer = await client.answer();
    assertEquals(JSON.parse(answer.body).model, `m${index}`);
  }
  assertEquals(running.server.connections.count, 1);
});

Deno.test("GatewayServer forgets requests and bodies that are over", async () => {
  await using running = await start();
  await ask(running.port, post("/v1/messages", '{"model":"x"}'));
  await ask(running.port, post("/v1/messages", '{"model":'));
  const { server, heard } = running;
  assertEquals(server.inFlight.count, 0);
  assertEquals(server.budget.usedBytes, 0);
  assertEquals(server.admission.running, 0);
  assertEquals(heard.requests, [
    "POST /v1/messages 200",
    "POST /v1/messages 400",
  ]);
});
