/**
 * A provider that lives inside the program and speaks all three protocols
 * natively. What it answers follows from the seed and the request body alone
 * (streamed or not); delays and the faults of the configured rates also from
 * the request id, so that equal requests do not all fail together.
 * `triggers.ts` lists the model names that ask for a certain behaviour.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  type GatewayError,
  gatewayError,
  invalidField,
  RequestError,
} from "../exchange/gateway_error.ts";
import type { StartCall, UpstreamRequest } from "../exchange/upstream.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import type { Logger } from "../support/logger.ts";
import { numberOf } from "./body_read.ts";
import { ChatAnswer } from "./chat_answer.ts";
import { checkChat } from "./chat_check.ts";
import { chatTask } from "./chat_task.ts";
import { embeddingsBody } from "./embeddings.ts";
import { endingOf, faultyBody, faultyStream } from "./fault_frames.ts";
import type { Answer, AnswerContext } from "./frame.ts";
import { MessagesAnswer } from "./messages_answer.ts";
import { checkMessages } from "./messages_check.ts";
import { messagesTask, messagesTokens } from "./messages_task.ts";
import { type Plan, Planner } from "./plan.ts";
import {
  type Pace,
  Playback,
  type Script,
  type SimulatorTimers,
} from "./playback.ts";
import { ReasoningProofs } from "./proof.ts";
import { ResponsesAnswer } from "./responses_answer.ts";
import { checkResponses } from "./responses_check.ts";
import { responsesTask, responsesTokens } from "./responses_task.ts";
import { SeededRandom } from "./seeded_random.ts";
import {
  DEFAULT_SIMULATOR_SETTINGS,
  type Distribution,
  type SimulatorSettings,
} from "./settings.ts";
import type { Task } from "./task.ts";
import { type Fault, parseTriggers, type Triggers } from "./triggers.ts";
import {
  contextError,
  errorBody,
  quotaError,
  statusError,
} from "./wire_error.ts";

/** What a simulator needs of the world. */
export interface SimulatorDependencies {
  /** Wall clock in ms since the epoch. */
  readonly now: () => number;
  /** Ms of a clock that never goes back: answers are paced by it. */
  readonly monotonicMs: () => number;
  /** Timers. */
  readonly timers: SimulatorTimers;
  /** Told of each answer, at debug level. */
  readonly logger: Logger;
}

/** Makes a simulated provider; what `settings` leaves out has the config's default. */
export function createSimulator(
  settings: Partial<SimulatorSettings>,
  dependencies: SimulatorDependencies,
): StartCall {
  const simulator = new Simulator(
    { ...DEFAULT_SIMULATOR_SETTINGS, ...settings },
    dependencies,
  );
  return (request, sink) => {
    const { script, random } = simulator.script(request);
    return new Playback(script, sink, { ...dependencies, random });
  };
}

const SPLIT_BYTES = 7;
const MAX_RATE_FAULT_PIECES = 20;
const JSON_TYPE = ["content-type", "application/json"] as const;
const STREAM_HEADERS = [
  "content-type",
  "text/event-stream; charset=utf-8",
  "cache-control",
  "no-cache",
] as const;

/** A request with everything that is drawn for it. */
interface Call {
  readonly request: UpstreamRequest;
  readonly body: JsonObject;
  readonly triggers: Triggers;
  /** Decides the answer. */
  readonly answers: SeededRandom;
  /** The provider's own request id. */
  readonly requestId: string;
  readonly fault: Fault | null;
}

/** Turns requests into scripts. */
class Simulator {
  readonly #settings: SimulatorSettings;
  readonly #dependencies: SimulatorDependencies;
  readonly #planner: Planner;
  readonly #proofs: ReasoningProofs;

