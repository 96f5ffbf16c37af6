import { assertEquals } from "@std/assert";
import FakeTimers from "@sinonjs/fake-timers";
import type { GatewayError } from "../../src/exchange/gateway_error.ts";
import {
  Admission,
  type AdmissionLimits,
  type Applicant,
} from "../../src/http/admission.ts";

const LIMITS: AdmissionLimits = {
  maxConcurrent: 2,
  queueLength: 2,
  queueWaitMs: 1000,
  maxRssBytes: 0,
  shedAtLoopDelayMs: 500,
};

class Request implements Applicant {
  readonly clientConcurrent: number;
  readonly clientName: string;
  state = "new";

  constructor(clientName = "a", clientConcurrent = 0) {
    this.clientName = clientName;
    this.clientConcurrent = clientConcurrent;
  }

  onAdmitted(): void {
    this.state = "admitted";
  }

  onRefused(error: GatewayError): void {
    this.state = `refused ${error.status}`;
  }
}

function admission(limits: Partial<AdmissionLimits> = {}): {
  admission: Admission;
  heard: string[];
  enter: (request: Request) => string;
} {
  const heard: string[] = [];
  const made = new Admission(
    { ...LIMITS, ...limits },
    (limit) => heard.push(limit),
  );
  const enter = (request: Request) => {
    const place = made.enter(request);
    if (place === true) return "admitted";
    return place === null ? "waits" : `${place.error.status} ${place.limit}`;
  };
  return { admission: made, heard, enter };
}

Deno.test("Admission.enter() admits, queues, then refuses", () => {
  const clock = FakeTimers.install();
  try {
    const { enter } = admission();
    assertEquals(
      Array.from({ length: 5 }, () => enter(new Request())),
      ["admitted", "admitted", "waits", "waits", "503 maxConcurrent"],
    );
  } finally {
    clock.uninstall();
  }
});

Deno.test("Admission.leave() lets the longest waiting run", () => {
  const clock = FakeTimers.install();
  try {
    const { admission: made, enter } = admission({ maxConcurrent: 1 });
    const [first, second, third] = [1, 2, 3].map(() => new Request());
    if (!first || !second || !third) throw new Error("Cannot happen");
    enter(first);
    enter(second);
    enter(third);
    made.leave(first);
    assertEquals([second.state, third.state], ["admitted", "new"]);
    made.leave(second);
    assertEquals(third.state, "admitted");
    made.leave(third);
    assertEquals([made.running, made.waiting], [0, 0]);
    clock.tick(5000);
    assertEquals(third.state, "admitted");
  } finally {
    clock.uninstall();
  }
});

Deno.test("Admission refuses who waited for queueWaitMs", () => {
  const clock = FakeTimers.install();
  try {
    const { admission: made, enter, heard } = admission({ maxConcurrent: 1 });
    enter(new Request());
    const late = new Request("b", 1);
    enter(late);
    clock.tick(999);
    assertEquals(late.state, "new");
    clock.tick(1);
    assertEquals([late.state, heard], ["refused 503", ["queueWaitMs"]]);
    assertEquals(made.waiting, 0);
    // Its client's place is free again.
    assertEquals(enter(new Request("b", 1)), "waits");
  } finally {
    clock.uninstall();
  }
});

Deno.test("Admission counts each client's requests, waiting ones too", () => {
  const clock = FakeTimers.install();
  try {
    const { admission: made, enter } = admission();
    const first = new Request("a", 2);
    assertEquals(enter(first), "admitted");
    enter(new Request("b"));
    assertEquals(enter(new Request("a", 2)), "waits");
    assertEquals(enter(new Request("a", 2)), "429 clientConcurrent");
    assertEquals(enter(new Request("c", 2)), "waits");
    made.leave(first);
    assertEquals(enter(new Request("a", 2)), "waits");
  } finally {
    clock.uninstall();
  }
});

Deno.test("Admission.abandon() takes a request out of the queue once", () => {
  const clock = FakeTimers.install();
  try {
    const { admission: made, enter } = admission({ maxConcurrent: 1 });
    enter(new Request());
    const gone = new Request();
    enter(gone);
    made.abandon(gone);
    made.abandon(gone);
    clock.tick(5000);
    assertEquals([gone.state, made.waiting], ["new", 0]);
  } finally {
    clock.uninstall();
  }
});

Deno.test("Admission takes 0 as no limit, and no queue for queueLength 0", () => {
  const open = admission({ maxConcurrent: 0 });
  for (let index = 0; index < 1000; index++) {
    assertEquals(open.enter(new Request()), "admitted");
  }
  const closed = admission({ maxConcurrent: 1, queueLength: 0 });
  closed.enter(new Request());
  assertEquals(closed.enter(new Request()), "503 maxConcurrent");
});

Deno.test("Admission.update() with more places lets waiting requests run", () => {
  const clock = FakeTimers.install();
  try {
    const { admission: made, enter } = admission({ maxConcurrent: 1 });
    enter(new Request());
    const waiting = new Request();
    enter(waiting);
    made.update({ ...LIMITS, maxConcurrent: 5 });
    assertEquals(waiting.state, "admitted");
  } finally {
    clock.uninstall();
  }
});

Deno.test("Admission.observe() sheds after two seconds of loop delay, not after a hiccup", () => {
  const { admission: made, enter } = admission();
  made.observe(1000, 600, 0);
  assertEquals(enter(new Request()), "admitted");
  made.observe(1800, 10, 0);
  made.observe(2600, 700, 0);
  made.observe(3400, 700, 0);
  assertEquals(made.shedding, null);
  made.observe(4200, 700, 0);
  assertEquals(enter(new Request()), "503 shedAtLoopDelayMs");
  made.observe(4300, 0, 0);
  assertEquals(made.shedding, null);
});

Deno.test("Admission.observe() sheds while memory is above the limit", () => {
  const { admission: made, enter } = admission({ maxRssBytes: 100 });
  made.observe(0, 0, 101);
  assertEquals(enter(new Request()), "503 maxRssBytes");
  made.observe(0, 0, 100);
  assertEquals(enter(new Request()), "admitted");
});
