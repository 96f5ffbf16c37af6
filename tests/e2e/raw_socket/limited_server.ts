// A server in a process of its own: on the socket in LISTEN_FD or a port of its
// own. Prints its port and then the number of its connections whenever it
// changes. SIGHUP opens the listener anew, SIGTERM drains.

import { start } from "../../http/fixtures.ts";
import { createServer } from "../../../src/http/server.ts";

const running = await start({ limits: { maxConnections: 0 } });
let server = running.server;

Deno.addSignalListener("SIGHUP", async () => {
  await server.relisten();
  console.log("relistened");
});
Deno.addSignalListener("SIGTERM", async () => {
  await server.drain({ delayMs: 0, drainMs: 1000 });
  Deno.exit(0);
});

const fd = Number(Deno.env.get("LISTEN_FD") ?? "0");
if (fd > 0) {
  const { limits, encodeError, authenticator } = running.server;
  await running.server.close();
  const { routes } = await import("../../http/fixtures.ts");
  server = createServer({
    limits,
    encodeError,
    auth: authenticator,
    routes: routes(),
    ids: () => "id",
  });
  await server.listen({ fd });
}
console.log(server.address?.port);
let last = -1;
setInterval(() => {
  if (server.connections.count === last) return;
  last = server.connections.count;
  console.log(`connections ${last}`);
}, 10);
