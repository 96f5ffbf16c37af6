/** Metrics of the log, the config, the taps and the files, read off their own counters. @module */

import type { FileWriter } from "../support/file_writer.ts";
import type { LogWriter } from "../support/log_writer.ts";
import type { Registry } from "./registry.ts";

/** Exposes the counters of the log. */
export function exposeLog(registry: Registry, log: LogWriter): void {
  registry.collect("signalbox_log_messages_total", (emit) => {
    for (const [level, count] of Object.entries(log.counts)) emit(count, level);
  });
  registry.collect(
    "signalbox_log_lines_dropped_total",
    (emit) => emit(log.dropped),
  );
}

/** Exposes the counters of every stream of a file writer, also of those opened later. */
export function exposeFiles(registry: Registry, writer: FileWriter): void {
  registry.collect("signalbox_file_lines_written_total", (emit) => {
    for (const stream of writer.streams) emit(stream.written, stream.name);
  });
  registry.collect("signalbox_file_lines_dropped_total", (emit) => {
    for (const { name, dropped } of writer.streams) {
      for (const [reason, count] of Object.entries(dropped)) {
        emit(count, name, reason);
      }
    }
  });
  registry.collect("signalbox_file_torn_lines_total", (emit) => {
    for (const stream of writer.streams) emit(stream.torn, stream.name);
  });
  registry.collect("signalbox_file_errors_total", (emit) => {
    for (const { name, errors } of writer.streams) {
      for (const [code, count] of errors) emit(count, name, code);
    }
  });
  registry.collect("signalbox_file_queue_bytes", (emit) => {
    for (const stream of writer.streams) emit(stream.queueBytes, stream.name);
  });
}

/** Shows how loading the config went. */
export class ConfigMetrics {
  readonly #registry: Registry;

  /** Registers the families. Nothing is shown before the first load. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Tells of an attempt to load the config. */
  loaded(successful: boolean, atMs: number): void {
    this.#registry.gauge("signalbox_config_last_reload_successful").child()
      .set(successful ? 1 : 0);
    if (!successful) return;
    this.#registry
      .gauge("signalbox_config_last_reload_success_timestamp_seconds").child()
      .set(atMs / 1000);
  }
}

/** Counts observers of exchanges that threw. */
export class TapErrorMetrics {
  readonly #registry: Registry;

  /** Registers the family and shows `taps` as 0. */
  constructor(registry: Registry, taps: Iterable<string>) {
    this.#registry = registry;
    for (const tap of taps) this.#family().child(tap);
  }

  /** Counts one event that a tap failed on. */
  count(tap: string): void {
    this.#family().child(tap).inc();
  }

  #family() {
    return this.#registry.counter("signalbox_tap_errors_total");
  }
}
