import { assert, assertEquals } from "@std/assert";
import {
  ClientWindow,
  limitHeaders,
  MinuteWindow,
} from "../../src/accounting/rate_limits.ts";

Deno.test("MinuteWindow never lets more than the limit into any sixty seconds", () => {
  const window = new MinuteWindow();
  const taken: number[] = [];
  let seed = 1;
  let nowMs = 1_000_000.5;
  for (let step = 0; step < 20_000; step++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    nowMs += seed % 400;
    if (window.sum(nowMs) + 1 > 30) continue;
    window.add(1, nowMs);
    taken.push(nowMs);
  }
  assert(taken.length > 500);
  for (const [index, atMs] of taken.entries()) {
    const later = taken[index + 30];
    assert(later === undefined || later - atMs >= 60_000);
  }
});

Deno.test("MinuteWindow tells when there will be room, and then there is", () => {
  const window = new MinuteWindow();
  for (const atMs of [100, 20_000, 40_000]) window.add(1, atMs);
  assertEquals(window.msUntil(3, 41_000), 0);
  const waitMs = window.msUntil(2, 41_000);
  assertEquals(window.sum(41_000 + waitMs - 1), 3);
  assertEquals(window.sum(41_000 + waitMs), 2);
  assertEquals(window.sum(200_000), 0);
});

Deno.test("MinuteWindow.msUntil() is the least wait after which it fits, whatever was counted", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const window = new MinuteWindow();
    let nowMs = random(100_000);
    for (let count = random(60); count >= 0; count--) {
      nowMs += random(3000);
      window.add(random(5), nowMs);
    }
    const most = random(60);
    const waitMs = window.msUntil(most, nowMs);
    if (window.sum(nowMs) <= most) assertEquals(waitMs, 0);
    else {
      assert(waitMs > 0);
      // Looked at again slot by slot, it must not have fitted before.
      for (let early = 0; early < waitMs - 1; early += 250) {
        assert(window.sum(nowMs + early) > most);
      }
      assert(window.sum(nowMs + waitMs - 0.5) > most);
      assert(window.sum(nowMs + waitMs) <= most);
    }
  }
});

Deno.test("ClientWindow refuses the request too many, says when to come back and counts only what it let in", () => {
  const client = new ClientWindow();
  const limits = { requestsPerMinute: 2, tokensPerMinute: 0 };
  assertEquals(client.enter(limits, 0, 0).refusedBy, null);
  assertEquals(client.enter(limits, 0, 1000).requests?.remaining, 0);
  const refused = client.enter(limits, 0, 2000);
  assertEquals(refused.refusedBy, "requests");
  const retryMs = refused.retryAfterMs ?? 0;
  assertEquals(
    client.enter(limits, 0, 2000 + retryMs - 1).refusedBy,
    "requests",
  );
  assertEquals(client.enter(limits, 0, 2000 + retryMs).refusedBy, null);
});

Deno.test("ClientWindow counts tokens by estimate and corrects them afterwards", () => {
  const client = new ClientWindow();
  const limits = { requestsPerMinute: 0, tokensPerMinute: 100 };
  assertEquals(client.enter(limits, 20, 0).tokens?.remaining, 80);
  client.correct(130, 500, 0);
  const refused = client.enter(limits, 20, 1000);
  assertEquals(refused.refusedBy, "tokens");
  assertEquals(refused.tokens?.remaining, 0);
  assertEquals(client.enter(limits, 20, 60_250).refusedBy, null);
  const tooLarge = client.enter(limits, 101, 200_000);
  assertEquals([tooLarge.refusedBy, tooLarge.retryAfterMs], ["tokens", null]);
});

Deno.test("limitHeaders() speaks the words of each protocol", () => {
  const client = new ClientWindow();
  const limits = { requestsPerMinute: 10, tokensPerMinute: 1000 };
  const check = client.enter(limits, 100, 0);
  assertEquals(limitHeaders(check, false, 0), [
    "x-ratelimit-limit-requests",
    "10",
    "x-ratelimit-remaining-requests",
    "9",
    "x-ratelimit-reset-requests",
    "1m0.25s",
    "x-ratelimit-limit-tokens",
    "1000",
    "x-ratelimit-remaining-tokens",
    "900",
    "x-ratelimit-reset-tokens",
    "1m0.25s",
  ]);
  const [name, , , , reset, at] = limitHeaders(check, true, 1000);
  assertEquals(name, "anthropic-ratelimit-requests-limit");
  assertEquals(reset, "anthropic-ratelimit-requests-reset");
  assertEquals(at, "1970-01-01T00:01:02Z");
});
