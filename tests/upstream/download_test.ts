import { assertEquals, assertRejects } from "@std/assert";
import { download, DownloadError } from "../../src/upstream/download.ts";

const OPTIONS = { maxBytes: 1000, timeoutMs: 5000 };

/** Serves one answer per path on loopback. */
async function withServer(
  answer: (path: string) => Response | Promise<Response>,
  test: (base: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answer(new URL(request.url).pathname),
  );
  try {
    await test(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("download() gives the text", () =>
  withServer(() => new Response("prices: ä"), async (base) => {
    assertEquals(await download(`${base}/list`, OPTIONS), "prices: ä");
  }));

Deno.test("download() refuses redirects, errors and what is too long", () =>
  withServer((path) => {
    if (path === "/moved") {
      return new Response(null, { status: 302, headers: { location: "/ok" } });
    }
    if (path === "/gone") return new Response("x", { status: 404 });
    return new Response("x".repeat(1001));
  }, async (base) => {
    const cases = [
      ["/moved", "its status is 302"],
      ["/gone", "its status is 404"],
      ["/long", "it is longer than 1000 bytes"],
    ] as const;
    for (const [path, message] of cases) {
      await assertRejects(
        () => download(base + path, OPTIONS),
        DownloadError,
        message,
      );
    }
  }));

Deno.test("download() gives up in time", async () => {
  const never = Promise.withResolvers<Response>();
  await withServer(() => never.promise, async (base) => {
    await assertRejects(
      () => download(base, { ...OPTIONS, timeoutMs: 20 }),
      DownloadError,
      "it took longer than 20 ms",
    );
    never.resolve(new Response());
  });
});

Deno.test("download() takes https, and http on loopback only", async () => {
  const cases = [
    ["http://example.com/list?key=secret", "its scheme is http: use https"],
    ["file:///etc/passwd", "its scheme is file: use https"],
    ["list", "it is no URL"],
  ] as const;
  for (const [url, message] of cases) {
    const error = await assertRejects(
      () => download(url, OPTIONS),
      DownloadError,
      message,
    );
    assertEquals(error.message.includes("secret"), false);
  }
});
