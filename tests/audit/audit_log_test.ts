import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { auditFiles } from "../../src/audit/audit_files.ts";
import type { AuditEntry } from "../../src/audit/audit_line.ts";
import { AuditError, AuditLog } from "../../src/audit/audit_log.ts";
import { verifyAudit } from "../../src/audit/verify_audit.ts";
import { OperationSlots } from "../../src/support/operation_slots.ts";
import { FakeClock } from "../support/fake_clock.ts";

const ENTRY: AuditEntry = {
  actor: "admin",
  actorIp: "127.0.0.1",
  action: "head.register",
  target: "gpu-1",
  before: null,
  after: { endpoint: "http://127.0.0.1:8000", note: 'a "quoted"\nline' },
  outcome: "ok",
  requestId: "01kafx9p3r8d7zq2m4n6v8w0yt",
};
const NOVEMBER = Date.parse("2026-11-30T23:59:59Z");

class Folder implements AsyncDisposable {
  readonly folder: string;
  readonly path: string;

  constructor() {
    this.folder = Deno.makeTempDirSync({ prefix: "signalbox-" });
    this.path = `${this.folder}/logs/routing_audit.log`;
  }

  async lines(path = this.path): Promise<string[]> {
    return (await Deno.readTextFile(path)).trimEnd().split("\n");
  }

  async verify() {
    return await verifyAudit(await auditFiles(this.path));
  }