  constructor(
    settings: SimulatorSettings,
    dependencies: SimulatorDependencies,
  ) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#planner = new Planner(settings);
    this.#proofs = new ReasoningProofs(settings.seed);
  }

  script(request: UpstreamRequest): { script: Script; random: SeededRandom } {
    const { body, digest } = parseBody(request.body);
    const { seed } = this.#settings;
    const base = `${seed}/${digest}`;
    const random = new SeededRandom(`${base}/${request.id}`);
    const requestId = `req_${random.alphanumeric(24)}`;
    if (body === null) {
      const error = invalidField("body", "The body is not a JSON object");
      return {
        script: this.#refused(request, error.error, requestId, 1),
        random,
      };
    }
    const triggers = parseTriggers(String(body.model ?? ""));
    const call: Call = {
      request,
      body,
      triggers,
      answers: new SeededRandom(base),
      requestId,
      fault: triggers.fault ?? this.#rateFault(random.fork("faults")),
    };
    const script = this.#scriptOf(call);
    const { logger } = this.#dependencies;
    if (logger.enabled("debug")) {
      logger.log("debug", "simulated answer", {
        requestId: request.id,
        model: request.model,
        status: script.status,
        fault: call.fault?.kind,
      });
    }
    return { script, random };
  }

  #rateFault(random: SeededRandom): Fault | null {
    const { errorRate, stallRate, cutRate } = this.#settings;
    if (random.next() < errorRate) {
      return { kind: "status", status: random.pick([500, 503, 429]) };
    }
    const after = random.integer(0, MAX_RATE_FAULT_PIECES);
    if (random.next() < stallRate) return { kind: "stall", after };
    if (random.next() < cutRate) return { kind: "cut", after };
    return null;
  }

  #scriptOf(call: Call): Script {
    const { request, fault, triggers, requestId } = call;
    const seconds = triggers.retryAfterSeconds;
    if (fault?.kind === "status") {
      const error = statusError(fault.status);
      return this.#refused(request, error, requestId, seconds);
    }
    if (fault?.kind === "quota") {
      const error = quotaError(request.protocol);
      return this.#refused(request, error, requestId, seconds);
    }
    if (fault?.kind === "html") return htmlScript();
    try {
      return this.#answered(call);
    } catch (error) {
      if (error instanceof RequestError) {
        return this.#refused(request, error.error, requestId, seconds);
      }
      this.#dependencies.logger.log("error", "simulator failed", {
        requestId: request.id,
        error: String(error),
      });
      return this.#refused(request, statusError(500), requestId, seconds);
    }
  }

  #answered(call: Call): Script {
    const { request, body } = call;
    switch (request.operation) {
      case "generate":
        return this.#generated(call);
      case "count-tokens":
        return this.#whole(call, this.#counted(request, body));
      case "embeddings":
        return this.#whole(call, embeddingsBody(body, this.#settings.seed));
    }
  }

  #counted({ protocol }: UpstreamRequest, body: JsonObject): JsonObject {
    switch (protocol) {
      case "messages":
        checkMessages(body, this.#proofs, { counting: true });
        return { input_tokens: messagesTokens(body) };
      case "responses":
        checkResponses(body, this.#proofs);
        return {
          object: "response.input_tokens",
          input_tokens: responsesTokens(body),
        };
      case "chat":
        throw new RequestError(
          gatewayError("not_found", "The chat protocol counts no tokens"),
        );
    }
  }

  #generated(call: Call): Script {
    const { request, body, fault, triggers, requestId } = call;
    const task = this.#task(request, body);
    if (fault?.kind === "context") {
      throw new RequestError(contextError(request.protocol, task.inputTokens));
    }
    const { answer, tokens } = this.#answer(call, task);
    const error = errorBody(
      gatewayError("server", "The simulated provider failed in mid-answer"),
      request.protocol,
      requestId,
    );
    const silent = isSilent(fault);
    const performance = silent
      ? { frames: [], ending: endingOf(fault) }
      : task.stream
      ? faultyStream(answer, fault, error)
      : faultyBody(answer, fault, error, tokens);
    return {
      ...performance,
      status: 200,
      headers: [
        ...(task.stream ? STREAM_HEADERS : JSON_TYPE),
        ...idHeaders(request, requestId),
      ],
      headFirst: task.stream && !silent,
      sliceBytes: triggers.split ? SPLIT_BYTES : 0,
      pace: this.#pace(triggers),
    };
  }

  #task({ protocol }: UpstreamRequest, body: JsonObject): Task {
    switch (protocol) {
      case "chat":
        checkChat(body);
        return chatTask(body);
      case "messages":
        checkMessages(body, this.#proofs, { counting: false });
        return messagesTask(body);
      case "responses":
        checkResponses(body, this.#proofs);
        return responsesTask(body);
    }
  }

  #answer(call: Call, task: Task): { answer: Answer; tokens: number } {
    const { request, body, triggers, answers } = call;
    const proofs = this.#proofs;
    const context: AnswerContext = {
      body,
      nowMs: this.#dependencies.now(),
      reportUsage: !triggers.noUsage,
    };
    const plan = (label: string): Plan =>
      this.#planner.plan(task, triggers, answers.fork(label));
    const first = plan("0");
    const tokens = first.usage.output;
    switch (request.protocol) {
      case "chat": {
        const more = Math.max(1, numberOf(body.n) ?? 1) - 1;
        const plans = [first];
        for (let i = 1; i <= more; i++) plans.push(plan(String(i)));
        const id = answers.alphanumeric(29);
        return { answer: new ChatAnswer(plans, id, context), tokens };
      }
      case "messages": {
        const answer = new MessagesAnswer(first, answers.alphanumeric(22), {
          ...context,
          proofs,
          redacted: triggers.redacted,
          hourCache: task.cache?.hour ?? false,
        });
        return { answer, tokens };
      }
      case "responses": {
        const id = answers.hex(48);
        const answer = new ResponsesAnswer(first, id, { ...context, proofs });
        return { answer, tokens };
      }
    }
  }

  #whole(call: Call, body: JsonObject): Script {
    const { request, requestId, triggers } = call;
    const { fault } = call;
    const silent = isSilent(fault);
    return {
      status: 200,
      headers: [...JSON_TYPE, ...idHeaders(request, requestId)],
      frames: silent
        ? []
        : [{ text: JSON.stringify(body), tokens: 1, content: true }],
      ending: silent ? endingOf(fault) : "end",
      headFirst: false,
      sliceBytes: triggers.split ? SPLIT_BYTES : 0,
      pace: this.#pace(triggers),
    };
  }

  #refused(
    request: UpstreamRequest,
    error: GatewayError,
    requestId: string,
    retryAfterSeconds: number,
  ): Script {
    const { status } = error;
    const wait = status === 429 || status === 503 || status === 529
      ? ["retry-after", String(retryAfterSeconds)]
      : [];
    const body = errorBody(error, request.protocol, requestId);
    return {
      status,
      headers: [...JSON_TYPE, ...idHeaders(request, requestId), ...wait],
      frames: [{ text: JSON.stringify(body), tokens: 0, content: false }],
      ending: "end",
      headFirst: false,
      sliceBytes: 0,
      pace: null,
    };
  }

  #pace({ slow }: Triggers): Pace {
    const { firstTokenMs, tokenMs, jitter } = this.#settings;
    return {
      firstTokenMs: slow ? stretched(firstTokenMs, 1000) : firstTokenMs,
      tokenMs: slow ? stretched(tokenMs, 50) : tokenMs,
      jitter,
    };
  }
}

