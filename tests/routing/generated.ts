/** Configs and requests drawn from a seed, for tests that compare explaining with deciding. @module */

import { SELECTOR_NAMES } from "../../src/config/schema/models.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { Sfc32 } from "../../src/support/random_source.ts";
import type { Question } from "./fixtures.ts";

/** Draws configs and requests; the same seed, the same ones. */
export class Generated {
  readonly #random: Sfc32;

  constructor(seed: number) {
    this.#random = Sfc32.seeded(seed);
  }

  /** A config of three providers, four aliases, some rules; `provider` is what each provider is. */
  config(provider: Record<string, unknown>): Record<string, unknown> {
    return {
      providers: {
        a: { ...provider, region: "eu", modelSettings: this.#settings() },
        b: { ...provider, modelType: "large" },
        c: { ...provider, models: ["only", "x"] },
      },
      models: Object.fromEntries(
        ["one", "two", "three", "four"].map((name) => [name, this.#alias()]),
      ),
      rules: this.#some(3, () => ({
        when: this.#when(),
        use: this.#pick(["one", "two", "b/ruled", "a/*"]),
      })).filter(distinctFrom),
      routing: {
        explorationRate: this.#pick([0, 0.05, 0.5]),
        onLoss: this.#pick(["header", "reject"]),
        retry: { maxAttempts: 1 },
      },
    };
  }

  /** A request of any protocol, most of which can be served. */
  question(): Question {
    const protocol = this.#pick(["chat", "messages", "responses"]);
    const content = this.#words(this.#chance(0.15) ? 900 : 5);
    const body: JsonObject = {
      model: this.#pick([
        "one",
        "one",
        "two",
        "three",
        "four",
        "a/direct",
        "c,only",
        "only",
        "nobody",
      ]),
      ...(this.#chance(0.3) ? { stream: true } : {}),
    };
    const headers = this.#chance(0.5)
      ? { "x-session": this.#pick(["s1", "s2", "s3"]) }
      : {};
    switch (protocol) {
      case "chat":
        return {
          endpoint: "/v1/chat/completions",
          headers,
          body: { ...body, ...this.#chatFields(content) },
        };
      case "messages":
        return {
          endpoint: "/v1/messages",
          headers,
          body: { ...body, ...this.#messagesFields(content) },
        };
      default:
        return {
          endpoint: "/v1/responses",
          headers,
          body: { ...body, input: content },
        };
    }
  }

  #alias(): Record<string, unknown> {
    const affinity = this.#pick([
      undefined,
      { by: "prefix" },
      { by: "header", header: "x-session" },
    ]);
    const groups = this.#some(2, () => this.#group());
    const place = groups.length > 0 ? { groups } : this.#group();
    return affinity === undefined ? place : { ...place, affinity };
  }

  #group(): Record<string, unknown> {
    const ids = ["a/plain", "a/small", "b/x", "b/y", "c/x"]
      .filter(() => this.#chance(0.6));
    const targets = (ids.length > 0 ? ids : ["b/x"]).map((target, index) => ({
      target,
      weight: index === 0 ? 1 : this.#pick([0, 1, 2.5]),
    }));
    return { selector: this.#pick(SELECTOR_NAMES), targets };
  }

  #settings(): Record<string, unknown> {
    return {
      "small": {
        images: false,
        tools: this.#chance(0.5),
        contextTokens: 500,
        maxOutputTokens: 50,
        streaming: this.#chance(0.5),
      },
    };
  }

  #when(): Record<string, unknown> {
    return this.#pick([
      { inputTokensOver: 400 },
      { tools: ["lookup"] },
      { endpoint: ["messages"], model: "t*" },
      { thinking: true },
      { images: true },
      { headers: { "x-session": "s1" } },
    ]);
  }

  #chatFields(content: string): JsonObject {
    const image = {
      type: "image_url",
      image_url: { url: "data:image/png;base64,iVBORw0KGgo=" },
    };
    const parts = this.#chance(0.2)
      ? [{ type: "text", text: content }, image]
      : content;
    return {
      messages: [{ role: "user", content: parts }],
      ...(this.#chance(0.3)
        ? {
          tools: [{
            type: "function",
            function: {
              name: "lookup",
              parameters: { type: "object", properties: {} },
            },
          }],
        }
        : {}),
      ...(this.#chance(0.2) ? { reasoning_effort: "low" } : {}),
    };
  }

  #messagesFields(content: string): JsonObject {
    return {
      max_tokens: this.#pick([20, 60, 200]),
      system: this.#pick(["be brief", "be long"]),
      messages: [{ role: "user", content }],
    };
  }

  #words(count: number): string {
    const word = this.#pick(["alpha", "beta"]);
    return Array.from({ length: count }, () => word).join(" ");
  }

  #some<T>(most: number, make: () => T): T[] {
    const count = Math.floor(this.#random.next() * (most + 1));
    return Array.from({ length: count }, make);
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#random.next() * items.length)];
    if (item === undefined && !items.includes(item as T)) {
      throw new RangeError("Cannot pick: the list is empty");
    }
    return item as T;
  }

  #chance(share: number): boolean {
    return this.#random.next() < share;
  }
}

/** Keeps the first of rules with the same conditions: the config refuses others. */
function distinctFrom(
  rule: { readonly when: unknown },
  index: number,
  all: readonly { readonly when: unknown }[],
): boolean {
  const text = JSON.stringify(rule.when);
  return all.findIndex((other) => JSON.stringify(other.when) === text) ===
    index;
}
