// Rows 1 to 8 of the table of bad inputs: who is let in.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { keyDigest } from "../../../src/config/client_keys.ts";
import { parseNetwork } from "../../../src/http/ip.ts";
import type { RouteHandler } from "../../../src/http/route.ts";
import { start } from "../../http/fixtures.ts";
import { ask, get, post } from "./raw_client.ts";

const BODY = '{"model":"fast","messages":[]}';

/** A handler that must never be reached. */
function untouched(): { handler: RouteHandler; calls: () => number } {
  let count = 0;
  const handler: RouteHandler = (_context, _request, response) => {
    count++;
    response.send(200, [], "");
  };
  return { handler, calls: () => count };
}

Deno.test("a request without a key gets 401 in the OpenAI shape", async () => {
  const { handler, calls } = untouched();
  await using running = await start({ handler });
  const answer = await ask(
    running.port,
    post("/v1/chat/completions", BODY, []),
  );
  assertEquals(answer.status, 401);
  const { error } = JSON.parse(answer.body);
  assertEquals([error.type, error.code, error.param], [
    "authentication",
    "invalid_api_key",
    null,
  ]);
  assertEquals(calls(), 0);
  assertEquals(running.heard.refusals, ["missing"]);
  assertEquals((await ask(running.port, get("/health"))).status, 200);
});

Deno.test("a wrong x-api-key gets 401 in the Anthropic shape", async () => {
  const { handler, calls } = untouched();
  await using running = await start({ handler });
  const answer = await ask(
    running.port,
    post("/v1/messages", BODY, ["x-api-key: wrong"]),
  );
  assertEquals(answer.status, 401);
  const body = JSON.parse(answer.body);
  assertEquals([body.type, body.error.type], ["error", "authentication"]);
  assertEquals(body.request_id, answer.headers.get("request-id"));
  assertEquals(calls(), 0);
});

Deno.test("a tenant's key gets 403 on an admin route, with and without an admin token", async () => {
  for (const adminTokenSha256 of [undefined, null]) {
    const access = adminTokenSha256 === undefined ? {} : { adminTokenSha256 };
    await using running = await start({ access });
    for (
      const header of ["authorization: Bearer key-ci", "x-api-key: key-ci"]
    ) {
      const answer = await ask(running.port, get("/api/config", [header]));
      assertEquals(answer.status, 403);
      assert(!answer.body.includes("ci"), answer.body);
    }
  }
});

Deno.test("Basic credentials get 401", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    post("/v1/messages", BODY, ["authorization: Basic dXNlcjpwdw=="]),
  );
  assertEquals(answer.status, 401);
});

Deno.test("two credentials pass only if both are one client's", async () => {
  await using running = await start();
  const status = async (bearer: string, key: string) => {
    const headers = [`authorization: Bearer ${bearer}`, `x-api-key: ${key}`];
    const text = post("/v1/messages", BODY, headers);
    return (await ask(running.port, text)).status;
  };
  assertEquals(await status("key-ci", "key-ci"), 200);
  assertEquals(await status("key-ci", "key-ci-2"), 200);
  assertEquals(await status("key-ci", "key-laptop"), 400);
  assertEquals(await status("key-ci", "unknown"), 400);
  assertEquals(await status("unknown", "key-ci"), 400);
  assertEquals(await status("unknown", "unknown"), 401);
});

Deno.test("one credential header sent twice gets 400", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    post("/v1/messages", BODY, [
      "authorization: Bearer key-ci",
      "authorization: Bearer key-ci",
    ]),
  );
  assertEquals(answer.status, 400);
});

Deno.test("names of built-in properties are no keys", async () => {
  await using running = await start();
  const names = ["hasOwnProperty", "__proto__", "constructor", "toString"];
  for (const name of names) {
    const headers = [`authorization: Bearer ${name}`];
    const answer = await ask(running.port, post("/v1/messages", BODY, headers));
    assertEquals(answer.status, 401, name);
  }
});

Deno.test("parts of a key are no key", async () => {
  await using running = await start();
  for (const part of ["key-c", "key-ci-", "KEY-CI", "ey-ci"]) {
    const headers = [`x-api-key: ${part}`];
    const answer = await ask(running.port, post("/v1/messages", BODY, headers));
    assertEquals(answer.status, 401, part);
  }
});

Deno.test("a bearer of 16 KB gets 401, one beyond the head limit 431", async () => {
  await using running = await start();
  const status = async (length: number) => {
    const headers = [`authorization: Bearer ${"k".repeat(length)}`];
    return (await ask(running.port, post("/v1/messages", BODY, headers)))
      .status;
  };
  assertEquals(await status(16_384), 401);
  assertEquals(await status(40_000), 431);
});

Deno.test("a key in the query is no key", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    post("/v1/messages?key=key-ci&api_key=key-ci", BODY, []),
  );
  assertEquals(answer.status, 401);
  assertEquals(running.heard.requests, ["POST /v1/messages 401"]);
});

Deno.test("a disabled client gets 403", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    post("/v1/messages", BODY, ["x-api-key: key-gone"]),
  );
  assertEquals(answer.status, 403);
  assertEquals(running.heard.refusals, ["disabled"]);
});

