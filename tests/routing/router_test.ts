/** Decisions: who is left out, groups, health, last resort, affinity, turns, explaining. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Decision } from "../../src/exchange/decision.ts";
import { invalidField } from "../../src/exchange/gateway_error.ts";
import { RequestFacts } from "../../src/routing/facts.ts";
import { Attempt, Exchange } from "../../src/exchange/exchange.ts";
import { providerProfile } from "../../src/providers/profile.ts";
import { knownTarget } from "../../src/routing/eligibility.ts";
import type {
  RoutingReaders,
  TargetHealth,
} from "../../src/routing/readers.ts";
import { mayAskFor, Router } from "../../src/routing/router.ts";
import { RoutingState } from "../../src/routing/routing_state.ts";
import { Sfc32 } from "../../src/support/random_source.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { configOf, factsFor, type Question, targetOf } from "./fixtures.ts";

function order({ order }: Decision): string {
  return order.map(({ target }) => target.id).join(" ");
}

function reasons({ excluded }: Decision): string[] {
  return excluded.map(({ target, reason }) => `${target.id}: ${reason}`);
}

function resting(given: Partial<TargetHealth & { usable: false }> = {}) {
  return {
    usable: false as const,
    reason: "cooling down",
    retryAfterMs: 5000,
    lastResort: false,
    rateLimited: false,
    ...given,
  };
}

/** A health reader over the targets that rest. */
function healthOf(
  rests: Record<string, TargetHealth>,
): Partial<RoutingReaders> {
  return { health: ({ id }) => rests[id] ?? { usable: true, note: null } };
}

// --- what a target cannot do -------------------------------------------------

