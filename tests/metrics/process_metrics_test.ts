import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { METRIC_CATALOG } from "../../src/metrics/catalog.ts";
import { ProcessMetrics } from "../../src/metrics/process_metrics.ts";
import { Registry } from "../../src/metrics/registry.ts";

function read(text: string, series: string): number | null {
  const line = text.split("\n").find((line) => line.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

function burn(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

Deno.test("ProcessMetrics shows sane numbers for memory, CPU, disks and start", async () => {
  const folder = await Deno.makeTempDir();
  const registry = new Registry(METRIC_CATALOG);
  using metrics = new ProcessMetrics(registry, {
    folders: [folder, `${folder}/not/there/yet`],
    build: { version: "1.2.3", revision: "abc" },
  });
  await metrics.sampled();
  burn(60);
  metrics.sample();
  await metrics.sampled();
  const text = registry.render("text");
  const cpu = read(text, "process_cpu_seconds_total") ?? 0;
  const rss = read(text, "process_resident_memory_bytes") ?? 0;
  const start = read(text, "process_start_time_seconds") ?? 0;
  const percent = read(text, "ccr_cpu_usage_percent") ?? 0;
  const limit = read(text, 'ccr_memory_usage_bytes{type="heap_limit"}') ?? 0;
  const used = read(text, 'ccr_memory_usage_bytes{type="heap_used"}') ?? 0;
  assert(cpu > 0.05 && cpu < 3600, `${cpu}`);
  assert(rss > 20e6 && rss < 20e9, `${rss}`);
  assert(used > 1e6 && used < limit, `${used} of ${limit}`);
  assert(percent > 1 && percent < 6400, `${percent}`);
  assert(Math.abs(Date.now() / 1000 - start) < 3600);
  const disks = text.split("\n").filter((line) =>
    line.startsWith("ccr_disk_size_bytes{")
  );
  assertEquals(disks.length, 1, "one file system is one series");
  const mount = disks[0]?.match(/mount="([^"]*)"/)?.[1] ?? "none";
  assert(folder.startsWith(mount));
  const size = read(text, `ccr_disk_size_bytes{mount="${mount}"}`) ?? 0;
  const free = read(text, `ccr_disk_free_bytes{mount="${mount}"}`) ?? 0;
  const full = read(text, `ccr_disk_usage_bytes{mount="${mount}"}`) ?? 0;
  assert(free > 0 && full > 0 && free + full <= size);
  assertStringIncludes(
    text,
    `signalbox_build_info{version="1.2.3",revision="abc",deno_version="${Deno.version.deno}"} 1\n`,
  );
  await Deno.remove(folder);
});

Deno.test("ProcessMetrics shows descriptors where it may read them and nothing where it may not", () => {
  const registry = new Registry(METRIC_CATALOG);
  using _metrics = new ProcessMetrics(registry, {
    folders: [],
    build: { version: "1", revision: "unknown" },
  });
  const text = registry.render("text");
  const open = read(text, "process_open_fds");
  const most = read(text, "process_max_fds");
  assertEquals(open === null, most === null);
  if (open !== null && most !== null) assert(open > 2 && open < most);
});

Deno.test("EventLoopMonitor sees a block that the runtime's own monitor does not", async () => {
  const registry = new Registry(METRIC_CATALOG);
  const family = registry.histogram("signalbox_event_loop_delay_seconds");
  using metrics = new ProcessMetrics(registry, {
    folders: [],
    build: { version: "1", revision: "unknown" },
  });
  burn(250);
  assert(metrics.eventLoop.delayMs >= 150, `${metrics.eventLoop.delayMs}`);
  const deadline = Date.now() + 5000;
  while (family.child().count === 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert(family.child().sum >= 0.15, `${family.child().sum}`);
});
