import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  TimerNode,
  type TimerOwner,
  Timers,
} from "../../src/support/timer_list.ts";
import { FakeClock } from "./fake_clock.ts";

class Owner implements TimerOwner {
  readonly expired: string[] = [];
  readonly idle = new TimerNode(this, "idle");
  readonly total = new TimerNode(this, "total");
  onTimer(node: TimerNode): void {
    this.expired.push(node.name);
  }
}

function setUp() {
  const clock = new FakeClock(1000);
  const errors: unknown[] = [];
  const timers = new Timers({ clock, onError: (error) => errors.push(error) });
  return { clock, timers, errors };
}

Deno.test("TimerList expires a node at its deadline and not before", () => {
  const { clock, timers } = setUp();
  const owner = new Owner();
  timers.list(200).add(owner.idle);
  clock.advance(199);
  assertEquals(owner.expired, []);
  clock.advance(1);
  assertEquals(owner.expired, ["idle"]);
  assertEquals(owner.idle.armed, false);
});

Deno.test("TimerList.add() arms an armed node again, also in another list", () => {
  const { clock, timers } = setUp();
  const owner = new Owner();
  timers.list(100).add(owner.idle);
  clock.advance(90);
  timers.list(100).add(owner.idle);
  clock.advance(90);
  timers.list(500).add(owner.idle);
  assertEquals([timers.list(100).size, timers.list(500).size], [0, 1]);
  clock.advance(499);
  assertEquals(owner.expired, []);
  clock.advance(1);
  assertEquals(owner.expired, ["idle"]);
});

Deno.test("Timers expire nodes of several lists in the order of their deadlines", () => {
  const { clock, timers } = setUp();
  const owner = new Owner();
  timers.list(1000).add(owner.total);
  timers.list(300).add(owner.idle);
  clock.advance(2000);
  assertEquals(owner.expired, ["idle", "total"]);
  assertEquals(clock.pending, 0);
});

Deno.test("TimerList.remove() takes out head, middle and tail and ignores strangers", () => {
  const { clock, timers } = setUp();
  const list = timers.list(50);
  const owners = Array.from({ length: 4 }, () => new Owner());
  for (const owner of owners) list.add(owner.idle);
  list.remove(owners[0]?.idle ?? fail());
  list.remove(owners[2]?.idle ?? fail());
  list.remove(owners[3]?.idle ?? fail());
  list.remove(owners[3]?.idle ?? fail());
  timers.list(60).remove(owners[1]?.idle ?? fail());
  assertEquals(list.size, 1);
  clock.advance(100);
  assertEquals(owners.map((owner) => owner.expired.length), [0, 1, 0, 0]);
});

function fail(): never {
  throw new Error("no such owner");
}

Deno.test("Timers set no timer per request under steady traffic", () => {
  const { clock, timers } = setUp();
  const list = timers.list(60_000);
  const owner = new Owner();
  for (let request = 0; request < 1000; request++) {
    list.add(owner.idle);
    clock.advance(1);
    list.remove(owner.idle);
  }
  assertEquals(clock.timersSet, 1);
});

Deno.test("Timers tell the others when an owner throws, and owners may arm again", () => {
  const { clock, timers, errors } = setUp();
  const list = timers.list(10);
  const bad: TimerOwner = {
    onTimer: () => {
      throw new Error("bad owner");
    },
  };
  const again = {
    count: 0,
    onTimer(node: TimerNode): void {
      if (++this.count < 3) list.add(node);
    },
  };
  list.add(new TimerNode(bad, "bad"));
  list.add(new TimerNode(again, "again"));
  clock.advance(100);
  assertEquals([errors.length, again.count], [1, 3]);
});

Deno.test("Timers.list() gives one list per duration, and 0 switches a timeout off", () => {
  const { clock, timers } = setUp();
  assertStrictEquals(timers.list(5), timers.list(5));
  const owner = new Owner();
  timers.list(5).add(owner.idle);
  timers.list(0).add(owner.idle);
  assertEquals([owner.idle.armed, timers.size], [false, 0]);
  clock.advance(1e6);
  assertEquals(owner.expired, []);
  assertThrows(() => timers.list(-1), RangeError, "durationMs is -1");
});

Deno.test("Timers.dispose() forgets every node and leaves no timer behind", () => {
  const { clock, timers } = setUp();
  const owner = new Owner();
  timers.list(5).add(owner.idle);
  timers[Symbol.dispose]();
  timers.list(5).add(owner.total);
  assertEquals(clock.pending, 0);
  clock.advance(100);
  assertEquals(owner.expired, []);
});

Deno.test("Timers work on the real clock", async () => {
  const { promise, resolve } = Promise.withResolvers<TimerNode>();
  using timers = new Timers({ onError: () => {} });
  const node = new TimerNode({ onTimer: resolve }, "real");
  timers.list(5).add(node);
  assert(await promise === node);
});
