import { assertEquals, assertThrows } from "@std/assert";
import { READ_LIMITS, type Route } from "../../src/http/route.ts";
import { Router } from "../../src/http/router.ts";

function route(text: string, slashInParameter = false): Route {
  const [method, path] = text.split(" ");
  return {
    method: method as Route["method"],
    path: path ?? "",
    scope: "public",
    protocol: null,
    limits: READ_LIMITS,
    handler: () => {},
    slashInParameter,
  };
}

const ROUTER = new Router([
  route("GET /a"),
  route("POST /a"),
  route("GET /a/{id}"),
  route("DELETE /a/{id}"),
  route("POST /a/count"),
  route("GET /a/{id}/items"),
  route("GET /m/{id}", true),
]);

function found(method: string, path: string): string {
  const match = ROUTER.match(method, path);
  if (match.kind === "unknown") return "404";
  if (match.kind === "method") return `405 ${match.allow}`;
  const parameters = [...match.parameters].map((pair) => pair.join("="));
  return [`${match.route.method} ${match.route.path}`, ...parameters].join(" ");
}

Deno.test("Router.match() finds exact paths and templates", () => {
  assertEquals(found("GET", "/a"), "GET /a");
  assertEquals(found("HEAD", "/a"), "GET /a");
  assertEquals(found("POST", "/a/count"), "POST /a/count");
  assertEquals(found("DELETE", "/a/x"), "DELETE /a/{id} id=x");
  assertEquals(found("GET", "/a/x%20y/items"), "GET /a/{id}/items id=x y");
  assertEquals(found("GET", "/m/p%2Fm"), "GET /m/{id} id=p/m");
});

Deno.test("Router.match() names the methods of a known path", () => {
  assertEquals(found("PUT", "/a"), "405 HEAD, GET, POST");
  assertEquals(found("PATCH", "/a/x"), "405 HEAD, GET, DELETE");
  assertEquals(found("GET", "/a/count"), "405 POST");
  assertEquals(found("get", "/a"), "405 HEAD, GET, POST");
});

Deno.test("Router.match() knows nothing else", () => {
  const paths = [
    "",
    "/",
    "/b",
    "/a/",
    "/a/x/y",
    "/A",
    "/a%2Fx",
    "/constructor",
  ];
  const dangerous = ["/a/..", "/a/.", "/a/%2e", "/a/x%2fy", "/a/%5c", "/a/%00"];
  const broken = ["/a/%", "/a/%zz", "/a/%c3%28", "/m/%2e%2e%2fa", "/m/a%2F.."];
  for (const path of [...paths, ...dangerous, ...broken]) {
    assertEquals(found("GET", path), "404", path);
  }
});

Deno.test("Router refuses the same row twice", () => {
  assertThrows(
    () => new Router([route("GET /a/{id}"), route("GET /a/{id}")]),
    TypeError,
    "GET /a/{id} is there twice",
  );
});
