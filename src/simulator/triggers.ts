/**
 * What a model name asks of the simulator. Any name is a model; one that ends
 * in a trigger (alone, or after `-`, `:`, `/`) shows a certain behaviour, and
 * `+` joins several: `echo`, `gpt-x-error-429`, `echo+cut-after-3`.
 *
 * | trigger | behaviour |
 * |---|---|
 * | `echo` | free text is the last user text, word by word |
 * | `tokens-N` | free text of exactly N tokens |
 * | `empty` | an answer without any content |
 * | `refusal` | the model declines |
 * | `redacted` | reasoning comes redacted (messages) |
 * | `error-S` | HTTP status S, 400 to 599, in the protocol's shape; `retry-after: 1` on 429, 503 and 529 |
 * | `error-429-retry-N` | the same with `retry-after: N` |
 * | `error-quota` | the account is out of money |
 * | `error-context` | the prompt is too long |
 * | `error-html` | 502 with an HTML page |
 * | `in-band-error`, `in-band-error-after-N` | 200, then an error event before any / after N pieces of content; a 200 with an error body where nothing is streamed |
 * | `stall` | never answers |
 * | `stall-after-N` | N pieces of content (0: the head and the opening events), then silence |
 * | `cut` | the connection breaks before the head |
 * | `cut-after-N` | the connection breaks after N pieces (without a stream: in the middle of the body) |
 * | `eof-after-N` | the body ends cleanly after N pieces, without its terminal event (without a stream: in the middle of the body) |
 * | `truncated-json` | the JSON body, or the last event of the stream, is cut in the middle; the body ends cleanly |
 * | `no-usage` | no usage is reported (messages: against the protocol) |
 * | `slow` | every delay ten times as long, at least 1 s to the first token and 50 ms per token |
 * | `split` | the body comes in slices of seven bytes, also inside characters |
 *
 * @module
 */

/** Where an answer goes wrong. `after` counts pieces of content. */
export type Fault =
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "quota" | "context" | "html" }
  | { readonly kind: "silent" | "reset" | "truncated-json" }
  | {
    readonly kind: "in-band" | "stall" | "cut" | "eof";
    readonly after: number;
  };

/** Everything that a model name asks for. */
export interface Triggers {
  /** Free text is the last user text. */
  echo: boolean;
  /** Exact length of free text, `null` for the settings' own. */
  tokens: number | null;
  /** No content at all. */
  empty: boolean;
  /** The model declines. */
  refusal: boolean;
  /** Reasoning is redacted. */
  redacted: boolean;
  /** Usage is left out. */
  noUsage: boolean;
  /** Delays are stretched. */
  slow: boolean;
  /** The body is sliced. */
  split: boolean;
  /** `retry-after` in seconds of an error status. */
  retryAfterSeconds: number;
  /** What goes wrong, `null` for nothing. */
  fault: Fault | null;
}

const TRIGGER_REGEXP =
  /(?:^|[-:/])(?<name>echo|empty|refusal|redacted|no-usage|slow|split|stall|cut|truncated-json|in-band-error|tokens-(?<tokens>\d{1,6})|error-(?:(?<status>[45]\d\d)(?:-retry-(?<retry>\d{1,5}))?|(?<special>quota|context|html))|(?<after>in-band-error|stall|cut|eof)-after-(?<count>\d{1,6}))$/;

/** Reads the triggers off a model name. */
export function parseTriggers(model: string): Triggers {
  const triggers: Triggers = {
    echo: false,
    tokens: null,
    empty: false,
    refusal: false,
    redacted: false,
    noUsage: false,
    slow: false,
    split: false,
    retryAfterSeconds: 1,
    fault: null,
  };
  for (const segment of model.split("+")) {
    const groups = TRIGGER_REGEXP.exec(segment)?.groups;
    if (groups !== undefined) applyTrigger(triggers, groups);
  }
  return triggers;
}

type Groups = { readonly [name: string]: string | undefined };

function applyTrigger(triggers: Triggers, groups: Groups): void {
  const { tokens, status, retry, special, after, count } = groups;
  if (tokens !== undefined) triggers.tokens = Number(tokens);
  else if (status !== undefined) {
    triggers.fault = { kind: "status", status: Number(status) };
    if (retry !== undefined) triggers.retryAfterSeconds = Number(retry);
  } else if (special !== undefined) {
    triggers.fault = { kind: special as "quota" | "context" | "html" };
  } else if (after !== undefined) {
    const kind = after === "in-band-error" ? "in-band" : after;
    triggers.fault = {
      kind: kind as "in-band" | "stall" | "cut" | "eof",
      after: Number(count),
    };
  } else applyPlainTrigger(triggers, groups["name"] ?? "");
}

function applyPlainTrigger(triggers: Triggers, name: string): void {
  switch (name) {
    case "echo":
    case "empty":
    case "refusal":
    case "redacted":
    case "slow":
    case "split":
      triggers[name] = true;
      break;
    case "no-usage":
      triggers.noUsage = true;
      break;
    case "stall":
      triggers.fault = { kind: "silent" };
      break;
    case "cut":
      triggers.fault = { kind: "reset" };
      break;
    case "truncated-json":
      triggers.fault = { kind: "truncated-json" };
      break;
    case "in-band-error":
      triggers.fault = { kind: "in-band", after: 0 };
      break;
  }
}
