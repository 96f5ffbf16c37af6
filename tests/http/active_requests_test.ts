import { assert, assertEquals } from "@std/assert";
import { createServer, type Server } from "node:http";
import { calmActiveRequests } from "../../src/http/active_requests.ts";

/** Listens until it is disposed of. */
async function listening(
  headersTimeoutMs: number,
): Promise<AsyncDisposable & { server: Server; port: number }> {
  const server = createServer(
    { connectionsCheckingInterval: 10 },
    (_request, response) => response.end("ok"),
  );
  server.headersTimeout = headersTimeoutMs;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return {
    server,
    port: address.port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function read(connection: Deno.Conn): Promise<string> {
  const bytes = new Uint8Array(4096);
  const length = await connection.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, length));
}

Deno.test("calmActiveRequests() knows how this runtime keeps its requests", async () => {
  await using running = await listening(60_000);
  assert(calmActiveRequests(running.server));
});

Deno.test("calmActiveRequests() leaves slow heads to be cut off, also behind a request that was answered", async () => {
  await using running = await listening(100);
  assert(calmActiveRequests(running.server));
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: running.port,
  });
  using _closed = { [Symbol.dispose]: () => connection.close() };
  const head = "GET / HTTP/1.1\r\nhost: x\r\n";
  const write = (text: string) =>
    connection.write(new TextEncoder().encode(text));
  for (let round = 0; round < 3; round++) {
    await write(`${head}\r\n`);
    assert((await read(connection)).startsWith("HTTP/1.1 200"));
  }
  // Idle for longer than a head may take: nothing is under way.
  await new Promise((resolve) => setTimeout(resolve, 250));
  await write(head);
  assert((await read(connection)).startsWith("HTTP/1.1 408"));
  assertEquals(await read(connection), "");
});
