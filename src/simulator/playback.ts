/** Sends one simulated answer: paced, paused by backpressure, ended by `abort()`. @module */

import { failure } from "../exchange/failure.ts";
import type { UpstreamCall, UpstreamSink } from "../exchange/upstream.ts";
import type { Performance } from "./fault_frames.ts";
import type { Frame } from "./frame.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { type Distribution, sampleDistribution } from "./settings.ts";

/** The timers a simulator uses; the global functions fit. */
export interface SimulatorTimers {
  /** Calls back once, after `delayMs`. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  /** Takes a call back. */
  clearTimeout(handle: unknown): void;
}

/** How fast an answer comes. */
export interface Pace {
  /** Time to the first token. */
  readonly firstTokenMs: Distribution;
  /** Time between two tokens. */
  readonly tokenMs: Distribution;
  /** Share by which each delay varies. */
  readonly jitter: number;
}

/** A response and how it is sent. */
export interface Script extends Performance {
  /** HTTP status. */
  readonly status: number;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  /** The head is sent before the first token is there. */
  readonly headFirst: boolean;
  /** Slices of this many bytes, 0 for whole frames. */
  readonly sliceBytes: number;
  /** Its tempo, `null` for at once. */
  readonly pace: Pace | null;
}

/** What a playback needs of the world. */
export interface PlaybackDependencies {
  /** Ms of a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** Timers. */
  readonly timers: SimulatorTimers;
  /** Decides the delays. */
  readonly random: SeededRandom;
}

// After so many steps the event loop has its turn; a frame takes two.
const STEPS_PER_TURN = 256;

const ENCODER: Readonly<TextEncoder> = new TextEncoder();

/** One answer that is being sent. Tells the sink nothing before the next microtask. */
export class Playback implements UpstreamCall {
  readonly #script: Script;
  readonly #sink: UpstreamSink;
  readonly #dependencies: PlaybackDependencies;
  readonly #frames: Iterator<Frame>;
  #frame: Frame | null = null;
  #pending: Uint8Array[] = [];
  #dueMs: number;
  #started = false;
  #headSent = false;
  #paused = false;
  #running = false;
  #ended = false;
  #timer: unknown = null;

  /** Starts sending `script` to `sink`. */
  constructor(
    script: Script,
    sink: UpstreamSink,
    dependencies: PlaybackDependencies,
  ) {
    this.#script = script;
    this.#sink = sink;
    this.#dependencies = dependencies;
    this.#frames = script.frames[Symbol.iterator]();
    this.#dueMs = dependencies.monotonicMs();
    queueMicrotask(() => {
      if (script.headFirst && !this.#ended) this.#sendHead();
      this.#run();
    });
  }

  /** Goes on after the sink said `false`. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // Not at once: the sink may be in the middle of something.
    queueMicrotask(() => this.#run());
  }

  /** Ends it; no timer is left and the sink hears nothing more. */
  abort(): void {
    this.#ended = true;
    this.#pending = [];
    this.#clearTimer();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    for (let turn = 0; !this.#ended && !this.#paused; turn++) {
      if (turn >= STEPS_PER_TURN) {
        this.#schedule(0);
        break;
      }
      if (!this.#step()) break;
    }
    this.#running = false;
  }

  // Does the next thing; false while there is something to wait for.
  #step(): boolean {
    const bytes = this.#pending.shift();
    if (bytes !== undefined) {
      if (!this.#sink.onChunk(bytes)) this.#paused = true;
      return true;
    }
    if (this.#frame === null) {
      const next = this.#frames.next();
      if (next.done) {
        this.#finish();
        return false;
      }
      this.#frame = next.value;
      this.#dueMs += this.#delayMs(next.value.tokens);
    }
    const waitMs = this.#dueMs - this.#dependencies.monotonicMs();
    if (waitMs > 0) {
      this.#schedule(waitMs);
      return false;
    }
    if (!this.#headSent) this.#sendHead();
    if (!this.#ended) this.#pending = this.#slices(this.#frame.text);
    this.#frame = null;
    return true;
  }

  #sendHead(): void {
    this.#headSent = true;
    this.#sink.onHead(this.#script.status, this.#script.headers);
  }

  #slices(text: string): Uint8Array[] {
    if (text === "") return [];
    const bytes = ENCODER.encode(text);
    const { sliceBytes } = this.#script;
    if (sliceBytes === 0) return [bytes];
    const slices: Uint8Array[] = [];
    for (let i = 0; i < bytes.length; i += sliceBytes) {
      slices.push(bytes.subarray(i, i + sliceBytes));
    }
    return slices;
  }

  #delayMs(tokens: number): number {
    const { pace } = this.#script;
    if (pace === null || tokens === 0) return 0;
    let delayMs = 0;
    let steps = tokens;
    if (!this.#started) {
      this.#started = true;
      delayMs = this.#draw(pace.firstTokenMs, pace);
      steps--;
    }
    return steps > 0
      ? delayMs + steps * this.#draw(pace.tokenMs, pace)
      : delayMs;
  }

  #draw(distribution: Distribution, { jitter }: Pace): number {
    const { random } = this.#dependencies;
    const factor = 1 + jitter * (2 * random.next() - 1);
    return sampleDistribution(distribution, random) * Math.max(0, factor);
  }

  #finish(): void {
    this.#ended = true;
    const { ending, status } = this.#script;
    if (ending === "end") this.#sink.onEnd();
    if (ending !== "cut") return;
    this.#sink.onFailure(
      this.#headSent
        ? failure("stream_broken", "The simulated provider broke off", {
          upstreamStatus: status,
        })
        : failure("reset", "The simulated provider reset the connection"),
    );
  }

  #schedule(delayMs: number): void {
    this.#clearTimer();
    this.#timer = this.#dependencies.timers.setTimeout(() => {
      this.#timer = null;
      this.#run();
    }, delayMs);
  }

  #clearTimer(): void {
    if (this.#timer === null) return;
    this.#dependencies.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
