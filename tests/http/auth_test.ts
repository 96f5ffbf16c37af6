import { assertEquals, assertThrows } from "@std/assert";
import { Authenticator, isJson } from "../../src/http/auth.ts";
import { canonicalIp, parseNetwork } from "../../src/http/ip.ts";
import { RequestHead } from "../../src/http/request_head.ts";
import { ACCESS } from "./fixtures.ts";

Deno.test("Authenticator.clientIp() takes the right-most address that is no proxy", () => {
  const auth = new Authenticator({
    ...ACCESS,
    trustedProxies: ["10.0.0.0/8", "::1"].map(parseNetwork),
  });
  const cases: [string, string | null, string][] = [
    ["10.0.0.1", null, "10.0.0.1"],
    ["10.0.0.1", "8.8.8.8", "8.8.8.8"],
    ["10.0.0.1", "1.1.1.1, 8.8.8.8, 10.0.0.9", "8.8.8.8"],
    ["10.0.0.1", "127.0.0.1, 8.8.8.8", "8.8.8.8"],
    ["10.0.0.1", "10.0.0.2,10.0.0.3", "10.0.0.2"],
    ["10.0.0.1", "1.1.1.1, evil, 10.0.0.9", "10.0.0.9"],
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", "::ffff:8.8.8.8", "8.8.8.8"],
    ["::1", "2001:DB8::1", "2001:db8::1"],
    ["9.9.9.9", "8.8.8.8", "9.9.9.9"],
  ];
  for (const [peer, forwarded, expected] of cases) {
    const found = auth.clientIp(peer, forwarded, canonicalIp);
    assertEquals(found, expected, String(forwarded));
  }
});

Deno.test("Authenticator refuses peers beyond loopback where nothing is configured", () => {
  const auth = new Authenticator({
    ...ACCESS,
    clients: null,
    adminTokenSha256: null,
    metricsPublic: false,
  });
  const head = new RequestHead(["Host", "localhost"]);
  for (const scope of ["inference", "admin", "metrics"] as const) {
    const far = auth.check(scope, head, "10.1.2.3", false);
    assertEquals("reason" in far && far.reason, "not_loopback", scope);
    assertEquals("granted" in auth.check(scope, head, "::1", false), true);
  }
});

Deno.test("Authenticator refuses two clients with one key", () => {
  const [first] = ACCESS.clients ?? [];
  if (first === undefined) throw new Error("Cannot test without clients");
  assertThrows(
    () =>
      new Authenticator({
        ...ACCESS,
        clients: [first, { ...first, name: "b" }],
      }),
    TypeError,
    "b and ci have the same key",
  );
});

Deno.test("isJson() knows JSON types and their parameters", () => {
  const yes = [
    "application/json",
    "application/json;charset=utf-8",
    "Application/Problem+JSON ; a=b",
  ];
  const no = [
    null,
    "",
    "text/json",
    "application/jsonp",
    "application/json,text/plain",
    "application/x-www-form-urlencoded",
  ];
  assertEquals(yes.map(isJson), yes.map(() => true));
  assertEquals(no.map(isJson), no.map(() => false));
});

Deno.test("RequestHead reads the headers it acts on, whatever their case", () => {
  const head = new RequestHead([
    "HOST",
    "a",
    "Content-Length",
    "12",
    "X-Forwarded-For",
    "1.1.1.1",
    "x-forwarded-for",
    "2.2.2.2",
    "X-API-Key",
    "k",
    "Authorization",
    "",
    "Content-Type",
    "a/b",
    "content-type",
    "c/d",
  ]);
  assertEquals(
    [head.host, head.contentLength, head.forwardedFor, head.apiKey],
    ["a", 12, "1.1.1.1,2.2.2.2", "k"],
  );
  assertEquals([head.authorization, head.contentType, head.count], [
    null,
    "a/b",
    8,
  ]);
  assertEquals(new RequestHead(["Content-Length", "1e3"]).contentLength, -1);
});
