/** Metrics of the audit log. @module */

import type { Registry } from "./registry.ts";

/** What the audit log counts. */
export interface AuditCounts {
  /** Whether lines are kept. */
  readonly enabled: boolean;
  /** Lines that are on the disk. */
  readonly written: number;
  /** Lines that could not be written. */
  readonly failed: number;
}

/** Exposes the counters of the audit log. */
export class AuditMetrics {
  /** Registers the family. */
  constructor(registry: Registry, log: AuditCounts) {
    registry.collect("signalbox_audit_lines_total", (emit) => {
      if (!log.enabled) return;
      emit(log.written, "written");
      emit(log.failed, "failed");
    });
  }
}