// Nothing of an answer is sent, not even its head.
function isSilent(fault: Fault | null): fault is Fault {
  return fault?.kind === "silent" || fault?.kind === "reset";
}

function stretched({ mean }: Distribution, least: number): Distribution {
  return { mean: Math.max(mean * 10, least) };
}

// Streamed or not, the same question has the same digest.
function parseBody(
  bytes: Uint8Array,
): { body: JsonObject | null; digest: string } {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isJsonObject(body)) {
      const { stream: _stream, stream_options: _options, ...rest } = body;
      const hash = createHash("sha256").update(JSON.stringify(rest));
      return { body, digest: hash.digest("hex") };
    }
  } catch {
    // No JSON, or nested too deep to be read: refused like any wrong body.
  }
  return { body: null, digest: "" };
}

function idHeaders(
  { protocol }: UpstreamRequest,
  requestId: string,
): string[] {
  return [protocol === "messages" ? "request-id" : "x-request-id", requestId];
}

function htmlScript(): Script {
  const text = "<html><body><h1>502 Bad Gateway</h1></body></html>\n";
  return {
    status: 502,
    headers: ["content-type", "text/html"],
    frames: [{ text, tokens: 0, content: false }],
    ending: "end",
    headFirst: false,
    sliceBytes: 0,
    pace: null,
  };
}
