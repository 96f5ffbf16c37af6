// Rows 12 to 24, 34 and 48: bodies that are wrong, too large, too slow or cut off.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { start } from "../../http/fixtures.ts";
import { ask, connect, get, post } from "./raw_client.ts";

const KEY = "authorization: Bearer key-ci";
const encoder = new TextEncoder();

/** The head of a POST; what follows is up to the test. */
function head(headers: readonly string[], path = "/v1/messages"): string {
  return [
    `POST ${path} HTTP/1.1`,
    "host: localhost",
    "content-type: application/json",
    ...headers,
    "",
    "",
  ].join("\r\n");
}

function bytesOf(...parts: (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...encoder.encode(part)]
    ),
  );
}

async function status(port: number, body: string): Promise<number> {
  return (await ask(port, post("/v1/messages", body))).status;
}

Deno.test("broken JSON gets 400 with the offset and nothing of the input", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    post("/v1/messages", '{"canary":"canary","model":'),
  );
  assertEquals(answer.status, 400);
  assertStringIncludes(answer.body, "invalid JSON at byte 27");
  assert(!answer.body.includes("canary"));
});

Deno.test("JSON that is no object gets 400", async () => {
  await using running = await start();
  for (const body of ["[]", '"x"', "null", "1", ""]) {
    assertEquals(await status(running.port, body), 400, body);
  }
});

Deno.test("a body without a length gets 400", async () => {
  await using running = await start();
  assertEquals((await ask(running.port, head([KEY]))).status, 400);
});

Deno.test("a content type other than JSON gets 415", async () => {
  await using running = await start();
  const text = post("/v1/messages", "{}");
  const cases: [string, number][] = [
    ["text/xml", 415],
    ["text/plain", 415],
    ["application/jsonx", 415],
    ["multipart/form-data; boundary=x", 415],
    ["application/json; charset=utf-8", 200],
    ["Application/JSON", 200],
    ["application/vnd.api+json", 200],
  ];
  for (const [type, expected] of cases) {
    const answer = await ask(
      running.port,
      text.replace("application/json", type),
    );
    assertEquals(answer.status, expected, type);
  }
  const none = text.replace("content-type: application/json\r\n", "");
  assertEquals((await ask(running.port, none)).status, 415);
});

Deno.test("a compressed body gets 415", async () => {
  await using running = await start();
  for (const [encoding, expected] of [["gzip", 415], ["identity", 200]]) {
    const headers = [KEY, `content-encoding: ${encoding}`];
    const answer = await ask(running.port, post("/v1/messages", "{}", headers));
    assertEquals(answer.status, expected);
  }
});

Deno.test("a length of 33 MiB gets 413 at once", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    head([KEY, `content-length: ${33 * 1024 * 1024}`]),
  );
  assertEquals([answer.status, answer.closed], [413, true]);
  assertEquals(running.heard.limits, ["maxBodyBytes"]);
  assertEquals((await ask(running.port, get("/health"))).status, 200);
});

Deno.test("a chunked body beyond the limit gets 413 while it is sent", async () => {
  await using running = await start({ limits: { maxBodyBytes: 100_000 } });
  using client = await connect(running.port);
  await client.write(head([KEY, "transfer-encoding: chunked"]));
  const piece = `4000\r\n${"x".repeat(0x4000)}\r\n`;
  const writing = (async () => {
    for (let index = 0; index < 2000; index++) {
      if (!await client.write(piece)) return;
    }
  })();
  const answer = await client.answer();
  assertEquals(answer.status, 413);
  assertEquals(answer.headers.get("connection"), "close");
  assert(await client.closed());
  await writing;
  assertEquals(running.server.budget.usedBytes, 0);
});

Deno.test("a data URL beyond the limit gets 413", async () => {
  await using running = await start({ limits: { maxBodyBytes: 1_000_000 } });
  const url = `data:image/png;base64,${"A".repeat(1_200_000)}`;
  assertEquals(await status(running.port, `{"url":"${url}"}`), 413);
});

Deno.test("a sender that goes on after a 413 can read the answer", async () => {
  await using running = await start({ limits: { maxBodyBytes: 1000 } });
  using client = await connect(running.port);
  const body = "x".repeat(3_000_000);
  const writing = client.write(
    head([KEY, `content-length: ${body.length}`]) + body,
  );
  assertEquals((await client.answer()).status, 413);
  await writing;
  assert(await client.closed());
});

Deno.test("a body that ends before its length closes the connection", async () => {
  await using running = await start();
  using client = await connect(running.port);
  await client.write(head([KEY, "content-length: 100"]) + "0123456789");
  await client.closeWrite();
  assert(await client.closed());
  assert(!client.received.startsWith("HTTP/1.1 2"), client.received);
  await running.idle();
  assertEquals(running.server.inFlight.count, 0);
  assertEquals(running.server.budget.usedBytes, 0);
});

