import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { keyName } from "../../src/providers/key_ring.ts";
import {
  DrivenGuard,
  failed,
  newExchange,
  ROUTING,
  target,
} from "./driven_guard.ts";

const A = "openai/gpt";
const ANSWERED = { kind: "answered" } as const;

Deno.test("TargetGuard leaves a target out after failures in a row, lets one of 64 probe it, and readmits it", () => {
  const driven = new DrivenGuard();
  for (let row = 0; row < 5; row++) {
    assert(driven.usable(A));
    driven.attempt(A, failed("server_error"));
  }
  const out = driven.guard.health(target(A));
  assert(!out.usable);
  assertStringIncludes(out.reason, "Circuit open until 2027-01-15T08:00:30");
  assertEquals(out.retryAfterMs, 30_000);
  assert(out.lastResort && !out.rateLimited);
  assertEquals(driven.begin(A), null);
  driven.clock.advance(30_000);
  const probes = Array.from({ length: 64 }, () => driven.begin(A))
    .filter((attempt) => attempt !== null);
  assertEquals(probes.length, 1);
  assert(!driven.usable(A), "the others are told that one is under way");
  const [probe] = probes;
  assert(probe);
  driven.end(probe, ANSWERED);
  assert(driven.usable(A));
  assertEquals(driven.transitions, [
    `${A} open`,
    `${A} half_open`,
    `${A} closed`,
  ]);
});

Deno.test("TargetGuard does not count what the client brought about", () => {
  const driven = new DrivenGuard();
  for (let row = 0; row < 50; row++) {
    driven.attempt(A, { kind: "cancelled" });
    driven.attempt(A, failed("bad_request", { upstreamStatus: 400 }));
    driven.attempt(A, failed("deadline"));
  }
  assert(driven.usable(A));
  for (let row = 0; row < 5; row++) driven.attempt(A, failed("reset"));
  driven.clock.advance(30_000);
  const probe = driven.begin(A);
  assert(probe);
  driven.end(probe, { kind: "cancelled" });
  assert(driven.begin(A), "a cancelled probe gives its place back");
});

Deno.test("TargetGuard readmits a target as soon as a probe brings content, and counts how the stream then ends", () => {
  const driven = new DrivenGuard();
  for (let row = 0; row < 5; row++) driven.attempt(A, failed("reset"));
  driven.clock.advance(30_000);
  const probe = driven.begin(A);
  assert(probe);
  const exchange = newExchange(true);
  driven.guard.on({ type: "first-content", exchange, attempt: probe });
  assert(driven.usable(A));
  driven.end(probe, failed("stream_broken"));
  assertEquals(driven.guard.views()[0]?.failures, 1);
  assert(driven.usable(A), "one failure does not open it");
});

Deno.test("TargetGuard rests no other model where a provider without keys refuses one", () => {
  const driven = new DrivenGuard();
  const ring = driven.guard.makeRing("openai", []);
  driven.guard.useRings(new Map([["openai", ring]]));
  driven.attempt(A, failed("auth", { upstreamStatus: 401 }));
  assert(!driven.usable(A));
  assert(driven.usable("openai/other"));
});

Deno.test("TargetGuard calls the last resort although everything rests", () => {
  const driven = new DrivenGuard();
  for (let row = 0; row < 5; row++) driven.attempt(A, failed("reset"));
  const attempt = driven.begin(A, -1, true);
  assert(attempt);
  driven.end(attempt, ANSWERED);
  assert(driven.usable(A));
});

Deno.test("TargetGuard gives back the place of an attempt that was admitted but never made", () => {
  const driven = new DrivenGuard();
  for (let row = 0; row < 5; row++) driven.attempt(A, failed("reset"));
  driven.clock.advance(30_000);
  assert(driven.guard.admit(target(A), false));
  assert(driven.begin(A), "the next one takes the place");
});

Deno.test("TargetGuard rests a limited target for Retry-After, else by its class and longer each time, at most as configured", () => {
  const driven = new DrivenGuard();
  driven.guard.useRings(
    new Map([["openai", driven.guard.makeRing("openai", [])]]),
  );
  const wait = () => {
    const health = driven.guard.health(target(A));
    return health.usable ? 0 : health.retryAfterMs;
  };
  driven.attempt(A, failed("rate_limited", { retryAfterMs: 7000 }));
  assertEquals(wait(), 7000);
  assert(driven.usable("openai/other"), "a limit is the model's own");
  driven.clock.advance(7000);
  assert(driven.usable(A), "no probe is needed");
  driven.attempt(A, failed("rate_limited"));
  assertEquals(wait(), 60_000, "the second time in a row");
  driven.clock.advance(60_000);
  driven.attempt(A, ANSWERED);
  driven.attempt(A, failed("rate_limited"));
  assertEquals(wait(), 30_000, "an answer ends the row");
  driven.clock.advance(30_000);
  driven.attempt(A, failed("rate_limited", { retryAfterMs: 1e12 }));
  assertEquals(wait(), ROUTING.cooldownMs.max);
  const health = driven.guard.health(target(A));
  assert(!health.usable && health.rateLimited);
});

Deno.test("TargetGuard rests a target that answers 503 with Retry-After", () => {
  const driven = new DrivenGuard();
  driven.attempt(A, failed("overloaded", { retryAfterMs: 4000 }));
  assert(!driven.usable(A));
  driven.clock.advance(4000);
  assert(driven.usable(A));
});

