/** Runs wrk, and reads what a slice of load cost the process that served it. @module */

/** One slice of load. */
export interface Slice {
  /** Answers per second. */
  readonly perSecond: number;
  /** Latency, ms. */
  readonly p50Ms: number;
  /** Latency, ms. */
  readonly p99Ms: number;
  /** Answers in all. */
  readonly requests: number;
  /** Answers that were no success, and connections that broke. */
  readonly errors: number;
  /** CPU of the process, us. */
  readonly cpuUs: number;
}

/** What a slice asks. */
export interface Question {
  /** Connections. */
  readonly connections: number;
  /** Length of the slice, s. */
  readonly seconds: number;
  /** A Lua file for wrk. */
  readonly script: string;
}

/** A Lua file that posts `body`. */
export async function writeScript(
  folder: string,
  name: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const path = `${folder}/${name}.lua`;
  await Deno.writeTextFile(`${path}.json`, body);
  await Deno.writeTextFile(
    path,
    `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
${
      Object.entries(headers).map(([header, value]) =>
        `wrk.headers["${header}"] = "${value}"\n`
      ).join("")
    }local file = io.open("${path}.json", "rb")
wrk.body = file:read("*a")
file:close()
`,
  );
  return path;
}

/** Loads `url` and looks at the CPU of `pid`. */
export async function runWrk(
  url: string,
  pid: number,
  question: Question,
): Promise<Slice> {
  const before = await cpuUs(pid);
  const { stdout, stderr, success } = await new Deno.Command("wrk", {
    args: [
      "-t1",
      `-c${question.connections}`,
      `-d${question.seconds}s`,
      "--timeout",
      "10s",
      "--latency",
      "-s",
      question.script,
      url,
    ],
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) {
    throw new Error(`Cannot run wrk: ${new TextDecoder().decode(stderr)}`);
  }
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+)/.exec(
    text,
  );
  const socketErrors = (broken?.slice(1) ?? []).reduce(
    (sum, part) => sum + Number(part),
    0,
  );
  return {
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: duration(/50%\s+([\d.]+)(us|ms|s)/.exec(text)),
    p99Ms: duration(/99%\s+([\d.]+)(us|ms|s)/.exec(text)),
    requests: number(/(\d+) requests in/),
    errors: number(/Non-2xx or 3xx responses: (\d+)/) + socketErrors,
    cpuUs: await cpuUs(pid) - before,
  };
}

function duration(match: RegExpExecArray | null): number {
  const factor = match?.[2] === "us" ? 1e-3 : match?.[2] === "s" ? 1e3 : 1;
  return Number(match?.[1] ?? 0) * factor;
}

/** CPU that all threads of a process have used, us. */
export async function cpuUs(pid: number): Promise<number> {
  let nanoseconds = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    try {
      const text = await Deno.readTextFile(
        `/proc/${pid}/task/${name}/schedstat`,
      );
      nanoseconds += Number(text.split(" ")[0]);
    } catch {
      // The thread has ended meanwhile.
    }
  }
  return nanoseconds / 1000;
}

/** Resident memory of a process, MB. */
export async function rssMb(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
