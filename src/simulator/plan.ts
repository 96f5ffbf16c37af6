/**
 * Decides what a task is answered: reasoning, text, calls, where it stops and
 * what it counts. Nothing but the task, the settings and a seeded random
 * stream goes into it.
 *
 * @module
 */

import { schemaValue } from "./schema_value.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { sampleDistribution, type SimulatorSettings } from "./settings.ts";
import type { Task, TaskTool, ToolOutcome } from "./task.ts";
import { cutAtStop, jsonPieces, seededPieces, wordPieces } from "./text.ts";
import type { Triggers } from "./triggers.ts";

/** One block of an answer, in pieces of one token each. */
export interface PlanBlock {
  /** What it is. */
  readonly kind: "reasoning" | "text" | "refusal" | "call";
  /** Its content. */
  readonly pieces: readonly string[];
  /** The tool that is called, `null` for all but calls. */
  readonly tool: TaskTool | null;
  /** Letters and digits for the ids of this block. */
  readonly idSuffix: string;
  /** False where the token limit cut it. */
  readonly complete: boolean;
}

/** How an answer ends. */
export type PlanFinish =
  | "stop"
  | "stop-sequence"
  | "length"
  | "tool-calls"
  | "refusal";

/** What an answer consumes. */
export interface PlanUsage {
  /** Everything billed as prompt. */
  readonly input: number;
  /** The part of it that came from a cache. */
  readonly cacheRead: number;
  /** The part of it that was written to a cache. */
  readonly cacheWrite: number;
  /** Everything billed as output, reasoning included. */
  readonly output: number;
  /** The reasoning in it. */
  readonly reasoning: number;
}

/** An answer, before it takes a protocol's shape. */
export interface Plan {
  /** The blocks in order. */
  readonly blocks: readonly PlanBlock[];
  /** How it ends. */
  readonly finish: PlanFinish;
  /** The stop sequence that ended it, or `null`. */
  readonly stopSequence: string | null;
  /** What it consumes. */
  readonly usage: PlanUsage;
}

// Reasoning tokens by effort, where the settings leave it to the request.
const EFFORT_TOKENS: ReadonlyMap<string, number> = new Map([
  ["minimal", 8],
  ["low", 16],
  ["medium", 32],
  ["high", 64],
  ["xhigh", 96],
  ["max", 128],
]);
const USUAL_EFFORT_TOKENS = 32;

// A cached prompt is served half from the cache, and a quarter is written anew:
// fixed shares, since a real cache would make the answer depend on the past.
const CACHE_READ_SHARE = 0.5;
const CACHE_WRITE_SHARE = 0.25;

const MAX_QUOTED_CHARACTERS = 2000;

/** Makes plans under one provider's settings. */
export class Planner {
  readonly #settings: SimulatorSettings;

  /** Plans by `settings`. */
  constructor(settings: SimulatorSettings) {
    this.#settings = settings;
  }

  /** Plans the answer to `task`. */
  plan(task: Task, triggers: Triggers, random: SeededRandom): Plan {
    const draft = triggers.empty ? [] : this.#blocks(task, triggers, random);
    return finishPlan(task, draft, triggers.refusal);
  }

  #blocks(task: Task, triggers: Triggers, random: SeededRandom): PlanBlock[] {
    const blocks: PlanBlock[] = [];
    const add = (
      kind: PlanBlock["kind"],
      pieces: readonly string[],
      tool: TaskTool | null = null,
    ) =>
      blocks.push({
        kind,
        pieces,
        tool,
        idSuffix: random.alphanumeric(22),
        complete: true,
      });
    const thought = this.#reasoningPieces(task, random);
    if (thought.length > 0) add("reasoning", thought);
    if (triggers.refusal) {
      add("refusal", wordPieces("I cannot help with that request."));
      return blocks;
    }
    const calls = this.#calls(task, random);
    // A forced call comes without a word before it.
    if (calls.length > 0 && task.choice.kind === "auto") {
      const names = calls.map((tool) => tool.name).join(" and ");
      add("text", wordPieces(`I will use ${names}.`));
    }
    for (const tool of calls) add("call", callPieces(tool, random), tool);
    if (calls.length === 0) add("text", this.#text(task, triggers, random));
    return blocks;
  }