  async [Symbol.asyncDispose]() {
    await Deno.chmod(this.folder, 0o700);
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("AuditLog chains lines across writers, with every field", async () => {
  await using at = new Folder();
  for (let start = 0; start < 2; start++) {
    await using log = new AuditLog(at.path);
    await Promise.all([log.append(ENTRY), log.append(ENTRY)]);
    assertEquals(log.written, 2);
  }
  const lines = await at.lines();
  assertEquals(lines.length, 4);
  const first = JSON.parse(lines[0] ?? "");
  assertEquals(Object.keys(first), [
    "seq",
    "time",
    "actor",
    "actorIp",
    "action",
    "target",
    "before",
    "after",
    "outcome",
    "requestId",
    "previousHash",
    "hash",
  ]);
  assertEquals(first.previousHash, "0".repeat(64));
  assertEquals(JSON.parse(lines[3] ?? "").seq, 4);
  assertEquals(
    JSON.parse(lines[3] ?? "").previousHash,
    JSON.parse(lines[2] ?? "").hash,
  );
  const mode = (await Deno.stat(at.path)).mode ?? 0;
  assertEquals(mode & 0o777, 0o600);
  const verified = await at.verify();
  assert(verified.ok);
  assertEquals(verified.lines, 4);
});

Deno.test("verifyAudit() finds the first line that was changed, removed, moved or made up", async () => {
  await using at = new Folder();
  await using log = new AuditLog(at.path);
  for (let line = 0; line < 5; line++) await log.append(ENTRY);
  const lines = await at.lines();
  const [one = "", two = "", three = "", four = "", five = ""] = lines;
  const cases: [string, string[], number][] = [
    ["changed", [one, two, three.replace("gpu-1", "gpu-2"), four, five], 3],
    ["removed", [one, two, four, five], 3],
    ["moved", [one, three, two, four, five], 2],
    ["made up", [one, two, three, four, five.replace('"seq":5', '"seq":6')], 5],
    ["beginning removed", [two.replace('"seq":2', '"seq":1'), three], 1],
    ["no audit line", [one, '{"seq":2}', three], 2],
  ];
  for (const [what, changed, line] of cases) {
    const path = `${at.folder}/changed.log`;
    await Deno.writeTextFile(path, `${changed.join("\n")}\n`);
    const found = await verifyAudit([path]);
    assert(!found.ok, what);
    assertEquals(found.line, line, what);
  }
});

Deno.test("AuditLog begins a new file each month and the chain goes on", async () => {
  await using at = new Folder();
  const clock = new FakeClock(NOVEMBER);
  {
    await using log = new AuditLog(at.path, { clock });
    await log.append(ENTRY);
    clock.advance(2000);
    await log.append(ENTRY);
  }
  clock.advance(31 * 86_400_000);
  {
    await using log = new AuditLog(at.path, { clock });
    await log.append(ENTRY);
  }
  const files = (await auditFiles(at.path)).map((path) =>
    path.split("/").at(-1)
  );
  assertEquals(files, [
    "routing_audit.2026-11.log",
    "routing_audit.2026-12.log",
    "routing_audit.log",
  ]);
  const verified = await at.verify();
  assert(verified.ok);
  assertEquals(verified.lines, 3);
  await Deno.remove(`${at.folder}/logs/routing_audit.2026-12.log`);
  const gap = await at.verify();
  assert(!gap.ok);
  assertEquals(gap.line, 1);
});

Deno.test("AuditLog keeps the chain in order when the clock is set back over the end of a month", async () => {
  await using at = new Folder();
  const clock = new FakeClock(Date.UTC(2026, 11, 1, 0, 10));
  await using log = new AuditLog(at.path, { clock });
  await log.append(ENTRY);
  for (const hours of [-1, 0, -1, 1]) {
    clock.wallOffsetMs = hours * 3_600_000;
    await log.append(ENTRY);
  }
  clock.wallOffsetMs = 31 * 86_400_000;
  await log.append(ENTRY);
  clock.wallOffsetMs = 0;
  await log.append(ENTRY);
  // Another process, that knows of no clock that was ahead.
  await using later = new AuditLog(at.path, { clock });
  clock.advance(31 * 86_400_000);
  await later.append(ENTRY);
  clock.advance(31 * 86_400_000);
  await later.append(ENTRY);
  const verified = await at.verify();
  assert(verified.ok, JSON.stringify(verified));
  assertEquals(verified.lines, 9);
});

Deno.test("AuditLog refuses what it cannot write, and goes on with the chain when it can again", async () => {
  await using at = new Folder();
  await using log = new AuditLog(at.path);
  await log.append(ENTRY);
  await Deno.rename(at.path, `${at.path}.moved`);
  await Deno.mkdir(at.path);
  await assertRejects(
    () => log.append(ENTRY),
    AuditError,
    "Cannot write the audit line",
  );
  assertEquals([log.written, log.failed, log.failing], [1, 1, true]);
  await Deno.remove(at.path);
  await Deno.rename(`${at.path}.moved`, at.path);
  await log.append(ENTRY);
  assert(!log.failing);
  const verified = await at.verify();
  assert(verified.ok);
  assertEquals(verified.lines, 2);
});

Deno.test("AuditLog keeps a torn line aside and does not go on after a broken one", async () => {
  await using at = new Folder();
  {
    await using log = new AuditLog(at.path);
    await log.append(ENTRY);
  }
  await Deno.writeTextFile(at.path, '{"seq":2,"ti', { append: true });
  {
    await using log = new AuditLog(at.path);
    await log.append(ENTRY);
  }
  assert((await at.verify()).ok);
  assertStringIncludes(
    await Deno.readTextFile(`${at.path}.torn`),
    '{"seq":2,"ti',
  );
  await Deno.writeTextFile(at.path, '{"seq":3}\n', { append: true });
  await using log = new AuditLog(at.path);
  await assertRejects(
    () => log.append(ENTRY),
    AuditError,
    "its last line is broken",
  );
});

Deno.test("AuditLog gives up on a write that does not end, and on those behind it", async () => {
  await using at = new Folder();
  const clock = new FakeClock(NOVEMBER);
  const blocked = Promise.withResolvers<void>();
  const slots = new OperationSlots(1);
  const busy = slots.run(() => blocked.promise);
  await using log = new AuditLog(at.path, { clock, slots, deadlineMs: 100 });
  const first = assertRejects(
    () => log.append(ENTRY),
    AuditError,
    "longer than 100 ms",
  );
  while (clock.pending === 0) await Promise.resolve();
  clock.advance(100);
  await first;
  await assertRejects(() => log.append(ENTRY), AuditError, "does not end");
  blocked.resolve();
  await busy;
});

Deno.test("AuditLog that is switched off keeps nothing", async () => {
  await using at = new Folder();
  await using log = new AuditLog(null);
  await log.append(ENTRY);
  assertEquals([log.enabled, log.written], [false, 0]);
  log.update(at.path);
  await log.append(ENTRY);
  assertEquals((await at.lines()).length, 1);
});