Deno.test("nesting beyond 128 levels and 200,000 tokens get 400", async () => {
  await using running = await start();
  const nested = (levels: number) =>
    '{"a":'.repeat(levels) + "1" +
    "}".repeat(levels);
  const parameters = (levels: number) =>
    `{"tools":[{"function":{"parameters":${nested(levels)}}}]}`;
  assertEquals(await status(running.port, parameters(124)), 200);
  assertEquals(await status(running.port, parameters(129)), 400);
  const zeros = `{"x":[${"0,".repeat(1_000_000)}0]}`;
  assertEquals(await status(running.port, zeros), 400);
  assertEquals(running.heard.limits, ["maxJsonDepth", "maxJsonTokens"]);
});

Deno.test("bytes that are not UTF-8 get 400", async () => {
  await using running = await start();
  const body = bytesOf('{"model":"', 0xc3, 0x28, '"}');
  const text = encoder.encode(head([KEY, `content-length: ${body.length}`]));
  const answer = await ask(
    running.port,
    Uint8Array.from([...text, ...body]),
  );
  assertEquals(answer.status, 400);
  assertStringIncludes(answer.body, "invalid UTF-8 at byte 10");
});

Deno.test("a lone surrogate and __proto__ pass without harm", async () => {
  await using running = await start();
  assertEquals(await status(running.port, '{"content":"\\ud83d"}'), 200);
  const polluted = '{"metadata":{"__proto__":{"x":1}},"__proto__":{"x":1}}';
  assertEquals(await status(running.port, polluted), 200);
  assertEquals(Reflect.get({}, "x"), undefined);
});

Deno.test("chunks of one byte make one body", async () => {
  await using running = await start();
  const body = JSON.stringify({ model: "fast", text: "x".repeat(2000) });
  const chunks = [...body].map((character) => `1\r\n${character}\r\n`).join("");
  const answer = await ask(
    running.port,
    head([KEY, "transfer-encoding: chunked"]) + chunks + "0\r\n\r\n",
  );
  const { model, bytes } = JSON.parse(answer.body);
  assertEquals([model, bytes], ["fast", body.length]);
});

Deno.test("a body of several megabytes arrives whole", async () => {
  await using running = await start();
  const body = JSON.stringify({ model: "big", text: "ü".repeat(2_000_000) });
  const answer = await ask(running.port, post("/v1/messages", body));
  const { model, bytes } = JSON.parse(answer.body);
  assertEquals([model, bytes], ["big", encoder.encode(body).length]);
});

Deno.test("bodies beyond the memory for all of them get 503 with Retry-After", async () => {
  await using running = await start({
    limits: { maxBodiesInMemoryBytes: 5000 },
  });
  const large = `{"text":"${"x".repeat(6000)}"}`;
  const answer = await ask(running.port, post("/v1/messages", large));
  assertEquals(answer.status, 503);
  assertEquals(answer.headers.get("retry-after"), "1");
  const chunked = head([KEY, "transfer-encoding: chunked"]) +
    `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
  assertEquals((await ask(running.port, chunked)).status, 503);
  assertEquals(await status(running.port, '{"text":"small"}'), 200);
  assertEquals(running.server.budget.usedBytes, 0);
});

Deno.test("a body that stops gets 408", async () => {
  await using running = await start({ limits: { bodyIdleTimeoutMs: 100 } });
  const answer = await ask(
    running.port,
    head([KEY, "content-length: 100"]) + "{",
  );
  assertEquals([answer.status, answer.closed], [408, true]);
  assertEquals(running.heard.limits, ["bodyIdleTimeoutMs"]);
});

Deno.test("a body that drips for too long gets 408", async () => {
  await using running = await start({
    limits: { bodyTimeoutMs: 200, bodyIdleTimeoutMs: 150 },
  });
  using client = await connect(running.port);
  await client.write(head([KEY, "content-length: 1000"]));
  const drip = setInterval(() => client.write("x"), 20);
  try {
    assertEquals((await client.answer()).status, 408);
  } finally {
    clearInterval(drip);
  }
  assertEquals(running.heard.limits, ["bodyTimeoutMs"]);
});

Deno.test("Expect: 100-continue is answered only once the head has passed", async () => {
  await using running = await start();
  const expecting = (key: string, length: number) =>
    head([key, `content-length: ${length}`, "expect: 100-continue"]);
  using refused = await connect(running.port);
  await refused.write(expecting("x-api-key: wrong", 15));
  assertEquals((await refused.answer()).status, 401);
  assert(await refused.closed());
  using large = await connect(running.port);
  await large.write(expecting(KEY, 50_000_000));
  assertEquals((await large.answer()).status, 413);
  assert(await large.closed());
  using taken = await connect(running.port);
  await taken.write(expecting(KEY, 15));
  assertEquals((await taken.answer()).status, 100);
  await taken.write('{"model":"fas"}');
  assertEquals(JSON.parse((await taken.answer()).body).model, "fas");
});

Deno.test("a small refused body leaves the connection open", async () => {
  await using running = await start();
  using client = await connect(running.port);
  await client.write(post("/v1/messages", '{"model":"x"}', []));
  assertEquals((await client.answer()).status, 401);
  await client.write(post("/v1/messages", '{"model":"x"}'));
  assertEquals((await client.answer()).status, 200);
});