  #reasoningPieces(task: Task, random: SeededRandom): string[] {
    if (task.reasoning === null) return [];
    const { effort, budgetTokens } = task.reasoning;
    const { reasoningTokens } = this.#settings;
    const wanted = reasoningTokens.mean > 0
      ? Math.round(sampleDistribution(reasoningTokens, random))
      : EFFORT_TOKENS.get(effort ?? "") ?? USUAL_EFFORT_TOKENS;
    return seededPieces(random, Math.min(wanted, budgetTokens ?? Infinity));
  }

  #calls(task: Task, random: SeededRandom): TaskTool[] {
    const { tools, choice } = task;
    if (choice.kind === "none" || tools.length === 0) return [];
    if (choice.kind === "tool") {
      return tools.filter((tool) => tool.name === choice.name).slice(0, 1);
    }
    const named = namedTools(tools, task.lastUserText);
    const chosen = task.parallel ? named : named.slice(0, 1);
    if (choice.kind === "required") {
      return chosen.length > 0 ? chosen : [random.pick(tools)];
    }
    const { toolCalls } = this.#settings;
    if (toolCalls === "never" || task.results.length > 0) return [];
    if (toolCalls === "always" && chosen.length === 0) {
      return [random.pick(tools)];
    }
    return chosen;
  }

  #text(task: Task, triggers: Triggers, random: SeededRandom): string[] {
    if (task.format !== null) {
      const value = task.format.kind === "schema"
        ? schemaValue(task.format.schema, random)
        : { answer: seededPieces(random, 6).join("") };
      return jsonPieces(JSON.stringify(value), random);
    }
    if (task.results.length > 0) return wordPieces(quoted(task.results));
    if (triggers.echo && task.lastUserText !== "") {
      return wordPieces(task.lastUserText);
    }
    const count = triggers.tokens ??
      Math.round(sampleDistribution(this.#settings.outputTokens, random));
    return seededPieces(random, count);
  }
}

function callPieces(tool: TaskTool, random: SeededRandom): string[] {
  if (tool.kind === "custom") return seededPieces(random, 12);
  if (tool.parameters === undefined) return ["{}"];
  const value = schemaValue(tool.parameters, random);
  const text = JSON.stringify(value);
  // Arguments are an object whatever the schema says.
  return text.startsWith("{") ? jsonPieces(text, random) : ["{}"];
}

/** Finds the tools whose names stand in a text as whole words, in the text's order. */
export function namedTools(
  tools: readonly TaskTool[],
  text: string,
): TaskTool[] {
  const lower = text.toLowerCase();
  const found: { tool: TaskTool; at: number }[] = [];
  for (const tool of tools) {
    const at = wordIndex(lower, tool.name.toLowerCase());
    if (at >= 0) found.push({ tool, at });
  }
  return found.sort((a, b) => a.at - b.at).map(({ tool }) => tool);
}

function wordIndex(text: string, word: string): number {
  if (word === "") return -1;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text.charAt(at - 1);
    const after = text.charAt(at + word.length);
    if (!/[\w-]/.test(before) && !/\w/.test(after)) return at;
  }
  return -1;
}

function quoted(results: readonly ToolOutcome[]): string {
  return results.map(({ name, text, isError }) => {
    const shown = text.length > MAX_QUOTED_CHARACTERS
      ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}...`
      : text;
    return `${name} ${isError ? "failed with" : "returned"}: ${shown}`;
  }).join("\n");
}

function finishPlan(
  task: Task,
  draft: readonly PlanBlock[],
  refused: boolean,
): Plan {
  let left = task.maxTokens ?? Infinity;
  let stopSequence: string | null = null;
  let cut = false;
  const blocks: PlanBlock[] = [];
  for (const block of draft) {
    if (cut || stopSequence !== null) break;
    let { pieces } = block;
    if (block.kind === "text") {
      const kept = cutAtStop(pieces, task.stop);
      pieces = kept.pieces;
      stopSequence = kept.stop;
    }
    if (pieces.length > left) {
      cut = true;
      stopSequence = null;
      pieces = pieces.slice(0, left);
    }
    left -= pieces.length;
    if (pieces.length > 0) blocks.push({ ...block, pieces, complete: !cut });
  }
  const called = blocks.some((block) => block.kind === "call");
  // A limit of 0 asks for nothing but a warm cache, and is always reached.
  const length = cut || task.maxTokens === 0;
  const finish = length
    ? "length"
    : refused
    ? "refusal"
    : called
    ? "tool-calls"
    : stopSequence !== null
    ? "stop-sequence"
    : "stop";
  return { blocks, finish, stopSequence, usage: usageOf(task, blocks) };
}

function usageOf(task: Task, blocks: readonly PlanBlock[]): PlanUsage {
  let output = 0;
  let reasoning = 0;
  for (const { kind, pieces } of blocks) {
    output += pieces.length;
    if (kind === "reasoning") reasoning += pieces.length;
  }
  const share = (part: number) =>
    task.cache === null ? 0 : Math.floor(task.inputTokens * part);
  return {
    input: task.inputTokens,
    cacheRead: share(CACHE_READ_SHARE),
    cacheWrite: share(CACHE_WRITE_SHARE),
    output,
    reasoning,
  };
}
