import { assert, assertEquals } from "@std/assert";
import type { HeadRegistration } from "../../src/providers/head.ts";
import { checkEndpoint } from "../../src/providers/head_endpoint.ts";
import { HeadRegistry } from "../../src/providers/heads.ts";
import { FakeClock } from "../support/fake_clock.ts";

const HEAD: HeadRegistration = {
  id: "gpu-1",
  endpoint: "http://127.0.0.1:8000/v1",
  protocol: "chat",
  modelType: "small",
  region: "eu",
  models: ["qwen"],
  capacity: 8,
  version: "1",
  metadata: {},
};

function registry(max = 10) {
  const clock = new FakeClock(1000);
  const heads = new HeadRegistry({ leaseMs: 500, max }, clock);
  const ended: string[] = [];
  heads.onEnd = ({ id }, why) => ended.push(`${id} ${why}`);
  return { clock, heads, ended };
}

Deno.test("HeadRegistry lets a lease end by itself, also while nobody asks", () => {
  const { clock, heads, ended } = registry();
  heads.register(HEAD);
  heads.register({ ...HEAD, id: "gpu-2" });
  clock.advance(400);
  const renewed = heads.heartbeat("gpu-2", { currentLoad: 40 });
  assertEquals(renewed?.leaseEndsAtMs, 1900);
  assertEquals(renewed?.currentLoad, 40);
  clock.advance(100);
  assertEquals(ended, ["gpu-1 expired"], "by the timer");
  assertEquals(heads.all.map(({ id }) => id), ["gpu-2"]);
  assertEquals(heads.heartbeat("gpu-1", {}), null);
  clock.advance(400);
  assertEquals(ended, ["gpu-1 expired", "gpu-2 expired"]);
  assertEquals(clock.pending, 0, "no timer without heads");
});

Deno.test("HeadRegistry ends leases after their time, whatever the wall clock is set to", () => {
  const { clock, heads, ended } = registry();
  heads.register(HEAD);
  clock.wallOffsetMs = 3_600_000;
  clock.advance(400);
  assertEquals(heads.all.length, 1, "an hour ahead");
  heads.heartbeat("gpu-1", {});
  clock.wallOffsetMs = -3_600_000;
  clock.advance(499);
  assertEquals(heads.all.length, 1);
  clock.advance(1);
  assertEquals(ended, ["gpu-1 expired"], "an hour behind");
});

Deno.test("HeadRegistry keeps a status that was set, and a change does not renew a lease", () => {
  const { clock, heads } = registry();
  heads.register(HEAD);
  clock.advance(300);
  assertEquals(heads.change("gpu-1", "draining")?.leaseEndsAtMs, 1500);
  assertEquals(heads.heartbeat("gpu-1", {})?.status, "draining");
  assertEquals(
    heads.heartbeat("gpu-1", { status: "active" })?.status,
    "active",
  );
  assertEquals(heads.remove("gpu-1")?.id, "gpu-1");
  assertEquals(heads.remove("gpu-1"), null);
  heads[Symbol.dispose]();
  assertEquals(clock.pending, 0);
});

Deno.test("HeadRegistry takes one more than its most only in place of one that is there", () => {
  const { heads, ended } = registry(1);
  heads.register(HEAD);
  assert(!heads.hasRoom);
  heads.register({ ...HEAD, endpoint: "http://127.0.0.1:9000" });
  assertEquals(ended, ["gpu-1 replaced"]);
  assertEquals(heads.all.length, 1);
  heads[Symbol.dispose]();
});

Deno.test("checkEndpoint() compares addresses in one form and never leaves the allow-list", () => {
  const allow = ["127.0.0.1:*", "10.*:8000", "*.gpu.example:443", "[::1]:*"];
  const allowed: [string, string][] = [
    ["http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"],
    ["http://2130706433:1", "http://127.0.0.1:1"],
    ["http://0x7f.1:1", "http://127.0.0.1:1"],
    ["http://[::ffff:127.0.0.1]:80", "http://127.0.0.1"],
    ["http://10.1.2.3:8000", "http://10.1.2.3:8000"],
    ["https://a.GPU.example./v1", "https://a.gpu.example/v1"],
    ["http://[::1]:8080", "http://[::1]:8080"],
  ];
  for (const [endpoint, url] of allowed) {
    assertEquals(checkEndpoint(endpoint, allow), { ok: true, url }, endpoint);
  }
  const refused: [string, string][] = [
    ["http://10.1.2.3:8001", "not_allowed"],
    ["http://10.evil.example:8000", "not_allowed"],
    ["http://127.0.0.1.evil.example:80", "not_allowed"],
    ["https://gpu.example", "not_allowed"],
    ["http://a.gpu.example:443@evil.example/", "invalid"],
    ["http://169.254.169.254", "not_allowed"],
    ["http://user:pw@127.0.0.1:80", "invalid"],
    ["ftp://127.0.0.1", "invalid"],
    ["file:///etc/passwd", "invalid"],
    ["127.0.0.1:80", "invalid"],
    ["http://127.0.0.1:80/?key=1", "invalid"],
    ["http://127.0.0.1:80/#x", "invalid"],
    ["", "invalid"],
  ];
  for (const [endpoint, kind] of refused) {
    const checked = checkEndpoint(endpoint, allow);
    assert(!checked.ok && checked.kind === kind, endpoint);
  }
  const link = checkEndpoint("http://[::ffff:169.254.169.254]/", ["*:*"]);
  assert(!link.ok, "link-local is out whatever is allowed");
});
