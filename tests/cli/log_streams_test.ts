import { assert, assertEquals } from "@std/assert";
import { LogStreams } from "../../src/cli/log_streams.ts";
import { configSchema } from "../../src/config/schema.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("LogStreams tells of dropped lines once a minute, with their number, and says at the end what is lost", async () => {
  const folder = await Deno.makeTempDir();
  // Nothing can be written: the folder is a file.
  const path = `${folder}/usage`;
  await Deno.writeTextFile(path, "");
  const config = configSchema.parse({
    stateDir: folder,
    providers: { sim: { simulator: {} } },
    logging: { usage: { storagePath: path, retentionDays: 0 } },
  });
  const clock = new FakeClock(Date.UTC(2026, 10, 21));
  const told: unknown[][] = [];
  const streams = new LogStreams(config, {
    log: (_level, message, fields) => told.push([message, fields]),
    enabled: () => true,
  }, clock);
  const { stream } = streams.usage;
  const fill = (lines: number) => {
    let dropped = 0;
    for (let line = 0; line < lines; line++) {
      if (!stream.append("x".repeat(60_000))) dropped++;
    }
    return dropped;
  };
  const first = fill(200);
  assert(first > 0);
  assertEquals(await stream.flush(0), false);
  const drops = () => told.filter(([message]) => message === "lines dropped");
  assertEquals(drops(), []);
  clock.advance(60_000);
  assertEquals(drops(), [[
    "lines dropped",
    { stream: "usage", lines: first },
  ]]);
  const more = fill(10);
  clock.advance(59_000);
  assertEquals(drops().length, 1);
  clock.advance(61_000);
  assertEquals(drops().length, 2);
  assertEquals(drops()[1]?.[1], { stream: "usage", lines: more });
  assertEquals(await streams.close(), false);
  assert(told.some(([message]) => message === "lines lost at shutdown"));
  assertEquals(clock.pending, 0);
  await Deno.remove(folder, { recursive: true });
});
