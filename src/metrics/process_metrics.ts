/** Metrics of the process and the machine around it. @module */

import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { getHeapStatistics } from "node:v8";
import { EventLoopMonitor } from "./event_loop.ts";
import type { Registry } from "./registry.ts";

/** What {@linkcode ProcessMetrics} describe. */
export interface ProcessMetricsOptions {
  /** Folders whose file systems are shown, e.g. those of state and logs. */
  readonly folders: readonly string[];
  /** Label values of `signalbox_build_info`. */
  readonly build: {
    /** Version of the program. */
    readonly version: string;
    /** Commit it was built from, `unknown` if that is not known. */
    readonly revision: string;
  };
  /** How often CPU and disks are sampled. @default {5000} */
  readonly sampleMs?: number;
}

/** Space of one file system, in bytes. */
interface DiskSpace {
  readonly used: number;
  readonly free: number;
  readonly size: number;
}

/** Samples and exposes the process metrics until it is disposed. */
export class ProcessMetrics implements Disposable {
  /** How late the event loop is. */
  readonly eventLoop: EventLoopMonitor;
  readonly #folders: readonly string[];
  readonly #handle: ReturnType<typeof setInterval>;
  readonly #disks = new Map<string, DiskSpace>();
  #cpuSeconds = 0;
  #cpuAtMs = 0;
  #cpuPercent = 0;
  #sampling: Promise<void> | null = null;

  /** Registers the families and starts to sample. */
  constructor(registry: Registry, options: ProcessMetricsOptions) {
    this.#folders = options.folders.map((folder) => resolve(folder));
    // Since the start of the process, until there is a second sample.
    this.sample();
    this.#handle = setInterval(() => this.sample(), options.sampleMs ?? 5000);
    const delay = registry.histogram("signalbox_event_loop_delay_seconds");
    this.eventLoop = new EventLoopMonitor(delay.child());
    const { version, revision } = options.build;
    registry.gauge("signalbox_build_info")
      .child(version, revision, Deno.version.deno).set(1);
    this.#collectProcess(registry);
    this.#collectDisks(registry);
  }

  /** Takes a sample of CPU and disks now. The disks are there when {@linkcode ProcessMetrics.sampled} is. */
  sample(): void {
    const nowMs = performance.now();
    const seconds = cpuSeconds();
    const wallMs = nowMs - this.#cpuAtMs;
    if (wallMs > 0) {
      this.#cpuPercent = (seconds - this.#cpuSeconds) * 100_000 / wallMs;
    }
    this.#cpuSeconds = seconds;
    this.#cpuAtMs = nowMs;
    // A file system that hangs holds one thread, never one per sample.
    this.#sampling ??= this.#sampleDisks().finally(() => {
      this.#sampling = null;
    });
  }

  /** Resolves when no sample of the disks is under way. */
  async sampled(): Promise<void> {
    await this.#sampling;
  }

  /** Stops sampling. */
  [Symbol.dispose](): void {
    clearInterval(this.#handle);
    this.eventLoop[Symbol.dispose]();
  }

  #collectProcess(registry: Registry): void {
    registry.collect("process_cpu_seconds_total", (emit) => emit(cpuSeconds()));
    registry.collect(
      "process_resident_memory_bytes",
      (emit) => emit(Deno.memoryUsage().rss),
    );
    registry.gauge("process_start_time_seconds").child()
      .set(performance.timeOrigin / 1000);
    // /proc is closed to a process that may not do everything: then nothing is
    // shown, for a 0 would be a lie.
    if (openFiles() !== null) {
      registry.collect("process_open_fds", (emit) => {
        const count = openFiles();
        if (count !== null) emit(count);
      });
    }
    const most = maxFiles();
    if (most !== null) {
      registry.gauge("process_max_fds").child().set(most);
    }
    registry.collect("ccr_memory_usage_bytes", (emit) => {
      const memory = Deno.memoryUsage();
      emit(memory.heapUsed, "heap_used");
      emit(memory.heapTotal, "heap_total");
      emit(memory.external, "external");
      emit(memory.rss, "rss");
      emit(getHeapStatistics().heap_size_limit, "heap_limit");
    });
    registry.collect(
      "ccr_cpu_usage_percent",
      (emit) => emit(this.#cpuPercent),
    );
  }

  #collectDisks(registry: Registry): void {
    registry.collect("ccr_disk_usage_bytes", (emit) => {
      for (const [mount, { used }] of this.#disks) emit(used, mount);
    });
    registry.collect("ccr_disk_free_bytes", (emit) => {
      for (const [mount, { free }] of this.#disks) emit(free, mount);
    });
    registry.collect("ccr_disk_size_bytes", (emit) => {
      for (const [mount, { size }] of this.#disks) emit(size, mount);
    });
  }

  async #sampleDisks(): Promise<void> {
    for (const folder of this.#folders) {
      try {
        const mount = await mountOf(folder);
        const { blocks, bfree, bavail, bsize } = await statfs(mount);
        this.#disks.set(mount, {
          used: (blocks - bfree) * bsize,
          free: bavail * bsize,
          size: blocks * bsize,
        });
      } catch {
        // Not readable: its series keep the last sample, or do not begin.
      }
    }
  }
}

/** Finds where the file system of a folder, or of its nearest parent that exists, begins. */
async function mountOf(folder: string): Promise<string> {
  let path = folder;
  let device = await deviceOf(path);
  while (path !== dirname(path)) {
    const parent = await deviceOf(dirname(path));
    if (device !== null && parent !== device) break;
    device = parent;
    path = dirname(path);
  }
  return path;
}

async function deviceOf(path: string): Promise<number | null> {
  try {
    return (await Deno.stat(path)).dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function openFiles(): number | null {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return null;
  }
}

function maxFiles(): number | null {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const most = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return most === undefined ? null : Number(most);
  } catch {
    return null;
  }
}