Deno.test("TargetGuard rests keys one by one and leaves the target out only when all of them rest", () => {
  const driven = new DrivenGuard();
  const ring = driven.guard.makeRing("openai", ["one", "two"]);
  driven.guard.useRings(new Map([["openai", ring]]));
  const now = () => driven.clock.nowMs;
  assertEquals([ring.take("gpt", now()), ring.take("gpt", now())], [0, 1]);
  driven.attempt(A, failed("auth", { upstreamStatus: 401 }), 0);
  assert(driven.usable(A));
  assert(driven.guard.hasOtherKey(target(A)));
  assertEquals([ring.take("gpt", now()), ring.take("gpt", now())], [1, 1]);
  driven.attempt(A, failed("quota", { upstreamStatus: 402 }), 1);
  const health = driven.guard.health(target(A));
  assert(!health.usable);
  assertEquals(health.retryAfterMs, ROUTING.cooldownMs.auth, "the sooner one");
  assert(!driven.guard.hasOtherKey(target(A)));
  assertEquals(ring.take("gpt", now()), 0, "the one whose rest ends first");
  assert(!driven.usable("openai/other"), "a refused key is refused for all");
  const names = driven.guard.views().filter(({ kind }) => kind === "key")
    .map(({ name, reason }) => `${name} ${reason}`);
  assertEquals(names, ["openai#0 auth", "openai#1 quota"]);
  driven.guard.reset(target(A));
  assert(driven.usable(A));
});

Deno.test("TargetGuard takes a 403 for the model's own", () => {
  const driven = new DrivenGuard();
  const ring = driven.guard.makeRing("openai", ["one"]);
  driven.guard.useRings(new Map([["openai", ring]]));
  driven.attempt(A, failed("auth", { upstreamStatus: 403 }), 0);
  assert(!driven.usable(A));
  assert(driven.usable("openai/other"));
});

Deno.test("TargetGuard switched off leaves nobody out, but still turns to the next key", () => {
  const driven = new DrivenGuard({
    breaker: { ...ROUTING.breaker, enabled: false },
  });
  const ring = driven.guard.makeRing("openai", ["one", "two"]);
  driven.guard.useRings(new Map([["openai", ring]]));
  for (let row = 0; row < 50; row++) {
    assert(driven.attempt(A, failed("server_error"), 0));
  }
  driven.attempt(A, failed("auth", { upstreamStatus: 401 }), 0);
  driven.attempt(A, failed("auth", { upstreamStatus: 401 }), 1);
  assert(driven.usable(A));
  assertEquals(driven.guard.usability("openai"), 1);
  driven.guard.reset(null);
  driven.attempt(A, failed("auth", { upstreamStatus: 401 }), 0);
  assertEquals(ring.take("gpt", driven.clock.nowMs), 1);
});

Deno.test("TargetGuard rests targets and keys for their time, whatever the wall clock is set to", () => {
  const driven = new DrivenGuard();
  const ring = driven.guard.makeRing("openai", [keyName("sk-one")]);
  driven.guard.useRings(new Map([["openai", ring]]));
  for (let row = 0; row < 5; row++) driven.attempt("other/x", failed("reset"));
  driven.attempt(
    "openai/b",
    failed("rate_limited", { retryAfterMs: 20_000 }),
    0,
  );
  for (const offsetMs of [3_600_000, -3_600_000]) {
    driven.clock.wallOffsetMs = offsetMs;
    const left = [target("other/x"), target("openai/b")].map((one) => {
      const health = driven.guard.health(one);
      return health.usable ? 0 : health.retryAfterMs;
    });
    assertEquals(left, [30_000, 20_000], `the clock is ${offsetMs} ms off`);
  }
  driven.clock.advance(20_000);
  assert(driven.guard.health(target("openai/b")).usable);
  assert(!driven.guard.health(target("other/x")).usable);
  driven.clock.advance(10_000);
  assert(driven.begin("other/x"));
});

Deno.test("TargetGuard survives a restart: open breakers and resting keys, by wall clock", () => {
  const before = new DrivenGuard();
  const keys = [keyName("sk-one"), keyName("sk-two")];
  before.guard.useRings(
    new Map([["openai", before.guard.makeRing("openai", keys)]]),
  );
  for (let row = 0; row < 5; row++) before.attempt(A, failed("reset"));
  before.attempt("openai/b", failed("auth", { upstreamStatus: 401 }), 1);
  const kept = JSON.parse(JSON.stringify(before.guard.memory()));
  assert(!JSON.stringify(kept).includes("sk-"), "no key, not even in part");

  const after = new DrivenGuard();
  after.clock.advance(10_000);
  after.guard.restore(kept);
  // The keys were swapped meanwhile: the rest belongs to the key, not to its place.
  const ring = after.guard.makeRing("openai", keys.toReversed());
  after.guard.useRings(new Map([["openai", ring]]));
  const health = after.guard.health(target(A));
  assert(!health.usable);
  assertEquals(health.retryAfterMs, 20_000);
  const { nowMs } = after.clock;
  assertEquals([ring.take("b", nowMs), ring.take("b", nowMs)], [1, 1]);
  after.clock.advance(20_000);
  assert(after.begin(A));
  assert(!after.begin(A), "probed before it is readmitted");
});

Deno.test("TargetGuard keeps its state when a config is replaced, and forgets providers that are gone", () => {
  const driven = new DrivenGuard();
  for (let row = 0; row < 5; row++) driven.attempt(A, failed("reset"));
  driven.guard.update({
    ...ROUTING,
    breaker: { ...ROUTING.breaker, openMs: 1 },
  });
  assert(!driven.usable(A));
  driven.guard.retain((provider) => provider !== "openai");
  assert(driven.usable(A));
});
