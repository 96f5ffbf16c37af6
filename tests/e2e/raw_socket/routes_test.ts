// Rows 9 to 11, 36, 37, 40 to 42, 49, 50, 53 to 56: what is served and what is not.

import { assert, assertEquals } from "@std/assert";
import { start } from "../../http/fixtures.ts";
import { ask, connect, get, post } from "./raw_client.ts";

const BODY = '{"model":"fast"}';

Deno.test("a known path with another method gets 405 and Allow", async () => {
  await using running = await start();
  const cases: [string, string, string][] = [
    ["GET", "/v1/chat/completions", "POST"],
    ["PUT", "/health", "HEAD, GET"],
    ["DELETE", "/v1/models/x", "HEAD, GET"],
    ["OPTIONS", "/v1/messages", "POST"],
    ["TRACE", "/health", "HEAD, GET"],
  ];
  for (const [method, path, allow] of cases) {
    const text = get(path).replace("GET", method);
    const answer = await ask(running.port, text);
    assertEquals([answer.status, answer.headers.get("allow")], [405, allow]);
  }
});

Deno.test("a path outside the table gets 404 in JSON and the label other", async () => {
  await using running = await start();
  const answer = await ask(running.port, post("/v1/nope", BODY));
  assertEquals(answer.status, 404);
  assertEquals(JSON.parse(answer.body).error.type, "not_found");
  assertEquals(answer.headers.get("content-type"), "application/json");
  assertEquals(running.heard.requests, ["POST other 404"]);
});

Deno.test("an unknown path below /v1/messages answers in the Anthropic shape", async () => {
  await using running = await start();
  const answer = await ask(running.port, post("/v1/messages/batches", BODY));
  assertEquals(answer.status, 404);
  assertEquals(JSON.parse(answer.body).type, "error");
});

Deno.test("HEAD follows from GET and has no body", async () => {
  await using running = await start();
  using client = await connect(running.port);
  await client.write(get("/health").replace("GET", "HEAD"));
  await client.until("\r\n\r\n");
  // The next answer follows at once: nothing of a body came in between.
  await client.write(get("/v1/nope"));
  await client.until("404");
  assert(client.received.startsWith("HTTP/1.1 200"));
  assert(
    !client.received.slice(0, client.received.indexOf("404")).includes("{"),
  );
});

Deno.test("headers that name a destination change nothing", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    post("/v1/messages", BODY, [
      "x-api-key: key-ci",
      "x-upstream-url: http://169.254.169.254",
      "x-portkey-custom-host: http://169.254.169.254",
    ]),
  );
  assertEquals(answer.status, 200);
  assert(!answer.body.includes("169.254"));
});

Deno.test("a foreign Host gets 403 on metrics and admin", async () => {
  await using running = await start();
  for (const path of ["/metrics", "/api/config"]) {
    const text = get(path, ["authorization: Bearer token-admin"])
      .replace("host: localhost", "host: admin.evil.example");
    assertEquals((await ask(running.port, text)).status, 403, path);
    const allowed = text.replace("admin.evil.example", "Gateway.Example:3456");
    assertEquals((await ask(running.port, allowed)).status, 200, path);
  }
});

Deno.test("a Host with a path or a space gets 400 and routes nowhere", async () => {
  await using running = await start();
  for (
    const host of ["x/api/config?", "a b", "a,b", "u@h", "[::1", "a:b", ""]
  ) {
    const text = get("/health").replace("host: localhost", `host: ${host}`);
    const answer = await ask(running.port, text);
    assertEquals([answer.status, answer.closed], [400, true], host);
  }
});

Deno.test("encoded dots and slashes never leave their segment", async () => {
  await using running = await start();
  const token = "authorization: Bearer token-admin";
  const paths = [
    "/v1/%2e%2e/api/config",
    "/v1/../api/config",
    "/dashboards/%2e%2e%2f%2e%2e%2fetc/passwd",
    "/v1/responses/%2e%2e",
    "/v1/responses/a%2Fb",
    "/v1/responses/a%5Cb",
    "/v1/responses/a%00b",
    "/v1/responses/%",
    "/v1/responses/%ff",
    "/v1/models/..%2F..%2Fapi",
    "/v1/models/a%00",
    "//api/config",
    "/api//config",
    "/api/config/",
    "/API/config",
    "/%61pi/config",
  ];
  for (const path of paths) {
    const answer = await ask(running.port, get(path, [token]));
    assertEquals(answer.status, 404, path);
  }
});