Deno.test("no answer repeats a credential", async () => {
  await using running = await start();
  for (const path of ["/v1/messages", "/api/reload", "/metrics", "/nope"]) {
    const headers = ["authorization: Bearer canary-1", "x-api-key: canary-2"];
    const answer = await ask(running.port, post(path, BODY, headers));
    const text = answer.body + [...answer.headers].join();
    assert(!text.includes("canary"), text);
  }
});

Deno.test("without configured clients loopback is local and needs no key", async () => {
  await using running = await start({ access: { clients: null } });
  const answer = await ask(running.port, post("/v1/messages", BODY, []));
  assertEquals(JSON.parse(answer.body).client, "local");
  const rebound = post("/v1/messages", BODY, [])
    .replace("host: localhost", "host: evil.example");
  assertEquals((await ask(running.port, rebound)).status, 403);
  const crossSite = post("/v1/messages", BODY, ["sec-fetch-site: cross-site"]);
  assertEquals((await ask(running.port, crossSite)).status, 403);
});

Deno.test("x-forwarded-for counts only from a trusted proxy", async () => {
  const headers = ["x-api-key: key-ci", "x-forwarded-for: 9.9.9.9, 8.8.8.8"];
  const text = post("/v1/messages", BODY, headers);
  {
    await using running = await start();
    assertEquals(
      JSON.parse((await ask(running.port, text)).body).ip,
      "127.0.0.1",
    );
  }
  const access = { trustedProxies: [parseNetwork("127.0.0.0/8")] };
  await using running = await start({ access });
  assertEquals(JSON.parse((await ask(running.port, text)).body).ip, "8.8.8.8");
});

Deno.test("the admin token opens admin routes and nothing else", async () => {
  await using running = await start();
  const headers = ["authorization: Bearer token-admin"];
  const admin = await ask(running.port, get("/api/config", headers));
  assertEquals(admin.status, 200);
  const inference = await ask(
    running.port,
    post("/v1/messages", BODY, headers),
  );
  assertEquals(inference.status, 401);
  const wrong = await ask(
    running.port,
    get("/api/config", ["authorization: Bearer token-admix"]),
  );
  assertEquals(wrong.status, 401);
  assertEquals((await ask(running.port, get("/api/config"))).status, 401);
});

Deno.test("without an admin token only a direct loopback peer administrates", async () => {
  await using running = await start({ access: { adminTokenSha256: null } });
  const status = async (headers: string[], host = "localhost") => {
    const text = get("/api/config", headers)
      .replace("host: localhost", `host: ${host}`);
    return (await ask(running.port, text)).status;
  };
  assertEquals(await status([]), 200);
  assertEquals(await status([], "127.0.0.1:3456"), 200);
  assertEquals(await status([], "[::1]:3456"), 200);
  assertEquals(await status([], "gateway.example"), 403);
  assertEquals(await status([], "10.1.2.3"), 403);
  assertEquals(await status(["x-forwarded-for: 1.2.3.4"]), 403);
  assertEquals(await status(["sec-fetch-site: cross-site"]), 403);
  assertEquals(await status(["sec-fetch-site: same-origin"]), 200);
  assertEquals(await status(["authorization: Basic dXNlcjpwdw=="]), 401);
});

Deno.test("an admin write must be JSON", async () => {
  await using running = await start();
  const token = "authorization: Bearer token-admin";
  const text = post("/api/reload", "{}", [token]);
  assertEquals((await ask(running.port, text)).status, 200);
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    const form = text.replace("application/json", type);
    assertEquals((await ask(running.port, form)).status, 415, type);
  }
});

Deno.test("an admin write without a body passes, unless a page may have sent it", async () => {
  await using running = await start({ access: { adminTokenSha256: null } });
  const status = async (headers: string[]) => {
    const text = get("/api/reload", headers).replace("GET", "POST");
    return (await ask(running.port, text)).status;
  };
  assertEquals(await status([]), 200);
  assertEquals(await status(["content-length: 0"]), 200);
  const origin = "origin: http://localhost";
  assertEquals(await status([origin]), 415);
  assertEquals(await status([origin, "sec-fetch-site: same-site"]), 415);
  assertEquals(await status([origin, "sec-fetch-site: cross-site"]), 403);
  assertEquals(await status([origin, "sec-fetch-site: same-origin"]), 200);
  const json = "content-type: application/json";
  assertEquals(await status([origin, json]), 200);
});

Deno.test("the metrics token is required once it is set", async () => {
  const access = { metricsTokenSha256: keyDigest("token-metrics") };
  await using running = await start({ access });
  const status = async (headers: string[]) =>
    (await ask(running.port, get("/metrics", headers))).status;
  assertEquals(await status([]), 401);
  assertEquals(await status(["authorization: Bearer token-metrics"]), 200);
  assertEquals(await status(["authorization: Bearer token-admin"]), 401);
  assertEquals(await status(["authorization: Bearer key-ci"]), 401);
});

Deno.test("a 401 says how to send a key", async () => {
  await using running = await start();
  const answer = await ask(running.port, post("/v1/messages", BODY, []));
  assertStringIncludes(answer.body, "Authorization: Bearer");
});
