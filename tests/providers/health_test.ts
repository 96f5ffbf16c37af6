import { assert, assertEquals } from "@std/assert";
import { HealthScores } from "../../src/providers/health.ts";
import { RunningAttempts } from "../../src/providers/running_attempts.ts";
import { FakeClock } from "../support/fake_clock.ts";
import {
  endAttempt,
  failed,
  newExchange,
  startAttempt,
} from "./driven_guard.ts";

const A = "openai/gpt";
const ANSWERED = { kind: "answered" } as const;

function scores(usability = 1) {
  const clock = new FakeClock(0);
  const health = new HealthScores(60_000, () => usability, clock);
  const attempt = (ok: boolean, firstContentMs = -1) => {
    const attempt = startAttempt(health, A);
    attempt.firstContentMs = firstContentMs;
    endAttempt(health, attempt, ok ? ANSWERED : failed("reset"), true);
  };
  return { clock, health, attempt };
}

Deno.test("HealthScores is 1 without data, below a half when down, and comes back with time", () => {
  const { clock, health, attempt } = scores();
  assertEquals(health.of("openai").score, 1);
  for (let row = 0; row < 20; row++) attempt(true);
  attempt(false);
  const once = health.of("openai").score;
  assert(once > 0.9 && once < 1, `one failure among many: ${once}`);
  for (let row = 0; row < 60; row++) attempt(false);
  assert(health.of("openai").score < 0.3);
  clock.advance(120_000);
  attempt(true);
  assert(health.of("openai").score < 0.5, "one answer is not enough");
  clock.advance(600_000);
  assert(health.of("openai").score > 0.9, "what is old hardly counts");
});

Deno.test("HealthScores does not count what the client brought about", () => {
  const { health } = scores();
  const endings = [
    { kind: "cancelled" } as const,
    failed("bad_request"),
    failed("context_length"),
  ];
  for (const outcome of endings) {
    endAttempt(health, startAttempt(health, A), outcome);
  }
  assertEquals(health.of("openai").attempts, 0);
  assertEquals(health.of("openai").score, 1);
});

Deno.test("HealthScores multiplies with breakers and keys", () => {
  const { health, attempt } = scores(0);
  attempt(true);
  assertEquals(health.of("openai").score, 0);
});

Deno.test("HealthScores falls when streams begin later than usual", () => {
  const { clock, health, attempt } = scores();
  for (let row = 0; row < 100; row++) {
    attempt(true, 200);
    clock.advance(6000);
  }
  assert(health.of("openai").score > 0.99);
  for (let row = 0; row < 40; row++) {
    attempt(true, 2000);
    clock.advance(6000);
  }
  const { score, firstContentMs } = health.of("openai");
  assert(score < 0.5, `${score}`);
  assert((firstContentMs ?? 0) > 1500);
});

Deno.test("RunningAttempts counts what runs by target and provider and tells when a provider is idle", () => {
  const running = new RunningAttempts();
  const idle: string[] = [];
  running.onIdle = (provider) => idle.push(provider);
  const exchange = newExchange();
  running.on({ type: "received", exchange });
  const one = startAttempt(running, A);
  const two = startAttempt(running, "openai/other");
  assertEquals(running.byProvider.get("openai"), 2);
  assertEquals(running.load(A, 4), 0.25);
  assert(running.load(A) > 0 && running.load(A) < 1);
  endAttempt(running, one, ANSWERED);
  assertEquals(idle, []);
  endAttempt(running, two, ANSWERED);
  assertEquals(idle, ["openai"]);
  assertEquals([...running.exchanges].length, 1);
  running.on({ type: "finished", exchange });
  assertEquals([...running.exchanges].length, 0);
  assertEquals(running.load(A), 0);
});