Deno.test("a model id decodes %2F once", async () => {
  await using running = await start();
  const id = async (path: string) => {
    const answer = await ask(running.port, get(path, ["x-api-key: key-ci"]));
    return JSON.parse(answer.body).id;
  };
  assertEquals(await id("/v1/models/openai%2Fgpt-4.1"), "openai/gpt-4.1");
  assertEquals(await id("/v1/models/a%252Fb"), "a%2Fb");
  assertEquals(await id("/v1/models/gr%C3%BCn"), "grün");
});

Deno.test("targets that are no path get 400", async () => {
  await using running = await start();
  for (const target of ["http://localhost/health", "*", "/health#x"]) {
    const text = get(target).replace(/^GET \*/, "OPTIONS *");
    const answer = await ask(running.port, text);
    assertEquals([answer.status, answer.closed], [400, true], target);
  }
});

Deno.test("a WebSocket is refused with 426, other upgrades are ignored", async () => {
  await using running = await start();
  const upgrade = (to: string) =>
    get("/health", ["connection: upgrade", `upgrade: ${to}`]);
  const answer = await ask(running.port, upgrade("websocket"));
  assertEquals([answer.status, answer.closed], [426, true]);
  assertEquals((await ask(running.port, upgrade("h2c"))).status, 200);
});

Deno.test("CONNECT is refused with 405 and the connection closed", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    "CONNECT host:443 HTTP/1.1\r\nhost: host:443\r\n\r\n",
  );
  assertEquals([answer.status, answer.closed], [405, true]);
});

Deno.test("a client's request id is kept only if it is harmless", async () => {
  await using running = await start();
  const send = async (id: string) => {
    const headers = ["x-api-key: key-ci", `x-request-id: ${id}`];
    const answer = await ask(running.port, post("/v1/messages", BODY, headers));
    assert(answer.headers.get("x-request-id")?.startsWith("id-"));
    return JSON.parse(answer.body).clientRequestId;
  };
  assertEquals(await send("req_1.a-B"), "req_1.a-B");
  assertEquals(await send("../../x"), null);
  assertEquals(await send("a".repeat(129)), null);
});

Deno.test("control characters in a header get 400", async () => {
  await using running = await start();
  for (const value of ["\x1b[31mred", "a\x00b", "a\x07"]) {
    const answer = await ask(
      running.port,
      get("/health", [`user-agent: ${value}`]),
    );
    assertEquals([answer.status, answer.closed], [400, true]);
  }
});

Deno.test("an idempotency key of 10 KB gets 400", async () => {
  await using running = await start();
  const status = async (length: number) => {
    const key = `idempotency-key: ${"k".repeat(length)}`;
    const headers = ["x-api-key: key-ci", key];
    return (await ask(running.port, post("/v1/messages", BODY, headers)))
      .status;
  };
  assertEquals(await status(10_240), 400);
  assertEquals(await status(256), 200);
});

Deno.test("a preflight of another origin gets no CORS header", async () => {
  await using running = await start();
  const text = get("/v1/messages", [
    "origin: https://evil.example",
    "access-control-request-method: POST",
  ]).replace("GET", "OPTIONS");
  const answer = await ask(running.port, text);
  assertEquals(answer.status, 405);
  const names = [...answer.headers.keys()];
  assertEquals(names.filter((name) => name.startsWith("access-control")), []);
});

for (const kind of ["whole", "streamed"] as const) {
  Deno.test(`a ${kind} answer with a header that no answer may have is a 500, not silence`, async () => {
    await using running = await start({
      handler: (_context, _request, response) => {
        const headers = ["x-broken", "line\r\nx-injected: 1"];
        if (kind === "whole") response.send(200, headers, "{}");
        else response.start(200, headers);
      },
    });
    const answer = await ask(
      running.port,
      post("/v1/messages", BODY, ["x-api-key: key-ci"]),
    );
    assertEquals(answer.status, 500);
    assertEquals(answer.headers.has("x-injected"), false);
  });
}
