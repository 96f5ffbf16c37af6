import { assert, assertEquals } from "@std/assert";
import { Retention, sweep } from "../../src/accounting/retention.ts";
import { scanUsageFile, usageFiles } from "../../src/accounting/usage_files.ts";
import { UsageRecordWriter } from "../../src/accounting/usage_record.ts";
import { endedExchange } from "../metrics/exchanges.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { inFolder } from "../temp_folder.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("sweep() deletes days that are older than retentionDays, and nothing else", () =>
  inFolder(async (folder) => {
    const kept = ["2026-11-13.jsonl", "2026-11-20.jsonl", "notes.txt"];
    const old = [
      "2026-11-12.jsonl",
      "2026-11-12.jsonl.torn",
      "2025-01-01.jsonl",
    ];
    for (const name of [...kept, ...old]) {
      await Deno.writeTextFile(`${folder}/${name}`, "x\n");
    }
    const rule = {
      folder,
      retentionDays: 7,
      archiveDays: 0,
      archiveFolder: `${folder}/archive`,
    };
    assertEquals(await sweep([rule], NOW_MS), {
      archived: 0,
      deleted: 3,
      problems: [],
    });
    assertEquals(namesIn(folder), kept);
    assertEquals(await sweep([{ ...rule, retentionDays: 0 }], NOW_MS), {
      archived: 0,
      deleted: 0,
      problems: [],
    });
  }));

Deno.test("sweep() archives days, compressed and readable by queries, and lets them go later", () =>
  inFolder(async (folder) => {
    const archiveFolder = `${folder}/cold`;
    const line = new UsageRecordWriter({ clientIp: true })
      .line(endedExchange());
    await Deno.writeTextFile(
      `${folder}/2026-11-01.jsonl`,
      `${line}\n${line}\n`,
    );
    await Deno.mkdir(archiveFolder);
    await Deno.writeTextFile(`${archiveFolder}/2026-10-01.jsonl.gz`, "old");
    await Deno.writeTextFile(
      `${archiveFolder}/2026-11-02.jsonl.gz.tmp`,
      "half",
    );
    const rule = { folder, retentionDays: 7, archiveDays: 30, archiveFolder };
    assertEquals(await sweep([rule], NOW_MS), {
      archived: 1,
      deleted: 2,
      problems: [],
    });
    assertEquals(namesIn(folder), ["cold"]);
    assertEquals(namesIn(archiveFolder), ["2026-11-01.jsonl.gz"]);
    const files = await usageFiles(
      [folder, archiveFolder],
      -Infinity,
      Infinity,
    );
    let lines = 0;
    for (const file of files) {
      await scanUsageFile(file, {
        onLine: (found) => {
          assertEquals(found.text(), line);
          lines++;
        },
      });
    }
    assertEquals(lines, 2);
  }));

Deno.test("sweep() says what it could not do and goes on", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/2026-11-01.jsonl`, "x\n");
    await Deno.writeTextFile(`${folder}/cold`, "a file, not a folder");
    const rule = {
      folder,
      retentionDays: 7,
      archiveDays: 30,
      archiveFolder: `${folder}/cold`,
    };
    const { archived, problems } = await sweep([rule], NOW_MS);
    assertEquals(archived, 0);
    assert(problems.some((problem) => problem.includes("2026-11-01.jsonl")));
    assert(namesIn(folder).includes("2026-11-01.jsonl"));
  }));

Deno.test("Retention sweeps at start and once after each midnight", () =>
  inFolder(async (folder) => {
    const clock = new FakeClock(Date.UTC(2026, 10, 20, 23, 59));
    const deleted: number[] = [];
    const rule = {
      folder,
      retentionDays: 1,
      archiveDays: 0,
      archiveFolder: `${folder}/archive`,
    };
    await using retention = new Retention({
      rules: () => [rule],
      onSwept: (result) => deleted.push(result.deleted),
      clock,
    });
    for (const day of ["18", "19", "20"]) {
      await Deno.writeTextFile(`${folder}/2026-11-${day}.jsonl`, "x\n");
    }
    retention.start();
    await retention.swept();
    clock.advance(120_000);
    await retention.swept();
    clock.advance(3_600_000);
    await retention.swept();
    assertEquals(deleted, [1, 1]);
    assertEquals(namesIn(folder), ["2026-11-20.jsonl"]);
  }));