const PICTURE: Question = {
  body: { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
};
const TOOLS = { tools: [{ type: "function", function: { name: "t" } }] };

const UNABLE: readonly [string, Record<string, unknown>, Question, string][] = [
  ["images", { images: false }, PICTURE, "It takes no images"],
  ["tools", { tools: false }, { body: TOOLS }, "It takes no tools"],
  [
    "forced tool choice",
    { forcedToolChoice: false },
    { body: { ...TOOLS, tool_choice: "required" } },
    "It cannot be forced to call a tool",
  ],
  [
    "streaming",
    { streaming: false },
    { body: { stream: true } },
    "It cannot stream",
  ],
  [
    "output limit",
    { maxOutputTokens: 100 },
    { body: { max_tokens: 101 } },
    "101 output tokens are asked for, its limit is 100",
  ],
  [
    "context",
    { contextTokens: 1000 },
    {
      body: { messages: [{ role: "user", content: "word ".repeat(2000) }] },
    },
    "The input has about",
  ],
];

for (const [what, settings, question, reason] of UNABLE) {
  Deno.test(`Router excludes a target for its ${what}, and takes it where nothing is asked of it`, () => {
    const config = configOf({
      providers: {
        a: { simulator: {}, modelSettings: { "x": settings } },
        b: { simulator: {} },
      },
      models: { m: { targets: ["a/x", "b/y"] } },
    });
    const router = new Router(config);
    const { decision } = router.explain(factsFor(question, config));
    assertEquals(order(decision), "b/y");
    assertStringIncludes(reasons(decision)[0] ?? "", `a/x: ${reason}`);
    const plain = router.explain(factsFor({}, config)).decision;
    assertEquals(order(plain), "a/x b/y");
  });
}

Deno.test("Router refuses with every reason when no target can take the request", () => {
  const config = configOf({
    providers: {
      a: { simulator: {}, modelSettings: { "*": { images: false } } },
    },
    models: { m: { targets: ["a/x", "a/y"] } },
  });
  const { decision } = new Router(config).explain(factsFor(PICTURE, config));
  assertEquals(decision.refusal?.status, 400);
  assertEquals(decision.refusal?.code, "no_capable_target");
  assertStringIncludes(
    decision.refusal?.message ?? "",
    "a/x: It takes no images; a/y: It takes no images",
  );
  assertEquals(decision.strategy, "none");
});

Deno.test("Router leaves an output limit to a provider whose edits cap it", () => {
  const config = configOf({
    providers: {
      a: {
        protocols: { chat: "http://up.example" },
        modelSettings: { "*": { maxOutputTokens: 10 } },
        edits: [{ cap: "max_tokens", at: 10 }],
      },
    },
    models: { m: { targets: ["a/x"] } },
  });
  const facts = factsFor({ body: { max_tokens: 99 } }, config);
  assertEquals(order(new Router(config).explain(facts).decision), "a/x");
});

Deno.test("Router excludes what a translation would lose only where onLoss is reject", () => {
  const sections = (onLoss: string) => ({
    providers: {
      a: {
        protocols: { chat: "http://up.example" },
        modelSettings: { "*": { sampling: false, thinking: "none" } },
      },
    },
    models: { m: { targets: ["a/x"], onLoss } },
  });
  const asked = (onLoss: string, endpoint: string, body = {}) => {
    const config = configOf(sections(onLoss));
    const facts = factsFor({ endpoint, body }, config);
    return order(new Router(config).explain(facts).decision);
  };
  const thinking = { thinking: { type: "adaptive" } };
  assertEquals(asked("reject", "/v1/messages", { temperature: 1 }), "");
  assertEquals(asked("reject", "/v1/messages", thinking), "");
  assertEquals(asked("reject", "/v1/messages"), "a/x");
  assertEquals(asked("header", "/v1/messages", { temperature: 1 }), "a/x");
  assertEquals(
    asked("reject", "/v1/chat/completions", { temperature: 1 }),
    "a/x",
  );
});

Deno.test("Router sends what is not translated only to providers of the client's protocol", () => {
  const config = configOf({
    providers: {
      chat: { protocols: { chat: "http://up.example" } },
      claude: { protocols: { messages: "http://up.example" } },
    },
    models: { m: { targets: ["chat/x", "claude/y"] } },
  });
  const router = new Router(config);
  const endpoint = "/v1/messages/count_tokens";
  const { decision } = router.explain(factsFor({ endpoint }, config));
  assertEquals(order(decision), "claude/y");
  assertStringIncludes(reasons(decision)[0] ?? "", "does not speak");
});

// --- groups and health -------------------------------------------------------

const GROUPS = {
  models: {
    m: {
      groups: [
        { targets: ["a/1", "a/2"] },
        { selector: "random", targets: ["a/2", "b/3"] },
      ],
    },
  },
};

Deno.test("Router puts the next group behind, and names a target once", () => {
  const config = configOf(GROUPS);
  const { decision } = new Router(config).explain(factsFor({}, config));
  assertEquals(order(decision), "a/1 a/2 b/3");
  assertEquals(decision.order.map(({ group }) => group), [0, 0, 1]);
  assertEquals(decision.strategy, "in_order");
});

Deno.test("Router leaves out targets that rest, and leads with the next group when all of one do", () => {
  const config = configOf(GROUPS);
  const readers = healthOf({ "a/1": resting(), "a/2": resting() });
  const router = new Router(config, { readers });
  const { decision } = router.explain(factsFor({}, config));
  assertEquals(order(decision), "b/3");
  assertEquals(decision.strategy, "random");
  assertEquals(reasons(decision), ["a/1: cooling down", "a/2: cooling down"]);
});

Deno.test("Router calls resting targets as a last resort, the one first that rests shortest", () => {
  const config = configOf(GROUPS);
  const readers = healthOf({
    "a/1": resting({ lastResort: true, retryAfterMs: 900 }),
    "a/2": resting({ lastResort: false }),
    "b/3": resting({ lastResort: true, retryAfterMs: 100 }),
  });
  const router = new Router(config, { readers });
  const { decision, notes } = router.explain(factsFor({}, config));
  assertEquals(order(decision), "b/3 a/1");
  assertEquals(reasons(decision), ["a/2: cooling down"]);
  assertStringIncludes(decision.order[0]?.reason ?? "", "Last resort");
  assertEquals(notes.lastResort, true);
});

Deno.test("Router refuses with 429 and the shortest rest when providers asked for it, else with 503", () => {
  const config = configOf(GROUPS);
  const refusal = (rateLimited: boolean) => {
    const readers = healthOf({
      "a/1": resting({ rateLimited: true, retryAfterMs: 7000 }),
      "a/2": resting({ rateLimited, retryAfterMs: 3000 }),
      "b/3": resting({ rateLimited: true, retryAfterMs: null }),
    });
    const router = new Router(config, { readers });
    return router.explain(factsFor({}, config)).decision.refusal;
  };
  assertEquals([refusal(true)?.status, refusal(true)?.retryAfterMs], [
    429,
    3000,
  ]);
  assertEquals(refusal(false)?.status, 503);
});

Deno.test("Router.admit() asks whether an attempt may begin, and says if it is the last resort", () => {
  const config = configOf({ models: { m: { targets: ["a/1"] } } });
  const asked: [string, boolean][] = [];
  let rests: TargetHealth = { usable: true, note: null };
  const router = new Router(config, {
    readers: {
      health: () => rests,
      admit: ({ id }, lastResort) => {
        asked.push([id, lastResort]);
        return lastResort;
      },
    },
  });
  const target = targetOf("a/1");
  assertEquals(
    router.admit(router.decide(factsFor({}, config)), target),
    false,
  );
  rests = resting({ lastResort: true });
  assertEquals(router.admit(router.decide(factsFor({}, config)), target), true);
  assertEquals(asked, [["a/1", false], ["a/1", true]]);
});

Deno.test("Router asks direct targets for capabilities and health too", () => {
  const config = configOf({
    providers: {
      a: { simulator: {}, modelSettings: { "*": { images: false } } },
    },
  });
  const readers = healthOf({ "a/2": resting() });
  const router = new Router(config, { readers });
  const ask = (model: string, body = {}) =>
    router.explain(factsFor({ body: { ...body, model } }, config)).decision;
  assertEquals(ask("a/1").strategy, "direct");
  assertEquals(ask("a/1", PICTURE.body).refusal?.status, 400);
  assertEquals(ask("a/2").refusal?.status, 503);
});

Deno.test("Router takes registered back ends by filter, places being preferences where the selector says so", () => {
  const config = configOf({
    models: {
      strict: {
        selector: "least_loaded",
        heads: { modelType: "small", region: "eu" },
      },
      geo: {
        selector: "geo_preferred",
        heads: { modelType: "small", region: "eu" },
      },
    },
  });
  const section = config.providers.get("a");
  assert(section !== undefined);
  const heads = [
    ["a/eu-small", "eu", "small"],
    ["a/us-small", "us", "small"],
    ["a/eu-large", "eu", "large"],
  ].map(([id = "", region = "", modelType = ""]) => ({
    ...knownTarget(targetOf(id), providerProfile("a", section)),
    region,
    modelType,
  }));
  const router = new Router(config, {
    readers: {
      heads: ({ modelType, region }) =>
        heads.filter((head) =>
          (modelType === null || head.modelType === modelType) &&
          (region === null || head.region === region)
        ),
    },
  });
  const ask = (model: string) =>
    router.explain(factsFor({ body: { model } }, config));
  assertEquals(order(ask("strict").decision), "a/eu-small");
  assertEquals(order(ask("geo").decision), "a/eu-small a/us-small");
  const { modelType, region } = ask("geo").notes;
  assertEquals([modelType, region], ["small", "eu"]);
  const none = new Router(config).explain(
    factsFor({ body: { model: "geo" } }, config),
  );
  assertEquals(none.decision.refusal?.status, 503);
});

// --- names -------------------------------------------------------------------

Deno.test("Router checks the allow-list on the requested name alone", () => {
  const config = configOf({
    clients: { ci: { keySha256: "0".repeat(64), models: ["fast"] } },
    models: { fast: { targets: ["a/x"] } },
  });
  const router = new Router(config);
  const ask = (model: string) =>
    router.explain(factsFor({ client: "ci", body: { model } }, config))
      .decision;
  assertEquals(order(ask("fast")), "a/x");
  assertEquals(ask("a/x").refusal?.status, 403);
  assertEquals(mayAskFor(config, "nobody", "a/x"), true);
});

Deno.test("Router finds a model that one provider lists, and asks which where several do", () => {
  const config = configOf({
    providers: {
      a: { simulator: {}, models: ["one", "both"] },
      b: { simulator: {}, models: ["both"] },
    },
  });
  const router = new Router(config);
  const ask = (model: string) =>
    router.explain(factsFor({ body: { model } }, config)).decision;
  assertEquals(order(ask("one")), "a/one");
  assertEquals(ask("one").resolvedBy, "listed");
  assertEquals(ask("both").refusal?.status, 404);
  assertStringIncludes(ask("both").refusal?.message ?? "", "a/both, b/both");
  assertEquals(ask("neither").refusal?.code, "model_not_found");
  assertEquals(ask("a/neither").refusal?.code, "model_not_found");
});

// --- affinity ----------------------------------------------------------------

const STICKY = {
  selector: "round_robin",
  targets: ["a/1", "a/2", "b/3"],
  affinity: { by: "prefix", ttlMs: 1000, maxEntries: 3 },
};

function stickyRouter(affinity: Record<string, unknown> = {}) {
  const clock = new FakeClock();
  const state = new RoutingState({ clock, random: Sfc32.seeded(1) });
  const config = configOf({
    models: { m: { ...STICKY, affinity: { ...STICKY.affinity, ...affinity } } },
  });
  const lookups: boolean[] = [];
  state.onAffinity = (hit) => lookups.push(hit);
  const rests: Record<string, TargetHealth> = {};
  const router = new Router(config, { state, readers: healthOf(rests) });
  const say = (first: string, headers = {}) =>
    router.decide(factsFor({
      body: { messages: [{ role: "user", content: first }] },
      headers,
    }, config));
  return { clock, state, config, router, lookups, rests, say };
}

function first(decision: Decision): string | undefined {
  return decision.order[0]?.target.id;
}

Deno.test("Router keeps a conversation on its target, and others take their turns", () => {
  const { say, lookups } = stickyRouter();
  assertEquals(
    ["x", "y", "x", "z", "x", "y"].map((text) => first(say(text))),
    ["a/1", "a/2", "a/1", "b/3", "a/1", "a/2"],
  );
  assertEquals(lookups, [false, false, true, false, true, true]);
  assertStringIncludes(say("x").order[0]?.reason ?? "", "Remembered");
  assertEquals(say("x").order.length, 3);
});

Deno.test("Router forgets a conversation after its time, each request beginning it anew", () => {
  const { say, clock, lookups } = stickyRouter();
  say("x");
  clock.advance(900);
  say("x");
  clock.advance(900);
  say("x");
  clock.advance(1000);
  say("x");
  assertEquals(lookups, [false, true, true, false]);
});

Deno.test("Router remembers the latest conversations alone, a bounded number", () => {
  const { say, lookups, state } = stickyRouter();
  for (const text of ["1", "2", "3", "1", "4"]) say(text);
  say("1");
  say("2");
  assertEquals(lookups, [false, false, false, true, false, true, false]);
  const table = state.table("m", {
    by: "prefix",
    header: null,
    ttlMs: 1000,
    maxEntries: 3,
  });
  assertEquals(table.size, 3);
});

Deno.test("Router takes no remembered target that rests or that another group must wait for", () => {
  const { say, rests, lookups } = stickyRouter();
  const before = first(say("x"));
  assertEquals(before, "a/1");
  rests["a/1"] = resting();
  const meanwhile = first(say("x"));
  assert(meanwhile !== "a/1");
  delete rests["a/1"];
  // The cache of the provider is now where the conversation went on.
  assertEquals(first(say("x")), meanwhile);
  assertEquals(lookups, [false, false, true]);
});

Deno.test("Router keeps requests together by a header, clients apart, those without one alone", () => {
  const { say, lookups, router, config } = stickyRouter({
    by: "header",
    header: "X-Session",
  });
  assertEquals(first(say("x", { "x-session": "s1" })), "a/1");
  assertEquals(first(say("y", { "x-session": "s1" })), "a/1");
  assertEquals(first(say("x")), "a/2");
  assertEquals(first(say("x", { "x-session": "s2" })), "b/3");
  assertEquals(lookups, [false, true, false]);
  const explained = router.explain(
    factsFor({ headers: { "x-session": "s1" } }, config),
  );
  assertEquals(explained.notes.affinity?.hit, true);
});

Deno.test("RoutingState follows a conversation to the target that answered", () => {
  const { say, state } = stickyRouter();
  const decision = say("x");
  assertEquals(order(decision).startsWith("a/1"), true);
  const exchange = new Exchange({
    id: "x",
    receivedAtMs: 0,
    startedMs: 0,
    endpoint: "/v1/messages",
    protocol: "messages",
    operation: "generate",
    client: { name: "local", tier: "default" },
    clientIp: "",
    clientRequestId: null,
  });
  exchange.decision = decision;
  const attempt = new Attempt(1, targetOf("b/3"), "messages", true, 0);
  attempt.outcome = { kind: "answered" };
  state.on({ type: "attempt-finished", exchange, attempt });
  assertEquals(first(say("x")), "b/3");
});

Deno.test("RoutingState outlives routers, and forgets aliases that are gone", () => {
  const { say, state, config } = stickyRouter();
  say("x");
  const again = new Router(config, { state });
  const facts = () =>
    factsFor({ body: { messages: [{ role: "user", content: "x" }] } }, config);
  assertEquals(again.explain(facts()).notes.affinity?.hit, true);
  state.retain(new Set(["m"]));
  assertEquals(again.explain(facts()).notes.affinity?.hit, true);
  state.retain(new Set());
  assertEquals(again.explain(facts()).notes.affinity?.hit, false);
});

// --- explaining --------------------------------------------------------------

Deno.test("Router.explain() takes no turn, draws nothing and remembers nothing", () => {
  const { say, router, config, lookups } = stickyRouter();
  const facts = () =>
    factsFor({ body: { messages: [{ role: "user", content: "q" }] } }, config);
  say("x");
  const explained = [1, 2, 3].map(() =>
    order(router.explain(facts()).decision)
  );
  assertEquals(new Set(explained).size, 1);
  assertEquals(order(router.decide(facts())), explained[0]);
  assertEquals(lookups.length, 2);
});

Deno.test("Router refuses a body that the scan takes and no parser does", () => {
  const config = configOf({ models: { m: STICKY } });
  const text = '{"model":"m","messages":[{"role":"user","content":"\\q"}]}';
  const body = new TextEncoder().encode(text);
  const facts = new RequestFacts({
    model: "m",
    protocol: "chat",
    operation: "generate",
    stream: false,
    client: { name: "local", tier: "default" },
    body,
    header: () => null,
    field: () => undefined,
    json: () => {
      throw invalidField("body", "Cannot read the body: it is not valid JSON");
    },
  });
  assertEquals(new Router(config).decide(facts).refusal?.status, 400);
});
