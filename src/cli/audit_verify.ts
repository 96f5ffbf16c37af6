/** `signalbox audit verify`. @module */

import { verifyAudit } from "../audit/verify_audit.ts";
import { findAuditFiles } from "./audit_files.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
} from "./command.ts";
import { formatJson, styled, type Terminal } from "./output.ts";

/** `signalbox audit verify`: whether the audit log is whole. */
export const auditVerifyCommand: Command = {
  usage: "[--config PATH] [--json] [FILE]...",
  flags: [CONFIG_FLAG, JSON_FLAG],
  maxOperands: 1000,
  notes:
    "Without FILE: every month and the current file, as one chain. Exit code 1: a line was changed, removed or moved; the first one is named. " +
    "Lines cut off at the end leave no gap: compare the last hash with one that is kept elsewhere.",
  run: verify,
};

async function verify(given: Arguments, terminal: Terminal): Promise<number> {
  const files = await findAuditFiles(given, terminal);
  const found = await verifyAudit(files);
  if (given.has("json")) {
    terminal.out(formatJson({ ...found, files }));
  } else if (found.ok) {
    const { seq, hash } = found.end;
    terminal.out(
      `${styled(terminal, "green", "ok")}: ${found.lines} lines in ${
        files.join(", ")
      }; the last is number ${seq}, hash ${hash}`,
    );
  } else {
    terminal.out(
      `${
        styled(terminal, "red", "broken")
      }: ${found.file}, line ${found.line}: ${found.problem}`,
    );
  }
  return found.ok ? 0 : 1;
}
