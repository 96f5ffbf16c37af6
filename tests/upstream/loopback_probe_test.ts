import { assert, assertEquals } from "@std/assert";
import { createServer, type Server } from "node:net";
import { setImmediate } from "node:timers";
import { probeListener } from "../../src/upstream/loopback_probe.ts";
import { startGateway } from "../e2e/gateway.ts";

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

Deno.test("probeListener() hears a gateway, also one that listens everywhere", async () => {
  await using gateway = await startGateway({
    providers: { sim: { simulator: {} } },
  });
  const port = Number(new URL(gateway.url).port);
  assert(await probeListener("127.0.0.1", port, 5000).answered);
  assert(await probeListener("0.0.0.0", port, 5000).answered);
});

Deno.test("probeListener() says no to silence, to other protocols and to a closed port", async () => {
  const sockets: { destroy(): void }[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
  });
  const port = await listen(server);
  assertEquals(await probeListener("127.0.0.1", port, 50).answered, false);
  server.on("connection", (socket) => socket.write("220 ready\r\n"));
  assertEquals(await probeListener("127.0.0.1", port, 5000).answered, false);
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  assertEquals(await probeListener("127.0.0.1", port, 5000).answered, false);
});

Deno.test("probeListener() can be given up", async () => {
  const server = createServer(() => {});
  const port = await listen(server);
  const probe = probeListener("127.0.0.1", port, 60_000);
  probe.cancel();
  assertEquals(await probe.answered, false);
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

Deno.test("probeListener() waits for a listener whose loop had no turn for it yet", async () => {
  let turns = 200;
  const server = createServer((socket) => {
    const answerLater = () => {
      if (turns-- > 0) return void setImmediate(answerLater);
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    };
    socket.on("error", () => {});
    socket.resume();
    answerLater();
  });
  const port = await listen(server);
  assert(await probeListener("127.0.0.1", port, 0).answered);
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
