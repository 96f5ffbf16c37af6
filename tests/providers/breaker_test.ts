import { assert, assertEquals } from "@std/assert";
import {
  Breaker,
  type BreakerSettings,
  type BreakerState,
} from "../../src/providers/breaker.ts";

const SETTINGS: BreakerSettings = {
  consecutiveFailures: 3,
  failureRatio: 0.5,
  minRequests: 10,
  windowMs: 10_000,
  openMs: 1000,
  maxOpenMs: 3000,
  halfOpenProbes: 1,
};

class Driven {
  nowMs = 5000;
  readonly heard: BreakerState[] = [];
  readonly breaker: Breaker;

  constructor(settings: Partial<BreakerSettings> = {}) {
    this.breaker = new Breaker(
      { ...SETTINGS, ...settings },
      this.nowMs,
      (state) => this.heard.push(state),
    );
  }

  get state(): BreakerState {
    return this.breaker.state(this.nowMs);
  }

  begin(force = false) {
    return this.breaker.take(this.nowMs, force);
  }

  attempt(
    verdict: "answered" | "failed" | "nothing",
    openMs?: number,
  ): boolean {
    const permit = this.begin();
    if (permit === null) return false;
    this.breaker.settle(permit, verdict, this.nowMs, openMs, "server_error");
    return true;
  }
}

Deno.test("Breaker walks through closed, open, half-open and back, its rests twice as long each time up to the most", () => {
  const driven = new Driven();
  driven.attempt("failed");
  driven.attempt("failed");
  driven.attempt("answered");
  driven.attempt("failed");
  driven.attempt("failed");
  assertEquals(driven.state, "closed", "an answer ends the row");
  driven.attempt("failed");
  assertEquals(driven.state, "open");
  assertEquals(driven.breaker.retryAtMs, 6000);
  assertEquals(driven.breaker.reason, "server_error");
  assert(!driven.attempt("answered"), "nobody gets through");
  for (const restMs of [1000, 2000, 3000, 3000]) {
    driven.nowMs += restMs - 1;
    assertEquals(driven.state, "open");
    driven.nowMs += 1;
    assertEquals(driven.state, "half_open");
    assert(driven.attempt("failed"), "one probe");
    assertEquals(driven.state, "open");
  }
  driven.nowMs += 3000;
  assert(driven.attempt("answered"));
  assertEquals(driven.state, "closed");
  for (let row = 0; row < 3; row++) driven.attempt("failed");
  assertEquals(driven.breaker.retryAtMs - driven.nowMs, 1000, "begins anew");
  assertEquals(driven.heard.slice(0, 3), ["open", "half_open", "open"]);
  assertEquals(driven.heard.slice(-2), ["closed", "open"]);
});

Deno.test("Breaker lets exactly as many probes through as configured, however many ask", () => {
  for (const halfOpenProbes of [1, 3]) {
    const driven = new Driven({ halfOpenProbes });
    for (let row = 0; row < 3; row++) driven.attempt("failed");
    driven.nowMs += 1000;
    const permits = Array.from({ length: 64 }, () => driven.begin())
      .filter((permit) => permit !== null);
    assertEquals(permits.length, halfOpenProbes);
    const [first, ...others] = permits;
    assert(first);
    driven.breaker.settle(first, "nothing", driven.nowMs);
    const again = driven.begin();
    assert(again, "a probe that says nothing gives its place back");
    for (const permit of [again, ...others]) {
      assertEquals(driven.state, "half_open");
      driven.breaker.settle(permit, "answered", driven.nowMs);
    }
    assertEquals(driven.state, "closed");
  }
});

Deno.test("Breaker opens by the share of failures once there were enough attempts in the window", () => {
  const driven = new Driven({ consecutiveFailures: 100 });
  for (let pair = 0; pair < 4; pair++) {
    driven.attempt("answered");
    driven.attempt("failed");
  }
  driven.attempt("answered");
  assertEquals(driven.state, "closed", "nine attempts are not enough");
  driven.nowMs += 11_000;
  for (let pair = 0; pair < 4; pair++) driven.attempt("failed");
  assertEquals(driven.state, "closed", "the window has moved on");
  for (let pair = 0; pair < 5; pair++) driven.attempt("answered");
  driven.attempt("failed");
  assertEquals(driven.state, "open");
});

Deno.test("Breaker takes nothing from attempts that began before it opened", () => {
  const driven = new Driven();
  const permits = Array.from({ length: 64 }, () => driven.begin());
  for (const permit of permits.slice(0, 60)) {
    assert(permit);
    driven.breaker.settle(permit, "failed", driven.nowMs);
  }
  assertEquals(driven.breaker.retryAtMs - driven.nowMs, 1000, "once, not 57x");
  const late = permits[63];
  assert(late);
  driven.breaker.settle(late, "answered", driven.nowMs);
  assertEquals(driven.state, "open");
});

Deno.test("Breaker closes when a call that was made as the last resort is answered", () => {
  const driven = new Driven();
  for (let row = 0; row < 3; row++) driven.attempt("failed");
  const failed = driven.begin(true);
  const answered = driven.begin(true);
  assert(failed && answered);
  driven.breaker.settle(failed, "failed", driven.nowMs);
  assertEquals(driven.breaker.retryAtMs - driven.nowMs, 1000, "no longer");
  driven.nowMs += 1000;
  assertEquals(driven.state, "half_open");
  driven.breaker.settle(answered, "answered", driven.nowMs);
  assertEquals(driven.state, "closed");
});

Deno.test("Breaker rests for as long as a provider asks and needs no probe afterwards", () => {
  const driven = new Driven();
  driven.breaker.rest(driven.nowMs + 700, driven.nowMs, "overloaded");
  assertEquals(driven.state, "open");
  driven.breaker.rest(driven.nowMs + 300, driven.nowMs, "overloaded");
  assertEquals(driven.breaker.retryAtMs - driven.nowMs, 700, "never shorter");
  driven.nowMs += 700;
  assertEquals(driven.state, "closed");
  assert(driven.begin() && driven.begin());
});

Deno.test("Breaker opens for the time of the failure's class where that is shorter", () => {
  const driven = new Driven();
  for (let row = 0; row < 3; row++) driven.attempt("failed", 200);
  assertEquals(driven.breaker.retryAtMs - driven.nowMs, 200);
});

Deno.test("Breaker goes on after a restart where it was", () => {
  const before = new Driven();
  for (let row = 0; row < 3; row++) before.attempt("failed");
  const memory = before.breaker.memory(before.nowMs);
  assert(memory);
  const after = new Driven();
  after.breaker.restore(memory, after.nowMs);
  assertEquals(after.state, "open");
  after.nowMs += 5000;
  assertEquals(after.state, "half_open", "probed before it is admitted");
  after.attempt("failed");
  assertEquals(after.breaker.retryAtMs - after.nowMs, 2000, "the second time");
});
