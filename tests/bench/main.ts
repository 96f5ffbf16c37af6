/**
 * `deno task bench`: the gateway wire to wire beside nginx, or by name one of
 * the smaller benches of this folder.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { ENGINE_FLAGS } from "./engine_flags.ts";
import { runGatewayBench } from "./gateway.ts";

const FOLDER = new URL("./", import.meta.url).pathname;

/** The benches that are programs of their own, with what they measure. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ["accounting", "pricing, budgets and the usage line of a request"],
  ["json_scan", "the scan of a request body"],
  ["log", "log lines"],
  ["metrics", "counting and scraping"],
  ["quote", "pricing recorded answers"],
  ["routing", "the decision for one request"],
  ["translate", "translation beside the native path"],
  ["usage_query", "questions to a usage log of a million lines"],
]);

const USAGE =
  `Usage: deno task bench [--list] [--rounds N] [--seconds N] [--json FILE] [NAME...]

Without a name: the gateway wire to wire (needs nginx and wrk; about 8 minutes).
  --list       Names of the benches
  --rounds N   Interleaved rounds, 6 unless given
  --seconds N  Length of a slice, 2 unless given; streams take twice as long
  --json FILE  Every figure, dist/bench.json unless given
`;

async function main(args: readonly string[]): Promise<number> {
  const flags = parseArgs([...args], {
    boolean: ["list", "help"],
    string: ["rounds", "seconds", "json"],
  });
  if (flags["help"] === true) {
    console.log(USAGE);
    return 0;
  }
  if (flags["list"] === true) {
    console.log("gateway    wire to wire, beside nginx");
    for (const [name, what] of PROGRAMS) {
      console.log(`${name.padEnd(10)} ${what}`);
    }
    return 0;
  }
  const names = flags._.map(String);
  for (const name of names.length === 0 ? ["gateway"] : names) {
    if (name === "gateway") {
      await runGatewayBench({
        rounds: count(flags["rounds"], 6),
        seconds: count(flags["seconds"], 2),
        json: typeof flags["json"] === "string"
          ? flags["json"]
          : "dist/bench.json",
      });
    } else if (PROGRAMS.has(name)) {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--allow-all",
          "--no-check",
          ENGINE_FLAGS,
          `${FOLDER}${name}.ts`,
        ],
      }).spawn();
      const { code } = await child.status;
      if (code !== 0) return code;
    } else {
      console.error(`Cannot run ${name}: --list names the benches`);
      return 2;
    }
  }
  return 0;
}

function count(text: unknown, fallback: number): number {
  const value = Number(text ?? fallback);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}

Deno.exit(await main(Deno.args));
